/// A JSON document, read and written without loss: numbers keep their digits, members their order.
///
/// ```swift
/// let visit: JSON = ["subject": "Spring tour", "company": 4]
/// #expect(answer["state"] == "planned")
/// ```
public enum JSON: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// As it was written.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// A name with its value.
    public struct Member: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The value.
        public var value: JSON
        /// Makes a member.
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The value of a member; null when there is none.
    public subscript(name: String) -> JSON {
        get { members.first { $0.name == name }?.value ?? .null }
        set {
            var members = members
            if let place = members.firstIndex(where: { $0.name == name }) {
                members[place].value = newValue
            } else {
                members.append(Member(name, newValue))
            }
            self = .object(members)
        }
    }

    /// An item of an array; null when there is none.
    public subscript(place: Int) -> JSON { items.indices.contains(place) ? items[place] : .null }

    /// The members of an object; none of anything else.
    public var members: [Member] { if case .object(let members) = self { members } else { [] } }
    /// The items of an array; none of anything else.
    public var items: [JSON] { if case .array(let items) = self { items } else { [] } }
    /// The text of a string, the digits of a number, `true` or `false`; empty for anything else.
    public var text: String {
        switch self {
        case .string(let text), .number(let text): text
        case .boolean(let flag): flag ? "true" : "false"
        default: ""
        }
    }
    /// The whole number, if it is one.
    public var int: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    /// The flag, if it is one.
    public var bool: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
    /// Whether it is null.
    public var isNull: Bool { self == .null }
    /// The texts of an array's items.
    public var texts: [String] { items.map(\.text) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .number(String(value)) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
    public init(nilLiteral: ()) { self = .null }
    /// A number.
    public init(_ number: Int) { self = .number(String(number)) }
    /// A text.
    public init(_ text: String) { self = .string(text) }
}

extension JSON: CustomStringConvertible {
    /// The document as text, in one line.
    public var description: String {
        switch self {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .number(let text): text
        case .string(let text): JSON.quoted(text)
        case .array(let items): "[" + items.map(\.description).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { JSON.quoted($0.name) + ":" + $0.value.description }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
