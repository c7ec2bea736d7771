import PluginAPI

extension PluginHost {
    /// Starts the plugins that are switched on, and puts what all of them together contribute into the store. Reads and
    /// writes nothing more than it must: a start on which nothing has changed costs a few queries.
    func boot(_ beginning: Beginning = .all) async throws {
        let dialect: any Dialect = engine.dialect
        var ledger: PluginLedger = try await engine.write { connection in
            try KernelTables.prepare(connection, dialect)
            return try PluginLedger(connection)
        }
        contents = catalogue.discover()
        if isSafe {
            try await start([], &ledger)
            self.ledger = ledger
            return store.replace(registry: try registry(lineup.parts, ledger.customFields))
        }
        let wanted: [String] = chosen(ledger, beginning)
        let known: [PluginCatalogue.Entry] = wanted.compactMap { contents.entries[$0] }
        try await start(known, &ledger)
        try refuseToGoOn()
        try await record(wanted, &ledger)
        self.ledger = ledger
        store.replace(registry: try registry(lineup.parts, ledger.customFields))
    }

    private func chosen(_ ledger: PluginLedger, _ beginning: Beginning) -> [String] {
        if ledger.isComposed { return ledger.rows.filter(\.value.isEnabled).keys.sorted() }
        switch beginning {
        case .all: return contents.entries.keys.sorted()
        case .only(let ids): return ids.sorted()
        }
    }

    /// Loads and migrates; what fails is left out, together with what requires it.
    private func start(_ wanted: [PluginCatalogue.Entry], _ ledger: inout PluginLedger) async throws {
        let installed = Set(contents.entries.keys)
        let approved: [String: PluginManifest.Capabilities] = approvals(of: wanted, ledger)
        var lineup = try PluginLineup(
            wanted, loader: loader, installed: installed, fields: ledger.customFields, failures: barred, approved: approved)
        var next = 0
        while next < lineup.parts.count {
            let part: Composition.Part = lineup.parts[next]
            do {
                _ = try await installer.install(Array(lineup.parts[...next]), &ledger)
                next += 1
            } catch {
                if part.id == Composition.kernel { throw error }
                var failures: [String: PluginLineup.Failure] = lineup.failures
                failures[part.id] = Self.failure(of: part.id, error)
                lineup = try PluginLineup(
                    wanted, loader: loader, installed: installed, fields: ledger.customFields, failures: failures,
                    approved: approved)
                next = 0
            }
        }
        self.lineup = lineup
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

    private func record(_ wanted: [String], _ ledger: inout PluginLedger) async throws {
        var changed: [String: PluginLedger.Row] = [:]
        for id in wanted {
            let before: PluginLedger.Row? = ledger.rows[id]
            var row = before ?? PluginLedger.Row(isEnabled: true, version: "", state: .enabled, reason: "", changedAt: clock.now)
            row.isEnabled = true
            (row.state, row.reason) = outcome(id)
            row.version = contents.entries[id]?.manifest.version.description ?? row.version
            row.approved = row.approved ?? contents.entries[id]?.manifest.capabilities
            if row != before { changed[id] = row }
        }
        if changed.isEmpty, ledger.isComposed { return }
        let isComposed: Bool = ledger.isComposed
        let rows: [String: PluginLedger.Row] = changed
        try await engine.write { connection in
            if !isComposed { try PluginLedger.markComposed(connection) }
            for (id, row) in rows { try PluginLedger.write(id, row, connection) }
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
}
