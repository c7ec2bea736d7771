import PluginAPI

/// What the trail keeps for the way back and shows to nobody: under a name that no field has.
enum TrailFacts {
    static let key = "#"

    fileprivate static func derived(of entity: EntityModel) -> [FieldModel] {
        entity.fields.filter { $0.description.isDerived && $0.isStored && $0.formula == nil }
    }
}

/// Fields that a plugin works out, as they were and as they became: noted with changes that can be taken back, since nobody
/// may be able to work out the old ones again.
struct DerivedFacts: Sendable {
    private(set) var values: [String: (old: Value, new: Value)] = [:]

    init(_ entity: EntityModel, _ old: RecordData, _ new: RecordData?) {
        for field in TrailFacts.derived(of: entity) {
            let (before, after): (Value, Value) = (old.values[field.place], new?.values[field.place] ?? .null)
            if before != after { values[field.name] = (before, after) }
        }
    }

    /// Reads what ``write(_:)`` wrote.
    init(_ json: String, _ entity: EntityModel) throws {
        let facts: JSONValue? = try JSONValue(parsing: Array(json.utf8))[TrailFacts.key]?["derived"]
        for member in facts?.members ?? [] {
            guard let field = entity.field(member.name), let pair = member.value.array, pair.count == 2 else { continue }
            values[member.name] = (AuditJSON.value(pair[0], field), AuditJSON.value(pair[1], field))
        }
    }

    func write(_ writer: inout JSONWriter) {
        guard !values.isEmpty else { return }
        writer.key(TrailFacts.key)
        writer.beginObject()
        writeMembers(&writer)
        writer.endObject()
    }

    fileprivate func writeMembers(_ writer: inout JSONWriter) {
        writer.key("derived")
        writer.beginObject()
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            writer.key(name)
            writer.beginArray()
            writer.value(value.old)
            writer.value(value.new)
            writer.endArray()
        }
        writer.endObject()
    }
}

/// What a deleted record had besides its fields, so that it can come back as it was.
struct DeletionFacts: Sendable {
    /// When and by whom it was made.
    var createdAt: Value = .null
    var createdBy: Value = .null
    /// Its place on a board.
    var rank: Int64?
    let derived: DerivedFacts

    init(of record: RecordData, _ entity: EntityModel, rank: Int64?) {
        (createdAt, createdBy, self.rank) = (record.values[0], record.values[1], rank)
        derived = DerivedFacts(entity, record, nil)
    }

    /// Reads what ``write(_:)`` wrote; nothing for entries from before there was any.
    init(_ json: String, _ entity: EntityModel) throws {
        derived = try DerivedFacts(json, entity)
        let facts: JSONValue? = try JSONValue(parsing: Array(json.utf8))[TrailFacts.key]
        createdAt = facts?["created_at"]?.int.map { .moment(Moment(milliseconds: $0)) } ?? .null
        createdBy = facts?["created_by"]?.int.map(Value.integer) ?? .null
        rank = facts?["rank"]?.int
    }

    func write(_ writer: inout JSONWriter) {
        writer.key(TrailFacts.key)
        writer.beginObject()
        if case .moment(let moment) = createdAt { writer.field("created_at", moment.milliseconds) }
        if case .integer(let user) = createdBy { writer.field("created_by", user) }
        if let rank { writer.field("rank", rank) }
        derived.writeMembers(&writer)
        writer.endObject()
    }
}
