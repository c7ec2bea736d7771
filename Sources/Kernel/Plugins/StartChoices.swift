import PluginAPI

/// Which version of each plugin a start tries: the one that takes over, and the one that serves if that fails.
struct StartChoices {
    /// A version that is to take over.
    private struct Upgrade {
        let entry: PluginCatalogue.Entry
        let approved: PluginManifest.Capabilities
        let by: Int64?
    }

    private var bases: [String: PluginCatalogue.Entry] = [:]
    private var upgrades: [String: Upgrade] = [:]
    /// Upgrades whose tables are in place: no way back from these.
    private var done: [String: PluginCatalogue.Entry] = [:]
    /// Why what was kept cannot be tried.
    private var unusable: [String: PluginLineup.Failure] = [:]
    /// Why plugins cannot be tried at all.
    private(set) var failures: [String: PluginLineup.Failure] = [:]
    /// The upgrades that were given up at this start.
    private(set) var setbacks: [String: PluginLedger.Setback] = [:]

    /// Finds what there is of a plugin: what was kept, what waits to take over, what lies in the folder.
    mutating func choose(_ id: String, _ row: PluginLedger.Row?, _ found: PluginCatalogue.Entry?, _ kept: KeptCopies?, at now: Moment) {
        guard let kept else {
            bases[id] = found
            return
        }
        do {
            guard let copy = row?.copy else {
                // Never ran here: what is in the folder is what was chosen.
                if let found { bases[id] = try kept.keep(found) }
                return
            }
            bases[id] = try base(id, copy, found, kept)
        } catch {
            unusable[id] = Self.failure(id, error)
        }
        upgrades[id] = upgrade(id, row, found, kept)
        if let pending = row?.pending, pending.wasTried {
            // The start that tried it did not come to its end.
            let reason = "it ended the process when it was to take over"
            upgrades[id] = nil
            setbacks[id] = PluginLedger.Setback(
                copy: pending.copy, version: pending.version, reason: reason, hint: "See tenon crashes list.", at: now.milliseconds)
        }
        takeOver(id, row)
        if upgrades[id] == nil { failures[id] = unusable[id] }
    }

    /// A version that was put on record while nothing of the plugin ran: its tables are those of the one before.
    private mutating func takeOver(_ id: String, _ row: PluginLedger.Row?) {
        guard upgrades[id] == nil, let row, row.outline != nil, let base = bases[id], base.manifest.version.description != row.version else {
            return
        }
        upgrades[id] = Upgrade(entry: base, approved: row.approved ?? base.manifest.capabilities, by: row.changedBy)
        bases[id] = nil
    }

    private func base(
        _ id: String, _ copy: PluginCopy, _ found: PluginCatalogue.Entry?, _ kept: KeptCopies
    ) throws -> PluginCatalogue.Entry {
        do {
            return try kept.entry(id, copy, isOwn: found?.isOwn ?? false)
        } catch {
            // The same bytes are in the folder: kept anew.
            guard let found, found.text == copy.manifest, Checksum.sha256(of: found.libraryPath) == copy.checksum else { throw error }
            kept.prune(id, keeping: [])
            return try kept.keep(found)
        }
    }

    private func upgrade(
        _ id: String, _ row: PluginLedger.Row?, _ found: PluginCatalogue.Entry?, _ kept: KeptCopies
    ) -> Upgrade? {
        if let pending = row?.pending, let entry = try? kept.entry(id, pending.copy, isOwn: found?.isOwn ?? false) {
            let approved = PluginManifest.Capabilities(stored: pending.approved) ?? .init()
            return Upgrade(entry: entry, approved: approved, by: pending.by)
        }
        // What comes with a new release of the product takes over by itself.
        guard let found, found.isOwn, row?.copy != nil, let checksum = Checksum.sha256(of: found.libraryPath) else { return nil }
        let copy = PluginCopy(manifest: found.text, checksum: checksum)
        guard copy != row?.copy, copy != row?.setback?.copy, let entry = try? kept.keep(found) else { return nil }
        return Upgrade(entry: entry, approved: found.manifest.capabilities, by: nil)
    }

    static func failure(_ id: String, _ error: any Error) -> PluginLineup.Failure {
        let known = error as? CRMError ?? CRMError(.refused, "the plugin \(id) cannot be read", cause: error)
        return PluginLineup.Failure(state: .refused, error: known)
    }

    /// The upgrades that have something to fall back to, as they are put on record before they are tried.
    var attempts: [String: PluginLedger.Pending] {
        upgrades.filter { bases[$0.key] != nil }.mapValues { upgrade in
            PluginLedger.Pending(
                copy: upgrade.entry.copy, version: upgrade.entry.manifest.version.description, approved: upgrade.approved.json.text(),
                by: upgrade.by, wasTried: true)
        }
    }

    // MARK: What is tried

    /// One version of each plugin.
    var entries: [PluginCatalogue.Entry] {
        let ids: Set<String> = Set(bases.keys).union(upgrades.keys).union(done.keys)
        return ids.sorted().compactMap { done[$0] ?? upgrades[$0]?.entry ?? bases[$0] }
    }

    func approvals(_ ledger: PluginLedger) -> [String: PluginManifest.Capabilities] {
        var all: [String: PluginManifest.Capabilities] = [:]
        for entry in entries {
            all[entry.id] = upgrades[entry.id]?.approved ?? ledger.rows[entry.id]?.approved ?? entry.manifest.capabilities
        }
        return all
    }

    func isUpgrading(_ id: String) -> Bool { upgrades[id] != nil }

    /// Who asked for the upgrade; nil when it came with the product.
    func upgrader(_ id: String) -> Int64? { upgrades[id]?.by }

    /// What is on record once the upgrade is in place.
    func settle(_ id: String, _ row: inout PluginLedger.Row) {
        guard let upgrade = upgrades[id] else { return }
        row.version = upgrade.entry.manifest.version.description
        row.copy = upgrade.entry.copy
        row.approved = upgrade.approved
        (row.state, row.reason, row.pending, row.setback) = (.enabled, "", nil, nil)
    }

    mutating func upgraded(_ id: String) {
        done[id] = upgrades[id]?.entry
        upgrades[id] = nil
    }

    // MARK: What is given up

    /// Gives up the upgrades that failed; all of them, if only others failed that ran at the last start. Nil when there is nothing
    /// to give up.
    mutating func dropUpgrades(
        because broken: [String], _ reasons: [String: PluginLineup.Failure], ranBefore: Set<String>, at now: Moment
    ) -> [String]? {
        let waiting: [String] = upgrades.keys.sorted()
        let own: [String] = waiting.filter(broken.contains)
        let others: [String] = broken.filter { bases[$0] != nil && ranBefore.contains($0) }
        let dropped: [String] = own.isEmpty && !others.isEmpty ? waiting : own
        guard !dropped.isEmpty else { return nil }
        for id in dropped {
            let blamed: String = reasons[id] == nil ? others.first ?? id : id
            if let failure = reasons[blamed] { _ = dropUpgrade(of: id, failure, at: now) }
        }
        return dropped
    }

    /// Gives up one upgrade; false when there was none.
    mutating func dropUpgrade(of id: String, _ failure: PluginLineup.Failure, at now: Moment) -> Bool {
        guard let upgrade = upgrades.removeValue(forKey: id) else { return false }
        setbacks[id] = PluginLedger.Setback(
            copy: upgrade.entry.copy, version: upgrade.entry.manifest.version.description, reason: failure.reason,
            hint: failure.error.hint, at: now.milliseconds)
        if bases[id] == nil { failures[id] = unusable[id] ?? failure }
        return true
    }
}
