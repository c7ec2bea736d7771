import PluginAPI

extension PluginHost {
    /// Takes the version that is in the plugins folder in place of the one on record. One that runs cannot be unloaded: the next
    /// start carries the upgrade out, and falls back to the old version if anything of it fails. Gives whether a start is needed.
    @discardableResult
    func upgrade(_ id: String, _ terms: SwitchingTerms, by actor: Actor) async throws -> Bool {
        try actor.require(.managePlugins)
        return try await changing {
            let plan: PluginPlan
            do { plan = try await self.plan(upgrading: id) } catch let refusal as PlanRefusal {
                throw CRMError(
                    .refused, "the plugin \(id) cannot be upgraded to \(refusal.version): \(refusal.failure.error.message)",
                    hint: refusal.failure.error.hint, problems: refusal.failure.error.problems, cause: refusal.failure.error)
            }
            guard let step = plan.steps.first, let kept = catalogue.kept, var row = ledger?.rows[id] else { return false }
            try await check(plan, terms)
            let entry: PluginCatalogue.Entry = try kept.keep(try found(id))
            guard entry.checksum == step.checksum else {
                throw CRMError(.conflict, "the library of the plugin \(id) has changed since it was looked at", hint: "Look at the plan anew.")
            }
            let isRunning: Bool = lineup.has(id)
            if isRunning {
                row.pending = PluginLedger.Pending(
                    copy: entry.copy, version: step.version, approved: entry.manifest.capabilities.json.text(), by: actor.userID)
            } else {
                // Nothing of it runs: its tables follow when it does.
                (row.copy, row.approved, row.pending) = (entry.copy, entry.manifest.capabilities, nil)
            }
            row.setback = nil
            (row.changedAt, row.changedBy) = (clock.now, actor.userID)
            let (stored, now): (PluginLedger.Row, Moment) = (row, clock.now)
            try await engine.write { connection in
                try PluginLedger.write(id, stored, connection)
                try PluginHistory.note(
                    .init(plugin: id, action: "upgrade asked for", version: (stored.version, step.version)), by: actor, at: now, connection)
            }
            ledger?.rows[id] = row
            if !isRunning, row.isEnabled, !isSafe, quarantined[id] == nil, loader.accepts(entry) { try await start([entry], actor) }
            return isRunning
        }
    }

    /// Whether an upgrade waits for the next start.
    var hasPendingUpgrade: Bool { ledger?.rows.values.contains { $0.isEnabled && $0.pending != nil } ?? false }
}
