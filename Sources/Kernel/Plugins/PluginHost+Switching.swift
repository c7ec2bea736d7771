import PluginAPI

extension PluginHost {
    /// Switches a plugin on, at once and for every start to come; what it requires, too, if so asked. Refused with all reasons
    /// when it does not fit: nothing has changed then.
    @discardableResult
    func enable(_ id: String, withRequired: Bool = false, by actor: Actor) async throws -> PluginStatus {
        try actor.require(.managePlugins)
        try requirePluginCode()
        if let quarantine = quarantined[id] {
            throw CRMError(.refused, "the plugin \(id) is in quarantine: \(quarantine.reason)", hint: quarantine.failure.error.hint)
        }
        try await changing {
            contents = catalogue.discover()
            let entry: PluginCatalogue.Entry = try found(id)
            guard !lineup.has(id) else { return }
            try await start((withRequired ? requirements(of: entry) : []) + [entry], actor)
        }
        return try status(of: id)
    }

    /// Refuses what would run a plugin's code while none may run.
    func requirePluginCode() throws {
        guard isSafe else { return }
        throw CRMError(
            .refused, "no plugin is loaded in safe mode", hint: "End the server and start it without --safe-mode; `tenon serve` says how.")
    }

    /// What a plugin requires, directly or by way of others, as far as it is installed and does not run.
    private func requirements(of entry: PluginCatalogue.Entry) -> [PluginCatalogue.Entry] {
        var found: [PluginCatalogue.Entry] = []
        var next: [String] = entry.manifest.requires
        while let id = next.popLast() {
            guard !lineup.has(id), id != entry.id, !found.contains(where: { $0.id == id }), let required = contents.entries[id] else { continue }
            found.append(required)
            next += required.manifest.requires
        }
        return found
    }

    /// Switches a plugin off: what it contributed is gone, its data stays. Refused while enabled plugins require it, unless these
    /// are to be switched off, too. Needs nothing of the plugin's files.
    @discardableResult
    func disable(_ id: String, withDependents: Bool = false, by actor: Actor) async throws -> PluginStatus {
        try actor.require(.managePlugins)
        try await changing { try await stop(id, withDependents, actor) }
        return try status(of: id)
    }

    private func found(_ id: String) throws -> PluginCatalogue.Entry {
        if let entry = contents.entries[id] { return entry }
        if let broken = contents.broken.first(where: { $0.id == id }) { throw broken.error }
        throw CRMError(
            .notFound, "there is no plugin \(id)", hint: "Put its folder into one of: " + catalogue.folders.joined(separator: ", "))
    }

    /// Starts plugins together; the last of them is the one that was asked for and is told when it fails.
    private func start(_ entries: [PluginCatalogue.Entry], _ actor: Actor) async throws {
        guard let asked = entries.last else { return }
        var ledger: PluginLedger = try requireLedger()
        let running: [PluginCatalogue.Entry] = self.lineup.parts.compactMap { self.lineup.entries[$0.id] }
        var approved: [String: PluginManifest.Capabilities] = approvals(of: running, ledger)
        for entry in entries { approved[entry.id] = entry.manifest.capabilities }
        let lineup = try PluginLineup(
            running + entries, loader: loader, installed: Set(contents.entries.keys), fields: ledger.customFields,
            approved: approved)
        if let failure = lineup.failures[asked.id] ?? lineup.failures.min(by: { $0.key < $1.key })?.value {
            try await recordFailure(asked, failure, actor)
            throw Self.notSwitchedOn(asked.id, failure)
        }
        var effects: [CommitEffects] = []
        do {
            for next in lineup.parts.indices {
                effects.append(try await installer.install(Array(lineup.parts[...next]), &ledger))
            }
        } catch {
            let failure: PluginLineup.Failure = Self.failure(of: asked.id, error)
            try await recordFailure(asked, failure, actor)
            throw Self.notSwitchedOn(asked.id, failure)
        }
        let registry: Registry = try registry(lineup.parts, ledger.customFields)
        var rows: [String: PluginLedger.Row] = [:]
        for entry in entries {
            rows[entry.id] = PluginLedger.Row(
                isEnabled: true, version: entry.manifest.version.description, state: .enabled, reason: "", changedAt: clock.now,
                changedBy: actor.userID, approved: entry.manifest.capabilities)
        }
        try await write(rows, &ledger)
        self.ledger = ledger
        self.lineup = lineup.keeping(failures: self.lineup.failures)
        for entry in entries { refusals[entry.id] = nil }
        await publish(registry, effects)
    }

    private func write(_ rows: [String: PluginLedger.Row], _ ledger: inout PluginLedger) async throws {
        try await engine.write { connection in
            for (id, row) in rows { try PluginLedger.write(id, row, connection) }
        }
        ledger.rows.merge(rows) { $1 }
    }

    private static func notSwitchedOn(_ id: String, _ failure: PluginLineup.Failure) -> CRMError {
        CRMError(
            .refused, "the plugin \(id) cannot be switched on: \(failure.error.message)", hint: failure.error.hint,
            problems: failure.error.problems, cause: failure.error)
    }

    /// A plugin that could not be switched on stays off, with the reason for whoever looks.
    private func recordFailure(_ entry: PluginCatalogue.Entry, _ failure: PluginLineup.Failure, _ actor: Actor) async throws {
        refusals[entry.id] = failure
        let row = PluginLedger.Row(
            isEnabled: ledger?.rows[entry.id]?.isEnabled ?? false, version: entry.manifest.version.description,
            state: failure.state, reason: failure.reason, changedAt: clock.now, changedBy: actor.userID,
            approved: ledger?.rows[entry.id]?.approved)
        try await engine.write { try PluginLedger.write(entry.id, row, $0) }
        ledger?.rows[entry.id] = row
    }

    private func stop(_ id: String, _ withDependents: Bool, _ actor: Actor) async throws {
        var ledger: PluginLedger = try requireLedger()
        guard ledger.rows[id] != nil || contents.entries[id] != nil else { throw CRMError(.notFound, "there is no plugin \(id)") }
        let dependents: [String] = lineup.dependents(of: id)
        guard dependents.isEmpty || withDependents else {
            throw CRMError(
                .refused, "the plugin \(id) is required by \(dependents.joined(separator: ", "))",
                hint: "Switch these off first, or all of them together.")
        }
        let leaving = Set(dependents + [id])
        let rest: PluginLineup = lineup.without(leaving)
        let registry: Registry = try registry(rest.parts, ledger.customFields)
        var rows: [String: PluginLedger.Row] = [:]
        for id in leaving where ledger.rows[id]?.isEnabled ?? false {
            rows[id] = PluginLedger.Row(
                isEnabled: false, version: ledger.rows[id]?.version ?? "", state: .disabled, reason: "", changedAt: clock.now,
                changedBy: actor.userID, approved: ledger.rows[id]?.approved)
        }
        try await write(rows, &ledger)
        self.ledger = ledger
        lineup = rest
        for id in leaving { refusals[id] = nil }
        await publish(registry)
    }
}
