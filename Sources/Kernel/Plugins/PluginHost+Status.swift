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
        // What was switched on speaks for itself, not what has been put in its folder since.
        let manifest: PluginManifest? = lineup.entries[id]?.manifest ?? row?.copy.flatMap(Self.manifest) ?? entry?.manifest
        let checksum: String? = entry.flatMap { checksums.checksum(of: $0.libraryPath) }
        return PluginStatus(
            id: id, name: manifest?.name ?? id, version: manifest?.version.description ?? row?.version ?? "",
            summary: manifest?.summary ?? "", licence: manifest?.licence ?? "", state: state, reason: reason, hint: hint,
            problems: problems(id, row, entry, broken),
            requires: manifest?.requires ?? [], optional: manifest?.optional ?? [],
            requiredBy: isRunning ? lineup.dependents(of: id) : [],
            adds: contributions.map(PluginStatus.Additions.init) ?? row?.outline.map(PluginStatus.Additions.init),
            asks: manifest?.capabilities ?? .init(), approved: row?.approved ?? .init(),
            folder: entry?.folder ?? broken?.folder ?? "", checksum: row?.copy?.checksum, folderChecksum: checksum,
            upgrade: upgrade(id, row, entry, checksum), changedAt: row?.changedAt, changedBy: row?.changedBy)
    }

    private static func manifest(_ copy: PluginCopy) -> PluginManifest? { try? PluginManifest(json: Array(copy.manifest.utf8)) }

    /// A version beside the one on record: asked for, given up, or merely found.
    private func upgrade(
        _ id: String, _ row: PluginLedger.Row?, _ entry: PluginCatalogue.Entry?, _ checksum: String?
    ) -> PluginStatus.Upgrade? {
        if let pending = row?.pending {
            return .init(state: .pending, version: pending.version, reason: "takes over with the next start", hint: "")
        }
        if let setback = row?.setback {
            return .init(state: .failed, version: setback.version, reason: setback.reason, hint: setback.hint)
        }
        guard let copy = row?.copy, let entry, let checksum, PluginCopy(manifest: entry.text, checksum: checksum) != copy else { return nil }
        return .init(
            state: .waiting, version: entry.manifest.version.description, reason: "is in the plugins folder, and is not what was switched on",
            hint: "See what it changes: tenon plugin plan upgrade \(id)")
    }

    private func state(
        _ id: String, _ row: PluginLedger.Row?, _ entry: PluginCatalogue.Entry?, _ broken: PluginCatalogue.Broken?
    ) -> (PluginState, String, String) {
        if lineup.has(id) {
            guard entry == nil else { return (.enabled, "", "") }
            let isKept: Bool = row?.copy != nil
            return (.enabled, isKept ? "its folder is gone; it runs from the copy that was kept" : "its folder is gone; it runs until the next start", "")
        }
        if let quarantine = quarantined[id], row?.isEnabled ?? false {
            return (.quarantined, quarantine.reason, quarantine.failure.error.hint)
        }
        if let failure = lineup.failures[id] ?? refusals[id] { return (failure.state, failure.reason, failure.error.hint) }
        if entry == nil, row == nil, let broken { return (.refused, Self.fact(broken.error), broken.error.hint) }
        guard let row else { return (.available, "", "") }
        if isSafe, row.isEnabled { return (.held, "no plugin is loaded in safe mode", "") }
        return (row.state, row.reason, "")
    }

    /// What is wrong by fields, where that is known.
    private func problems(
        _ id: String, _ row: PluginLedger.Row?, _ entry: PluginCatalogue.Entry?, _ broken: PluginCatalogue.Broken?
    ) -> [Problem] {
        if lineup.has(id) { return [] }
        if let failure = lineup.failures[id] ?? refusals[id] { return failure.error.problems }
        return entry == nil && row == nil ? broken?.error.problems ?? [] : []
    }

    private static func fact(_ error: CRMError) -> String {
        let problems: String = error.problems.filter { !$0.isDifference && !error.message.contains($0.message) }.map { $0.field + " " + $0.message }.joined(separator: "; ")
        return problems.isEmpty ? error.message : error.message + ": " + problems
    }

    /// What became of a plugin here, the latest first.
    func history(of id: String) async throws -> [PluginHistory.Entry] {
        try await engine.read { try PluginHistory.entries(of: id, limit: 50, $0) }
    }
}
