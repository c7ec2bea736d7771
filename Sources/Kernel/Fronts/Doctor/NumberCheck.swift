import PluginAPI

/// Ids that are given from now on follow all that were ever given: one that comes back would have a stranger's history.
struct NumberCheck {
    let tx: StoreTransaction

    func finding() throws -> Finding {
        var (behind, mends, count): ([String], [Mend], Int) = ([], [], 0)
        let entities: Set<String> = Set(tx.registry.entities.map(\.name))
        for table in try BackupTables.all(tx.connection, tx.dialect, tx.registry) {
            guard let next = table.lastID else { continue }
            count += 1
            var greatest: Int64 = try tx.connection.integer("SELECT max(\"id\") FROM \(quoted(table.name))") ?? 0
            if entities.contains(table.name) {
                greatest = max(
                    greatest, try tx.connection.integer("SELECT max(record) FROM tenon_audit WHERE entity = ?", [.text(table.name)]) ?? 0)
            }
            guard next < greatest else { continue }
            behind.append("\(table.name) after \(next), and \(greatest) was given")
            mends.append(.numbers(table.name, greatest))
        }
        guard !behind.isEmpty else { return .ok("numbers", "ids of \(count) tables go on after the last") }
        return Finding(
            state: .failed, check: "numbers", message: "ids go on too early: \(listed(behind))", hint: "`tenon doctor --fix` puts them right.",
            mends: mends)
    }
}
