import PluginAPI

/// Several records of one entity that are to become one.
struct MergeRequest: Sendable {
    /// The one that stays.
    var survivor: RecordID
    /// Those that go.
    var others: [RecordID]
    /// The record that gives a field its value. Lists that are not named get the entries of all records.
    var take: [String: RecordID] = [:]
    /// Values that none of the records has to have.
    var values: [String: Value] = [:]
    /// The versions that the decision was made on; a record that has another by now is told.
    var versions: [RecordID: Int64] = [:]

    /// How many records become one at a time.
    static let most = 10

    var all: [RecordID] { [survivor] + others }
}

/// What a merge came to.
struct MergeOutcome: Sendable {
    var record: RecordData
    /// The set by which it can be taken back.
    var change: Int64
}

/// Records side by side: the fields in which they differ, as far as the reader may see and change them.
struct MergeComparison: Sendable {
    struct Difference: Sendable {
        let field: FieldModel
        /// In the order of the records.
        let values: [Value]
        /// The place of the record whose value is taken unless said otherwise: the newest that has one. Nil for lists, which
        /// are put together.
        let suggested: Int?
    }

    /// In the order in which they were named.
    let records: [RecordData]
    let differences: [Difference]
    /// How many fields have the same value in all of them.
    let same: Int

    init(_ records: [RecordData], _ entity: EntityModel, _ actor: Actor) {
        self.records = records
        let newest: [Int] = records.indices.sorted { MergeComparison.isNewer(records[$0], records[$1]) }
        var differences: [Difference] = []
        var same = 0
        for field in MergeComparison.fields(of: entity, for: actor) {
            let values: [Value] = records.map { $0.values[field.place] }
            if values.dropFirst().allSatisfy({ $0 == values[0] || ($0.isEmpty && values[0].isEmpty) }) {
                if !values[0].isEmpty { same += 1 }
                continue
            }
            let suggested: Int? = field.isList ? nil : newest.first { !values[$0].isEmpty }
            differences.append(Difference(field: field, values: values, suggested: suggested))
        }
        self.differences = differences
        self.same = same
    }

    /// The fields that whoever merges decides on.
    static func fields(of entity: EntityModel, for actor: Actor) -> [FieldModel] {
        entity.editableFields(for: actor)
    }

    static func isNewer(_ left: RecordData, _ right: RecordData) -> Bool {
        guard case .moment(let one) = left.values[2], case .moment(let other) = right.values[2], one != other else { return left.id.raw > right.id.raw }
        return one > other
    }
}
