import PluginAPI

extension PluginHost {
    /// What keeps plugins out from the beginning.
    var barred: [String: PluginLineup.Failure] { quarantined.mapValues(\.failure) }

    /// Takes a plugin out of quarantine and starts it, together with what was left out for its sake.
    @discardableResult
    func release(_ id: String, by actor: Actor) async throws -> PluginStatus {
        try actor.require(.managePlugins)
        guard quarantined[id] != nil else {
            _ = try status(of: id)
            throw CRMError(.refused, "the plugin \(id) is not in quarantine")
        }
        try await changing {
            try await engine.write { connection in
                try Quarantine.release(id, connection)
                try ChangeLog.note(.composition, connection)
            }
            quarantined[id] = nil
        }
        if !isSafe { try await startLeftOut(id, actor) }
        return try status(of: id)
    }

    /// Starts a plugin that is switched on and was kept out, then those that wait for it.
    private func startLeftOut(_ id: String, _ actor: Actor) async throws {
        let ledger: PluginLedger = try requireLedger()
        guard ledger.rows[id]?.isEnabled ?? false else {
            lineup.forget(failures: [id])
            return
        }
        try await enable(id, by: actor)
        var waiting: [String] = ledger.rows.filter { $0.value.isEnabled && !lineup.has($0.key) && quarantined[$0.key] == nil }.keys.sorted()
        var isGoing = true
        while isGoing {
            isGoing = false
            for other in waiting where contents.entries[other]?.manifest.requires.allSatisfy(lineup.has) ?? false {
                waiting.removeAll { $0 == other }
                // One that fails for a reason of its own keeps that reason on record.
                if (try? await enable(other, by: actor)) != nil { isGoing = true }
            }
        }
    }
}
