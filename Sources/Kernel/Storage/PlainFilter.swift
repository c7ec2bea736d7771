import PluginAPI

/// A condition that a record alone decides, whoever asks and whenever: what figures are kept by. It says of each record what the
/// database says of its row.
struct PlainFilter: Sendable {
    private let filter: Filter
    private let places: [String: Int]

    /// Nil for conditions that depend on the moment, on the user, on other records or on how texts compare.
    init?(_ filter: Filter, _ fields: [String: FieldModel]) {
        var places: [String: Int] = [:]
        guard Self.take(filter, fields, &places) else { return nil }
        self.filter = filter
        self.places = places
    }

    private static func take(_ filter: Filter, _ fields: [String: FieldModel], _ places: inout [String: Int]) -> Bool {
        switch filter {
        case .all(let parts), .any(let parts): return parts.allSatisfy { take($0, fields, &places) }
        case .not(let part): return take(part, fields, &places)
        case .compare(let name, .equal, let operand), .compare(let name, .notEqual, let operand):
            return take(name, [operand], fields, &places)
        case .oneOf(let name, let operands): return take(name, operands, fields, &places)
        case .empty(let name): return take(name, [], fields, &places)
        case .compare, .search: return false
        }
    }

    private static func take(_ name: String, _ operands: [Operand], _ fields: [String: FieldModel], _ places: inout [String: Int]) -> Bool {
        guard let field = fields[name], field.isStored, field.formula == nil else { return false }
        switch field.type {
        case .choice, .boolean, .integer, .reference: places[name] = field.place
        default: return false
        }
        return operands.allSatisfy { if case .value = $0 { true } else { false } }
    }

    func holds(_ record: RecordData) -> Bool { holds(filter, record) }

    private func holds(_ filter: Filter, _ record: RecordData) -> Bool {
        switch filter {
        case .all(let parts): parts.allSatisfy { holds($0, record) }
        case .any(let parts): parts.contains { holds($0, record) }
        case .not(let part): !holds(part, record)
        case .compare(let name, .notEqual, let operand): !equals(name, operand, record)
        case .compare(let name, _, let operand): equals(name, operand, record)
        case .oneOf(let name, let operands): operands.contains { equals(name, $0, record) }
        case .empty(let name): places[name].map { record.values[$0].isEmpty } ?? false
        case .search: false
        }
    }

    private func equals(_ name: String, _ operand: Operand, _ record: RecordData) -> Bool {
        guard let place = places[name], case .value(let value) = operand else { return false }
        return value.isEmpty ? record.values[place].isEmpty : record.values[place] == value
    }
}

extension Filter {
    /// The fields that must have one certain value each, where the condition is nothing but these: what an index can begin with.
    var plainEqualities: [String] {
        switch self {
        case .all(let parts): parts.flatMap(\.plainEqualities)
        case .compare(let name, .equal, .value(let value)) where value != .null && name != Filter.formulaName: [name]
        default: []
        }
    }
}
