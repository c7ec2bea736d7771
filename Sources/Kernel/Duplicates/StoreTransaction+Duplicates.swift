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

    /// What a comparison of a record with another came to.
    struct Likeness {
        let id: Int64
        let reasons: [String]
        let likeness: Double
    }

    /// The records that are probably the same as one, stored or not: those that the user may see, by what the user may see.
    func duplicates(_ entity: EntityModel, of record: RecordData, limit: Int = 20, among compared: Int = compared) throws -> [Duplicate] {
        let alike: [Likeness] = try likenesses(entity, of: record, limit: limit, among: compared)
        guard !alike.isEmpty else { return [] }
        var records: [Int64: RecordData] = [:]
        for other in try self.records(entity, Set(alike.map(\.id))) { records[other.id.raw] = other }
        return alike.compactMap { hit in
            records[hit.id].map { Duplicate(record: $0, reasons: hit.reasons, likeness: hit.likeness) }
        }
    }

    /// The same without the records themselves: the surest first, the newest among equals. Of each key that they have in common
    /// the newest few are compared, and read as far as the rules ask.
    func likenesses(_ entity: EntityModel, of record: RecordData, limit: Int, among compared: Int) throws -> [Likeness] {
        let rules: [DuplicateModel] = entity.duplicates.filter { $0.isVisible(to: actor, entity) }
        guard !rules.isEmpty else { return [] }
        let keys: [Int64] = matchKeys(of: record, entity)
        guard !keys.isEmpty else { return [] }
        // One question: the newest few of each key, and what is compared of them.
        let newest: String = "SELECT record FROM tenon_match_key WHERE entity = ? AND key = ? ORDER BY record DESC" + SQLFragment.limit(compared).sql
        let parts: [String] = keys.indices.map { "SELECT record FROM (\(newest)) AS k\($0)" }
        let chosen = SQLFragment(
            "t.\"id\" <> ? AND t.\"id\" IN (\(parts.joined(separator: " UNION ALL ")))",
            [.integer(record.id.raw)] + keys.flatMap { [.text(entity.name), .integer($0)] })
        let asked: Set<String> = Set(rules.flatMap { $0.fields.map(\.name) })
        let comparisons: [DuplicateModel.Comparison] = rules.map { $0.comparison(of: record) }
        let found: [Likeness] = try records(entity, chosen, fields: asked).compactMap { other in
            let hits: [(String, Double)] = comparisons.compactMap { side in side.likeness(other).map { (side.rule.reason, $0) } }
            guard let surest = hits.map(\.1).max() else { return nil }
            return Likeness(id: other.id.raw, reasons: hits.map(\.0), likeness: surest)
        }
        let sorted: [Likeness] = found.sorted { left, right in
            (left.reasons.count, left.likeness, left.id) > (right.reasons.count, right.likeness, right.id)
        }
        return Array(sorted.prefix(limit))
    }

    private func records(_ entity: EntityModel, _ ids: Set<Int64>) throws -> [RecordData] {
        // The same text for any count of them, so that the statement is prepared once.
        try records(entity, dialect.among("t.\"id\"", ids.sorted()))
    }

    private func records(_ entity: EntityModel, _ chosen: SQLFragment, fields: Set<String>? = nil) throws -> [RecordData] {
        let projection: Projection = try projection(entity, fields: fields)
        let query = projection.query(" WHERE " + (try compiler(entity).condition(.everything)) + " AND " + chosen + " ORDER BY t.\"id\"")
        return try connection.all(query.sql, query.arguments) { projection.record($0) }
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
                let comparisons: [DuplicateModel.Comparison] = rules.map { $0.comparison(of: one) }
                for other in block[(place + 1)...] where compared.insert([one.id.raw, other.id.raw]).inserted {
                    let hits: [(String, Double)] = comparisons.compactMap { side in side.likeness(other).map { (side.rule.reason, $0) } }
                    guard let surest = hits.map(\.1).max() else { continue }
                    union.note(one.id.raw, other.id.raw, hits.map(\.0), surest)
                }
            }
        }
        let groups: [DuplicateGroup] = union.groups.map { ids, reasons in
            DuplicateGroup(records: ids.sorted(by: >).compactMap { records[$0] }, reasons: reasons)
        }
        let sorted: [DuplicateGroup] = groups.sorted { ($0.records.first?.id.raw ?? 0) > ($1.records.first?.id.raw ?? 0) }
        return (Array(sorted.prefix(limit)), sorted.count > limit || blocks.count == StoreTransaction.lookedThrough)
    }

    /// Records that belong together: each of a group is like every other one, so that a record that is like two others does
    /// not make these the same. The surest pairs come first.
    private struct Union {
        private struct Pair {
            let left: Int64
            let right: Int64
            let reasons: [String]
            let likeness: Double
        }
        private var pairs: [Pair] = []

        mutating func note(_ left: Int64, _ right: Int64, _ reasons: [String], _ likeness: Double) {
            pairs.append(Pair(left: min(left, right), right: max(left, right), reasons: reasons, likeness: likeness))
        }

        var groups: [(ids: [Int64], reasons: [String])] {
            var alike: [Int64: Set<Int64>] = [:]
            for pair in pairs {
                alike[pair.left, default: []].insert(pair.right)
                alike[pair.right, default: []].insert(pair.left)
            }
            let sorted: [Pair] = pairs.sorted { left, right in
                (left.reasons.count, left.likeness, left.right, left.left) > (right.reasons.count, right.likeness, right.right, right.left)
            }
            var members: [Int64: [Int64]] = [:]
            var home: [Int64: Int64] = [:]
            var reasons: [Int64: [String]] = [:]
            for pair in sorted {
                let (one, other): (Int64, Int64) = (home[pair.left] ?? pair.left, home[pair.right] ?? pair.right)
                if one != other {
                    let (mine, theirs): ([Int64], [Int64]) = (members[one] ?? [one], members[other] ?? [other])
                    guard mine.allSatisfy({ id in theirs.allSatisfy { alike[id]?.contains($0) ?? false } }) else { continue }
                    members[one] = mine + theirs
                    members[other] = nil
                    for id in mine + theirs { home[id] = one }
                    reasons[one, default: []] += reasons.removeValue(forKey: other) ?? []
                }
                reasons[one, default: []] += pair.reasons
            }
            var groups: [(ids: [Int64], reasons: [String])] = []
            for (key, ids) in members {
                var known: Set<String> = []
                let why: [String] = (reasons[key] ?? []).filter { known.insert($0).inserted }
                groups.append((ids: ids, reasons: why))
            }
            return groups
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
