import PluginAPI

extension PluginHost {
    /// Starts the plugins that are switched on, and puts what all of them together contribute into the store. Reads and
    /// writes nothing more than it must: a start on which nothing has changed costs a few queries.
    func boot(_ beginning: Beginning = .own) async throws {
        // One server after the other: what one brings up to date the next finds done.
        try await alone(within: 120) { try await bootAlone(beginning) }
    }

    private func bootAlone(_ beginning: Beginning) async throws {
        let dialect: any Dialect = engine.dialect
        var ledger: PluginLedger = try await engine.write { connection in
            try KernelTables.prepare(connection, dialect)
            return try PluginLedger(connection)
        }
        contents = catalogue.discover()
        if isSafe {
            var nothing = StartChoices()
            try await start(&nothing, &ledger)
            self.ledger = ledger
            return store.replace(registry: try registry(lineup.parts, ledger.customFields))
        }
        let wanted: [String] = chosen(ledger, beginning)
        var choices = StartChoices()
        for id in wanted { choices.choose(id, ledger.rows[id], contents.entries[id], catalogue.kept, at: clock.now) }
        try await noteAttempts(choices, &ledger)
        try await start(&choices, &ledger)
        try refuseToGoOn()
        try await record(wanted, choices, &ledger)
        self.ledger = ledger
        forgetCopies(ledger)
        store.replace(registry: try registry(lineup.parts, ledger.customFields))
    }

    /// Puts on record which upgrades are about to be tried: a start that one of them ends is not tried again.
    private func noteAttempts(_ choices: StartChoices, _ ledger: inout PluginLedger) async throws {
        var changed: [String: PluginLedger.Row] = [:]
        for (id, attempt) in choices.attempts where !quarantined.keys.contains(id) {
            guard var row = ledger.rows[id] else { continue }
            row.pending = attempt
            changed[id] = row
        }
        guard !changed.isEmpty else { return }
        let rows: [String: PluginLedger.Row] = changed
        try await engine.write { connection in
            for (id, row) in rows { try PluginLedger.write(id, row, connection) }
        }
        ledger.rows.merge(changed) { $1 }
    }

    private func chosen(_ ledger: PluginLedger, _ beginning: Beginning) -> [String] {
        if ledger.isComposed { return ledger.rows.filter(\.value.isEnabled).keys.sorted() }
        switch beginning {
        case .own: return contents.entries.values.filter(\.isOwn).map(\.id).sorted()
        case .all: return contents.entries.keys.sorted()
        case .only(let ids): return ids.sorted()
        }
    }

    /// Loads and migrates. What fails is left out, together with what requires it; a version that was to take over gives way to
    /// the one that is kept.
    private func start(_ choices: inout StartChoices, _ ledger: inout PluginLedger) async throws {
        var failures: [String: PluginLineup.Failure] = isSafe ? [:] : barred
        let ranBefore: Set<String> = Set(ledger.rows.filter { $0.value.isEnabled && $0.value.state == .enabled }.keys)
        while true {
            failures.merge(choices.failures) { known, _ in known }
            let entries: [PluginCatalogue.Entry] = choices.entries
            let lineup = try PluginLineup(
                entries, loader: loader, installed: Set(contents.entries.keys), fields: ledger.customFields, failures: failures,
                approved: choices.approvals(ledger))
            let broken: [String] = lineup.failures.keys.filter { failures[$0] == nil }.sorted()
            if !broken.isEmpty, let dropped = choices.dropUpgrades(because: broken, lineup.failures, ranBefore: ranBefore, at: clock.now) {
                for id in dropped { loader.release(id) }
                continue
            }
            self.lineup = lineup
            guard let (id, failure) = try await install(lineup, &choices, &ledger) else { return }
            if choices.dropUpgrade(of: id, failure, at: clock.now) {
                loader.release(id)
            } else {
                failures[id] = failure
            }
        }
    }

    /// Brings the tables up to date, plugin by plugin; gives the first that fails.
    private func install(
        _ lineup: PluginLineup, _ choices: inout StartChoices, _ ledger: inout PluginLedger
    ) async throws -> (String, PluginLineup.Failure)? {
        for next in lineup.parts.indices {
            let part: Composition.Part = lineup.parts[next]
            let parts = Array(lineup.parts[...next])
            do {
                guard choices.isUpgrading(part.id), var row = ledger.rows[part.id] else {
                    _ = try await installer.install(parts, &ledger)
                    continue
                }
                let old: String = row.version
                choices.settle(part.id, &row)
                row.outline = try outline(of: part.id, lineup)
                let actor: Actor? = choices.upgrader(part.id).map { .user($0, via: "plugins", rights: .empty) }
                _ = try await installer.install(parts, &ledger, recording: row, replacing: old, by: actor)
                choices.upgraded(part.id)
            } catch {
                if part.id == Composition.kernel { throw error }
                return (part.id, Self.failure(of: part.id, error))
            }
        }
        return nil
    }

    /// What a part of a lineup adds, in words.
    func outline(of id: String, _ lineup: PluginLineup) throws -> PluginOutline? {
        guard let place = lineup.parts.firstIndex(where: { $0.id == id }) else { return nil }
        // Like its tables: with what comes before it. Fields that administrators made are theirs.
        let registry: Registry = try registry(Array(lineup.parts[...place]), [])
        return PluginOutline(lineup.parts[place], registry, engine.dialect)
    }

    static func failure(of id: String, _ error: any Error) -> PluginLineup.Failure {
        let known = error as? CRMError ?? CRMError(.refused, "its tables could not be made: \(error)", cause: error)
        return PluginLineup.Failure(state: .failed, error: known)
    }

    /// Ends the start when a plugin failed that the deployment is not to run without.
    private func refuseToGoOn() throws {
        for (id, failure) in lineup.failures.sorted(by: { $0.key < $1.key })
        where contents.entries[id]?.manifest.onBootFailure == .abort {
            throw CRMError(
                .unavailable, "the plugin \(id) could not start: \(failure.reason)",
                hint: failure.error.hint.isEmpty ? "Its plugin.json ends the start of the product in this case." : failure.error.hint)
        }
    }

    private func record(_ wanted: [String], _ choices: StartChoices, _ ledger: inout PluginLedger) async throws {
        var changed: [String: PluginLedger.Row] = [:]
        for id in wanted {
            let before: PluginLedger.Row? = ledger.rows[id]
            var row = before ?? PluginLedger.Row(isEnabled: true, state: .enabled, changedAt: clock.now)
            row.isEnabled = true
            (row.state, row.reason) = outcome(id)
            if let entry = lineup.entries[id], lineup.has(id) {
                row.version = entry.manifest.version.description
                row.approved = row.approved ?? entry.manifest.capabilities
                if !entry.checksum.isEmpty { row.copy = entry.copy }
                if row.outline == nil || before?.copy != row.copy { row.outline = try outline(of: id, lineup) }
            } else if let entry = contents.entries[id], row.copy == nil {
                row.version = entry.manifest.version.description
                row.approved = row.approved ?? entry.manifest.capabilities
            }
            if let setback = choices.setbacks[id] { (row.setback, row.pending) = (setback, nil) }
            if row != before { changed[id] = row }
        }
        if changed.isEmpty, ledger.isComposed { return }
        let (isComposed, now): (Bool, Moment) = (ledger.isComposed, clock.now)
        let rows: [String: PluginLedger.Row] = changed
        let setbacks: [String: PluginLedger.Setback] = choices.setbacks
        try await engine.write { connection in
            if !isComposed { try PluginLedger.markComposed(connection) }
            for (id, row) in rows { try PluginLedger.write(id, row, connection) }
            for (id, setback) in setbacks {
                let change = PluginHistory.Change(
                    plugin: id, action: "upgrade failed", version: (rows[id]?.version ?? "", setback.version), facts: [("reason", setback.reason)])
                try PluginHistory.note(change, by: nil, at: now, connection)
            }
        }
        ledger.rows.merge(changed) { $1 }
        ledger.isComposed = true
    }

    private func outcome(_ id: String) -> (PluginState, String) {
        if lineup.has(id) { return (.enabled, "") }
        if let failure = lineup.failures[id] { return (failure.state, failure.reason) }
        if let broken = contents.broken.first(where: { $0.id == id }) { return (.refused, broken.error.description) }
        return (.missing, "its folder is gone; it was looked for in " + catalogue.folders.joined(separator: ", "))
    }

    /// Removes the copies that no record names.
    func forgetCopies(_ ledger: PluginLedger) {
        guard let kept = catalogue.kept else { return }
        for id in kept.ids {
            let row: PluginLedger.Row? = ledger.rows[id]
            kept.prune(id, keeping: Set([row?.copy?.checksum, row?.pending?.copy.checksum].compactMap { $0 }))
        }
    }
}
