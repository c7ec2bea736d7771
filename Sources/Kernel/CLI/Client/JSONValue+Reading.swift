/// Reading answers: a member that is missing reads as nothing, so that a client survives a server that tells more or less.
extension JSONValue {
    /// A string, number or truth value as plain text; empty for everything else.
    var scalar: String {
        switch self {
        case .string(let text), .number(let text): text
        case .boolean(let flag): flag ? "true" : "false"
        case .null, .array, .object: ""
        }
    }
    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }
    var elements: [JSONValue] { array ?? [] }
    var strings: [String] { elements.compactMap(\.string) }
    var isNull: Bool { self == .null }
}

extension JSONValue? {
    subscript(name: String) -> JSONValue? { self?[name] }
    var scalar: String { self?.scalar ?? "" }
    var string: String? { self?.string }
    var bool: Bool? { self?.bool }
    var int: Int64? { self?.int }
    var elements: [JSONValue] { self?.elements ?? [] }
    var strings: [String] { self?.strings ?? [] }
    var isNull: Bool { self?.isNull ?? true }
}

extension JSONValue {
    static func fields(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        .object(members.map { Member(name: $0.key, value: $0.value) })
    }

    static func integer(_ number: Int64) -> JSONValue { .number(String(number)) }

    /// Sets a member of an object.
    mutating func set(_ name: String, _ value: JSONValue) {
        guard case .object(var members) = self else { return }
        if let place = members.firstIndex(where: { $0.name == name }) {
            members[place].value = value
        } else {
            members.append(Member(name: name, value: value))
        }
        self = .object(members)
    }
}
