import PluginAPI

/// A record that is probably the same as another, and why.
struct Duplicate: Sendable {
    let record: RecordData
    let reasons: [String]
    let likeness: Double
}

/// Records that are probably all the same.
struct DuplicateGroup: Sendable {
    /// The newest first.
    var records: [RecordData]
    var reasons: [String]
}

extension StoreTransaction {
    /// How many records with the same key are compared: what more have in common tells nothing.
    private static let compared = 50
    /// How many keys are looked through for groups at a time.
    private static let lookedThrough = 5000

    /// The records that are probably the same as one, stored or not: those that the user may see, by what the user may see.
    func duplicates(_ entity: EntityModel, of record: RecordData, limit: Int = 20) throws -> [Duplicate] {
        let rules: [DuplicateModel] = entity.duplicates.filter { $0.isVisible(to: actor, entity) }
        guard !rules.isEmpty else { return [] }
        var ids: Set<Int64> = []
        for key in MatchKeys.keys(record, entity).sorted() {
            try connection.query(
                "SELECT record FROM tenon_match_key WHERE entity = ? AND key = ? ORDER BY record DESC LIMIT ?",
                [.text(entity.name), .integer(key), .integer(Int64(StoreTransaction.compared))]
            ) { row in
                ids.insert(row.integer(0))
                return true
            }
        }
        ids.remove(record.id.raw)
        guard !ids.isEmpty else { return [] }
        let found: [Duplicate] = try records(entity, ids).compactMap { other in
            let hits: [(String, Double)] = rules.compactMap { rule in rule.likeness(record, other).map { (rule.reason, $0) } }
            guard !hits.isEmpty else { return nil }
            return Duplicate(record: other, reasons: hits.map(\.0), likeness: hits.map(\.1).max() ?? 0)
        }
        let sorted: [Duplicate] = found.sorted { left, right in
            (left.reasons.count, left.likeness, left.record.id.raw) > (right.reasons.count, right.likeness, right.record.id.raw)
        }
        return Array(sorted.prefix(limit))
    }

    private func records(_ entity: EntityModel, _ ids: Set<Int64>) throws -> [RecordData] {
        try all(
            entity.name, where: .oneOf("id", ids.sorted().map { .value(.integer($0)) }), sort: [], limit: ids.count)
    }

    /// Groups of records that are probably the same, the newest first, and whether there may be more.
    func duplicateGroups(_ entity: EntityModel, limit: Int = 100) throws -> (groups: [DuplicateGroup], hasMore: Bool) {
        let rules: [DuplicateModel] = entity.duplicates.filter { $0.isVisible(to: actor, entity) }
        guard !rules.isEmpty else { return ([], false) }
        var blocks: [Int64: [Int64]] = [:]
        try connection.query(
            """
            SELECT key, record FROM tenon_match_key WHERE entity = ? AND key IN \
            (SELECT key FROM tenon_match_key WHERE entity = ? GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT ?) ORDER BY key, record DESC
            """, [.text(entity.name), .text(entity.name), .integer(Int64(StoreTransaction.lookedThrough))]
        ) { row in
            if blocks[row.integer(0), default: []].count < StoreTransaction.compared { blocks[row.integer(0), default: []].append(row.integer(1)) }
            return true
        }
        var wanted: Set<Int64> = []
        for block in blocks.values { wanted.formUnion(block) }
        var records: [Int64: RecordData] = [:]
        let all: [Int64] = wanted.sorted()
        for start in stride(from: 0, to: all.count, by: 500) {
            for record in try self.records(entity, Set(all[start..<min(start + 500, all.count)])) { records[record.id.raw] = record }
        }
        var union = Union()
        var compared: Set<[Int64]> = []
        for key in blocks.keys.sorted() {
            let block: [RecordData] = (blocks[key] ?? []).compactMap { records[$0] }
            for (place, one) in block.enumerated() {
                for other in block[(place + 1)...] where compared.insert([one.id.raw, other.id.raw]).inserted {
                    let reasons: [String] = rules.filter { $0.likeness(one, other) != nil }.map(\.reason)
                    if !reasons.isEmpty { union.join(one.id.raw, other.id.raw, reasons) }
                }
            }
        }
        let groups: [DuplicateGroup] = union.groups.map { ids, reasons in
            DuplicateGroup(records: ids.sorted(by: >).compactMap { records[$0] }, reasons: reasons)
        }
        let sorted: [DuplicateGroup] = groups.sorted { ($0.records.first?.id.raw ?? 0) > ($1.records.first?.id.raw ?? 0) }
        return (Array(sorted.prefix(limit)), sorted.count > limit || blocks.count == StoreTransaction.lookedThrough)
    }

    /// Records that belong together, by pairs that do.
    private struct Union {
        private var parents: [Int64: Int64] = [:]
        private var reasons: [Int64: [String]] = [:]

        private func root(_ id: Int64) -> Int64 {
            var id: Int64 = id
            while let parent = parents[id], parent != id { id = parent }
            return id
        }

        mutating func join(_ left: Int64, _ right: Int64, _ why: [String]) {
            let (one, other) = (root(left), root(right))
            parents[one] = one
            parents[other] = one
            var all: [String] = (reasons[one] ?? []) + (one == other ? [] : reasons.removeValue(forKey: other) ?? [])
            for reason in why where !all.contains(reason) { all.append(reason) }
            reasons[one] = all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }

        var groups: [(ids: [Int64], reasons: [String])] {
            Dictionary(grouping: parents.keys, by: root).map { ($0.value, reasons[$0.key] ?? []) }
        }
    }

    /// The states of a record that its plugin keeps, as people read them: `Converted`. Told with a record that may be the same,
    /// since one that is closed may be found as well.
    func marks(_ record: RecordData, _ entity: EntityModel) -> [(field: FieldModel, text: String)] {
        entity.fields.compactMap { field in
            guard case .choice(let options) = field.type, field.description.isReadOnly, actor.mask(field.name, of: entity.name) != .hidden,
                case .text(let key) = record.values[field.place]
            else { return nil }
            return (field, options.first { $0.key == key }?.label ?? key)
        }
    }
}
