import PluginAPI

/// The keys by which duplicates are found are those that the records give.
struct MatchKeyCheck {
    let tx: StoreTransaction

    func finding() throws -> Finding {
        var (wrong, mends, count): ([String], [Mend], Int) = ([], [], 0)
        for entity in tx.registry.entities where !entity.duplicates.isEmpty {
            // What is being made is not judged before it is done.
            guard try MatchKeeper.isReady(entity, tx) else { continue }
            count += 1
            let ids: [Int64] = try different(entity) + orphans(entity)
            guard !ids.isEmpty else { continue }
            wrong.append("\(entity.name) \(listed(ids.sorted().map { String($0) }))")
            mends.append(.matchKeys(entity.name))
        }
        guard !wrong.isEmpty else { return .ok("duplicates", "the keys of \(count) \(count == 1 ? "entity" : "entities") are those of the records") }
        return Finding(
            state: .failed, check: "duplicates", message: "keys of duplicates are not those of the records: \(listed(wrong))",
            hint: "`tenon doctor --fix` makes them anew.", mends: mends)
    }

    private func different(_ entity: EntityModel) throws -> [Int64] {
        var wrong: [Int64] = []
        var after: Int64 = 0
        while wrong.count < SearchFaults.most {
            let records: [RecordData] = try tx.all(entity.name, where: .compare("id", .greater, .value(.integer(after))), sort: [], limit: 500)
            guard let first = records.first?.id.raw, let last = records.last?.id.raw else { break }
            var kept: [Int64: Set<Int64>] = [:]
            try tx.connection.query(
                "SELECT record, key FROM tenon_match_key WHERE entity = ? AND record >= ? AND record <= ?",
                [.text(entity.name), .integer(first), .integer(last)]
            ) { row in
                kept[row.integer(0), default: []].insert(row.integer(1))
                return true
            }
            for record in records where kept[record.id.raw] ?? [] != MatchKeys.keys(record, entity) { wrong.append(record.id.raw) }
            after = last
            if records.count < 500 { break }
        }
        return wrong
    }

    private func orphans(_ entity: EntityModel) throws -> [Int64] {
        try tx.connection.all(
            """
            SELECT DISTINCT k.record FROM tenon_match_key k WHERE k.entity = ? \
            AND NOT EXISTS (SELECT 1 FROM \(quoted(entity.name)) t WHERE t.id = k.record) ORDER BY k.record LIMIT ?
            """, [.text(entity.name), .integer(Int64(SearchFaults.most))]
        ) { $0.integer(0) }
    }
}
