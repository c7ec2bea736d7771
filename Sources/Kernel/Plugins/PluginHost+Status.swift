import PluginAPI

extension PluginHost {
    /// All plugins that are installed or on record, by id. Looks into the folders anew.
    func statuses() throws -> [PluginStatus] {
        contents = catalogue.discover()
        let ledger: PluginLedger = try requireLedger()
        let ids: Set<String> = Set(contents.entries.keys).union(ledger.rows.keys).union(contents.broken.map(\.id))
        return ids.sorted().map { status($0, ledger) }
    }

    /// One plugin; throws `notFound` when nothing is known of it.
    func status(of id: String) throws -> PluginStatus {
        guard let status = try statuses().first(where: { $0.id == id }) else {
            throw CRMError(.notFound, "there is no plugin \(id)", hint: "tenon plugin list shows those that there are.")
        }
        return status
    }

    private func status(_ id: String, _ ledger: PluginLedger) -> PluginStatus {
        let entry: PluginCatalogue.Entry? = contents.entries[id]
        let row: PluginLedger.Row? = ledger.rows[id]
        let broken: PluginCatalogue.Broken? = contents.broken.first { $0.id == id }
        let (state, reason, hint) = state(id, row, entry, broken)
        let isRunning: Bool = lineup.has(id)
        let contributions: Contributions? = lineup.parts.first { $0.id == id }?.contributions ?? loader.contributions(of: id)
        return PluginStatus(
            id: id, name: entry?.manifest.name ?? id, version: entry?.manifest.version.description ?? row?.version ?? "",
            summary: entry?.manifest.summary ?? "", licence: entry?.manifest.licence ?? "", state: state, reason: reason, hint: hint,
            requires: entry?.manifest.requires ?? [], optional: entry?.manifest.optional ?? [],
            requiredBy: isRunning ? lineup.dependents(of: id) : [], adds: contributions.map(PluginStatus.Additions.init),
            asks: entry?.manifest.capabilities ?? .init(), approved: row?.approved ?? .init(), folder: entry?.folder ?? broken?.folder ?? "", changedAt: row?.changedAt, changedBy: row?.changedBy)
    }

    private func state(
        _ id: String, _ row: PluginLedger.Row?, _ entry: PluginCatalogue.Entry?, _ broken: PluginCatalogue.Broken?
    ) -> (PluginState, String, String) {
        if lineup.has(id) {
            let isGone: Bool = entry == nil
            return (.enabled, isGone ? "its folder is gone; it runs until the next start" : "", "")
        }
        if let quarantine = quarantined[id], row?.isEnabled ?? false {
            return (.quarantined, quarantine.reason, quarantine.failure.error.hint)
        }
        if let failure = lineup.failures[id] ?? refusals[id] { return (failure.state, failure.reason, failure.error.hint) }
        if entry == nil, let broken { return (.refused, Self.fact(broken.error), broken.error.hint) }
        guard let row else { return (.available, "", "") }
        if isSafe, row.isEnabled { return (.held, "no plugin is loaded in safe mode", "") }
        return (row.state, row.reason, "")
    }

    private static func fact(_ error: CRMError) -> String {
        let problems: String = error.problems.map { $0.field + " " + $0.message }.joined(separator: "; ")
        return problems.isEmpty ? error.message : error.message + ": " + problems
    }
}
