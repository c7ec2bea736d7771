import PluginAPI

/// How a change of plugins is to be done.
struct SwitchingTerms: Sendable {
    /// Whether what is required comes along, and what requires it goes along.
    var cascade = false
    /// Whether the administrator approves what the plugins ask for.
    var approves = false
    /// The plan that was shown: refused when it would be another by now.
    var digest: String?
    /// The plugins whose data may be dropped, by id, as somebody typed them.
    var destroys: Set<String> = []
}

extension PluginHost {
    /// Switches a plugin on, at once and for every start to come; what it requires, too, if so asked. Refused with all reasons
    /// when it does not fit: nothing has changed then. Approves what the plugin asks for.
    @discardableResult
    func enable(_ id: String, withRequired: Bool = false, by actor: Actor) async throws -> PluginStatus {
        try await enable([id], SwitchingTerms(cascade: withRequired, approves: true), by: actor)
        return try status(of: id)
    }

    /// Switches plugins on, one after the other in the order of their needs, a transaction each. What is on stays on when a later
    /// one fails: the same call goes on with the rest.
    func enable(_ ids: [String], _ terms: SwitchingTerms, by actor: Actor) async throws {
        try actor.require(.managePlugins)
        try requirePluginCode()
        for id in ids {
            guard let quarantine = quarantined[id] else { continue }
            throw CRMError(.refused, "the plugin \(id) is in quarantine: \(quarantine.reason)", hint: quarantine.failure.error.hint)
        }
        try await changing {
            let plan: PluginPlan
            do { plan = try await self.plan(enabling: ids, cascade: terms.cascade) } catch let refusal as PlanRefusal {
                try await recordFailure(refusal, actor)
                throw refusal.told
            }
            try await check(plan, terms)
            let entries: [PluginCatalogue.Entry] = try plan.steps.compactMap { try candidate($0.id) }
            guard !entries.isEmpty else { return }
            try await begin(plan, terms)
            try await start(entries, actor)
            try await finish()
        }
    }

    /// Refuses what would run a plugin's code while none may run.
    func requirePluginCode() throws {
        guard isSafe else { return }
        throw CRMError(
            .refused, "no plugin is loaded in safe mode", hint: "End the server and start it without --safe-mode; `tenon serve` says how.")
    }

    /// Whether the plan is the one that was shown, and approved.
    func check(_ plan: PluginPlan, _ terms: SwitchingTerms) async throws {
        if let digest = terms.digest, digest != plan.digest, try await unfinished() != digest {
            throw CRMError(
                .conflict, "the plan is another one by now", hint: "Look at it anew; what it says has changed since it was shown.",
                problems: [Problem(field: "digest", "the plan shown \(Checksum.short(digest)); now \(Checksum.short(plan.digest))")])
        }
        let asked: [String] = plan.steps.flatMap { step in step.approvals.map { step.id + " " + $0 } }
        guard asked.isEmpty || terms.approves else {
            throw CRMError(
                .refused, "nobody has approved what is asked for: \(asked.joined(separator: "; "))",
                hint: "Look at the plan, and repeat it with your approval: --approve.",
                problems: plan.steps.flatMap { step in step.approvals.map { Problem(field: step.id, $0) } })
        }
        let lost: [String] = plan.steps.filter(\.destroys).map(\.id).filter { !terms.destroys.contains($0) }
        guard lost.isEmpty else {
            throw CRMError(
                .refused, "this drops the data of \(lost.joined(separator: ", "))",
                hint: "Say so by its id: --yes-destroy \(lost[0]).", problems: lost.map { Problem(field: "destroy", "does not name " + $0) })
        }
    }

    /// What a plugin is switched on from: what was kept of it, else what is in its folder.
    func candidate(_ id: String) throws -> PluginCatalogue.Entry? {
        guard !lineup.has(id) else { return nil }
        guard let kept = catalogue.kept else { return try found(id) }
        if let copy = try requireLedger().rows[id]?.copy {
            do { return try kept.entry(id, copy, isOwn: contents.entries[id]?.isOwn ?? false) } catch let refusal as CRMError {
                // Nothing runs from it, so that the folder may fill in for a copy that is gone, if it holds the same.
                guard let found = contents.entries[id], found.text == copy.manifest,
                    Checksum.sha256(of: found.libraryPath) == copy.checksum
                else { throw refusal }
                kept.prune(id, keeping: [])
            }
        }
        return try kept.keep(try found(id))
    }

    func found(_ id: String) throws -> PluginCatalogue.Entry {
        if let entry = contents.entries[id] { return entry }
        if let broken = contents.broken.first(where: { $0.id == id }) { throw broken.error }
        throw CRMError(
            .notFound, "there is no plugin \(id)", hint: "Put its folder into one of: " + catalogue.folders.joined(separator: ", "))
    }

    /// Starts plugins one by one. All of them fit together: the plan has seen to that.
    func start(_ entries: [PluginCatalogue.Entry], _ actor: Actor) async throws {
        for entry in entries {
            var ledger: PluginLedger = try requireLedger()
            let running: [PluginCatalogue.Entry] = self.lineup.parts.compactMap { self.lineup.entries[$0.id] }
            var approved: [String: PluginManifest.Capabilities] = approvals(of: running, ledger)
            approved[entry.id] = entry.manifest.capabilities
            let lineup = try PluginLineup(
                running + [entry], loader: loader, installed: Set(contents.entries.keys), fields: ledger.customFields,
                approved: approved)
            if let failure = lineup.failures[entry.id] ?? lineup.failures.min(by: { $0.key < $1.key })?.value {
                try await recordFailure(PlanRefusal(id: entry.id, version: entry.manifest.version.description, failure: failure), actor)
                throw PlanRefusal(id: entry.id, version: entry.manifest.version.description, failure: failure).told
            }
            var row: PluginLedger.Row = ledger.rows[entry.id] ?? PluginLedger.Row()
            let old: String = row.version
            (row.isEnabled, row.state, row.reason) = (true, .enabled, "")
            (row.changedAt, row.changedBy) = (clock.now, actor.userID)
            row.version = entry.manifest.version.description
            row.approved = entry.manifest.capabilities
            if !entry.checksum.isEmpty { row.copy = entry.copy }
            row.outline = try outline(of: entry.id, lineup)
            var effects: [CommitEffects] = []
            do {
                // A plugin that can do without another takes up its fields when that one comes.
                for next in lineup.parts.indices {
                    let parts = Array(lineup.parts[...next])
                    let isNew: Bool = lineup.parts[next].id == entry.id
                    let isUpgrade: Bool = isNew && !old.isEmpty && row.outline != nil && ledger.rows[entry.id]?.outline != nil && old != row.version
                    effects.append(
                        try await installer.install(
                            parts, &ledger, recording: isNew ? row : nil, replacing: isUpgrade ? old : nil, by: actor))
                }
            } catch {
                let refusal = PlanRefusal(
                    id: entry.id, version: entry.manifest.version.description, failure: Self.failure(of: entry.id, error))
                try await recordFailure(refusal, actor)
                throw refusal.told
            }
            let registry: Registry = try registry(lineup.parts, ledger.customFields)
            self.ledger = ledger
            self.lineup = lineup.keeping(failures: self.lineup.failures)
            refusals[entry.id] = nil
            await publish(registry, effects)
        }
    }

    /// A plugin that could not be switched on stays off, with the reason for whoever looks.
    private func recordFailure(_ refusal: PlanRefusal, _ actor: Actor) async throws {
        refusals[refusal.id] = refusal.failure
        guard contents.entries[refusal.id] != nil else { return }
        var row: PluginLedger.Row = ledger?.rows[refusal.id] ?? PluginLedger.Row()
        if row.copy == nil { row.version = refusal.version }
        (row.state, row.reason) = (refusal.failure.state, refusal.failure.reason)
        (row.changedAt, row.changedBy) = (clock.now, actor.userID)
        let stored: PluginLedger.Row = row
        try await engine.write { try PluginLedger.write(refusal.id, stored, $0) }
        ledger?.rows[refusal.id] = row
    }

    // MARK: Switching off

    /// Switches a plugin off: what it contributed is gone, its data stays. Refused while enabled plugins require it, unless these
    /// are to be switched off, too. Needs nothing of the plugin's files.
    @discardableResult
    func disable(_ id: String, withDependents: Bool = false, by actor: Actor) async throws -> PluginStatus {
        try await disable([id], SwitchingTerms(cascade: withDependents), by: actor)
        return try status(of: id)
    }

    func disable(_ ids: [String], _ terms: SwitchingTerms, by actor: Actor) async throws {
        try actor.require(.managePlugins)
        try await changing {
            let plan: PluginPlan = try await self.plan(disabling: ids, cascade: terms.cascade)
            try await check(plan, terms)
            try await stop(Set(plan.steps.map(\.id)), actor)
        }
    }

    /// Takes plugins out of what runs, and has that on record.
    func stop(_ leaving: Set<String>, _ actor: Actor) async throws {
        var ledger: PluginLedger = try requireLedger()
        let rest: PluginLineup = lineup.without(leaving)
        let registry: Registry = try registry(rest.parts, ledger.customFields)
        var rows: [String: PluginLedger.Row] = [:]
        for id in leaving {
            guard var row = ledger.rows[id], row.isEnabled else { continue }
            (row.isEnabled, row.state, row.reason) = (false, .disabled, "")
            (row.changedAt, row.changedBy) = (clock.now, actor.userID)
            rows[id] = row
        }
        let (changed, now): ([String: PluginLedger.Row], Moment) = (rows, clock.now)
        try await engine.write { connection in
            for (id, row) in changed {
                try PluginLedger.write(id, row, connection)
                try PluginHistory.note(.init(plugin: id, action: "disabled"), by: actor, at: now, connection)
            }
        }
        ledger.rows.merge(rows) { $1 }
        self.ledger = ledger
        lineup = rest
        for id in leaving { refusals[id] = nil }
        await publish(registry)
    }

    // MARK: Plans that take several transactions

    /// Notes that a plan is under way, so that it can be gone on with after a crash.
    private func begin(_ plan: PluginPlan, _ terms: SwitchingTerms) async throws {
        guard plan.steps.count > 1 else { return }
        let digest: String = plan.digest
        try await engine.write { connection in
            // Gone on with under the digest that it began with.
            if let begun = try Self.digest(connection), begun == terms.digest { return }
            try connection.execute("DELETE FROM \"tenon_meta\" WHERE \"key\" = 'plan'")
            try connection.execute("INSERT INTO \"tenon_meta\" (\"key\", \"value\") VALUES ('plan', ?)", [.text(digest)])
        }
    }

    private func finish() async throws {
        guard try await unfinished() != nil else { return }
        try await engine.write { _ = try $0.execute("DELETE FROM \"tenon_meta\" WHERE \"key\" = 'plan'") }
    }

    /// The digest of the plan that was begun and not brought to its end.
    func unfinished() async throws -> String? { try await engine.read { try Self.digest($0) } }

    private static func digest(_ connection: any Connection) throws -> String? {
        try connection.first("SELECT \"value\" FROM \"tenon_meta\" WHERE \"key\" = 'plan'") { $0.text(0) }
    }
}

/// Why a plugin cannot be switched on, with what is on record of it.
struct PlanRefusal: Error {
    let id: String
    let version: String
    let failure: PluginLineup.Failure

    var told: CRMError {
        CRMError(
            .refused, failure.error.message.hasPrefix("the plugin \(id) ") ? failure.error.message : "the plugin \(id) cannot be switched on: \(failure.error.message)",
            hint: failure.error.hint,
            problems: failure.error.problems, cause: failure.error)
    }
}
