import Logging
import PluginAPI

extension PluginHost {
    /// Takes in which plugins and custom fields there are by now: another server changed them, and brought the tables up to date.
    /// What this process cannot change while it runs, such as a library that was loaded, has it replaced.
    func takeInChanges() async throws {
        guard let before = self.ledger else { return }
        let (stored, barred): (PluginLedger, [String: Quarantine]) = try await engine.aside {
            (try PluginLedger($0), try Quarantine.all($0))
        }
        if stored.isSame(as: before), barred == quarantined { return }
        (self.ledger, quarantined) = (stored, barred)
        contents = catalogue.discover()
        let wanted: Set<String> = isSafe ? [] : Set(stored.rows.filter { $0.value.isEnabled && barred[$0.key] == nil }.keys)
        let stays: PluginLineup = lineup.without(leaving(wanted))
        let newcomers: [PluginCatalogue.Entry] = wanted.sorted().filter { !stays.has($0) }.compactMap(newcomer)
        let running: [PluginCatalogue.Entry] = stays.parts.compactMap { stays.entries[$0.id] }
        let next = try PluginLineup(
            running + newcomers.filter(loader.accepts), loader: loader, installed: Set(contents.entries.keys), fields: stored.customFields,
            approved: approvals(of: running + newcomers, stored))
        for (id, failure) in next.failures.sorted(by: { $0.key < $1.key }) { note(id, failure.error) }
        lineup = next.keeping(failures: stays.failures.merging(self.barred) { $1 })
        for id in wanted { refusals[id] = nil }
        await publish(try registry(lineup.parts, stored.customFields))
        if newcomers.contains(where: { !loader.accepts($0) }) || running.contains(where: isOutdated) { await askForReplacement() }
    }

    /// What runs and is not to run any more, with what cannot do without it.
    private func leaving(_ wanted: Set<String>) -> Set<String> {
        let gone: [String] = lineup.parts.map(\.id).filter { $0 != Composition.kernel && !wanted.contains($0) }
        return Set(gone).union(gone.flatMap(lineup.dependents))
    }

    private func newcomer(_ id: String) -> PluginCatalogue.Entry? {
        do { return try candidate(id) } catch {
            note(id, error)
            return nil
        }
    }

    private func note(_ id: String, _ error: any Error) {
        Logger(label: "tenon.peers").warning("the plugin \(id), which another server switched on, does not run here: \(error)")
    }

    /// Whether another server runs another version of a plugin, and that one is here, too.
    private func isOutdated(_ entry: PluginCatalogue.Entry) -> Bool {
        guard !entry.checksum.isEmpty, let copy = ledger?.rows[entry.id]?.copy, copy != entry.copy, let kept = catalogue.kept else {
            return false
        }
        if (try? kept.entry(entry.id, copy, isOwn: entry.isOwn)) != nil { return true }
        if let found = contents.entries[entry.id], found.text == copy.manifest, Checksum.sha256(of: found.libraryPath) == copy.checksum {
            return true
        }
        Logger(label: "tenon.peers").warning(
            "another server runs another version of the plugin \(entry.id): put its folder into \(catalogue.folders.joined(separator: " or "))")
        return false
    }

    /// Has this worker replaced when it is its turn: one server after the other, so that most of them serve all the time.
    private func askForReplacement() async {
        guard !isBeingReplaced, let peers else { return }
        guard WorkerControl.current != nil else {
            return Logger(label: "tenon.peers").warning("restart this server: other servers run newer versions of plugins")
        }
        isBeingReplaced = true
        Task {
            do {
                _ = try await peers.leases.claim(Peers.replacement, within: 120)
                try WorkerControl.requestSwap()
            } catch {
                Logger(label: "tenon.peers").warning("this server could not be replaced: \(error)")
                isBeingReplaced = false
            }
        }
    }
}

extension PluginLedger {
    /// Whether two say the same of plugins and fields.
    func isSame(as other: PluginLedger) -> Bool {
        guard rows == other.rows, fields.count == other.fields.count else { return false }
        return zip(fields, other.fields).allSatisfy { left, right in
            left.isRemoved == right.isRemoved && left.field.id == right.field.id && left.field.entity == right.field.entity
                && left.field.name == right.field.name && left.field.definition == right.field.definition
        }
    }
}
