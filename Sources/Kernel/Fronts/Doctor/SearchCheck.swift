import PluginAPI

/// Each record has its entry in the search index, with its words, and each entry has its record.
struct SearchCheck {
    let tx: StoreTransaction

    func finding() throws -> Finding {
        var tables: [(name: String, columns: [String])] = tx.registry.entities.map { ($0.name, EntityTable($0, tx.dialect).searchColumns) }
        tables.append((Note.table, Note.searched))
        var (problems, mends, count): ([String], [Mend], Int) = ([], [], 0)
        for (name, columns) in tables where !columns.isEmpty {
            count += 1
            let faults: SearchFaults = try tx.dialect.searchFaults(tx.connection, table: name, columns: columns)
            if faults.isEmpty { continue }
            mends.append(.search(name))
            if !faults.other.isEmpty { problems.append("\(name): \(faults.other)") }
            for (ids, words) in [(faults.missing, "not in it"), (faults.orphans, "in it and gone"), (faults.different, "in it with other words")] where !ids.isEmpty {
                problems.append("\(name) \(listed(ids.map { String($0) })) \(words)")
            }
        }
        guard !problems.isEmpty else { return .ok("search", "\(count) \(count == 1 ? "index agrees" : "indexes agree") with the records") }
        return Finding(
            state: .failed, check: "search", message: "the search index does not agree: " + listed(problems),
            hint: "`tenon doctor --fix` makes it anew.", mends: mends)
    }
}
