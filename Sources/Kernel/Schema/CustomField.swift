import FoundationEssentials
import PluginAPI

/// A field that an administrator made at run time. In the registry it is a field like any other.
struct CustomField: Sendable {
    let id: Int64
    let entity: String
    let name: String
    var definition: CustomFieldDefinition

    var description: FieldDescription {
        get throws { try definition.description(named: name) }
    }
}

/// What an administrator said about a field, as it is stored and sent.
struct CustomFieldDefinition: Codable, Sendable, Equatable {
    struct Option: Codable, Sendable, Equatable {
        var key: String
        var label: String?
        var color: String?
    }

    /// `text`, `multiline`, `email`, `phone`, `url`, `color`, `integer`, `boolean`, `decimal`, `money`, `day`, `moment`,
    /// `choice`, `reference`, `references` or `formula`.
    var kind: String
    var label: String?
    var help: String?
    var required: Bool?
    var options: [Option]?
    /// The entity that a reference points at.
    var target: String?
    /// The decimal places of a number, 0 to 9.
    var scale: Int?
    var maxLength: Int?
    var searchable: Bool?
    var unique: Bool?
    var indexed: Bool?
    /// The text of a formula field.
    var formula: String?
    /// What the formula comes to: the kind of field that holds it. Found out when the formula is read.
    var result: String?
    /// The functions of plugins that it calls, each with its plugin: to say what is missing while that is switched off.
    var functions: [String: String]?

    static let kinds: [String] = [
        "text", "multiline", "email", "phone", "url", "color", "integer", "boolean", "decimal", "money", "day", "moment", "choice",
        "reference", "references", "formula",
    ]

    enum CodingKeys: String, CodingKey {
        case kind, label, help, required, options, target, scale, searchable, unique, indexed, formula, result, functions
        case maxLength = "max_length"
    }

    init(kind: String, label: String? = nil) {
        self.kind = kind
        self.label = label
    }

    init(json: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
    }

    var json: String {
        get throws { String(decoding: try PayloadCoding.encode(self), as: UTF8.self) }
    }

    func description(named name: String) throws -> FieldDescription {
        var field = FieldDescription(name: name, kind: try fieldKind, isRequired: required ?? false)
        if let label, !label.isEmpty { field.label = label }
        field.help = help ?? ""
        field.format = TextFormat(rawValue: kind) ?? .plain
        field.maxLength = maxLength
        field.isSearchable = searchable ?? false
        field.isUnique = unique ?? false
        field.isIndexed = indexed ?? false
        field.isCustom = true
        field.isReadOnly = kind == "formula"
        // A record that is deleted elsewhere must not be held up by a field that somebody added for themselves.
        field.whenTargetIsDeleted = .clear
        return field
    }

    private var fieldKind: FieldKind {
        get throws {
            switch kind == "formula" ? result ?? "" : kind {
            case "text", "multiline", "email", "phone", "url", "color": return .text
            case "integer": return .integer
            case "boolean": return .boolean
            case "decimal":
                let places: Int = scale ?? 2
                guard (0...9).contains(places) else { throw Self.problem("scale", "a number has 0 to 9 decimal places") }
                return .decimal(scale: places)
            case "money": return .money
            case "day": return .day
            case "moment": return .moment
            case "choice": return .choice(try choices)
            case "reference", "references":
                guard let target, !target.isEmpty else { throw Self.problem("target", "name the entity that it points at") }
                return kind == "reference" ? .reference(target) : .references(target)
            case "" where kind == "formula": throw Self.problem("formula", "is missing")
            default:
                throw Self.problem("kind", "there is no kind \(kind); there are " + Self.kinds.joined(separator: ", "))
            }
        }
    }

    private var choices: [ChoiceOption] {
        get throws {
            guard let options, !options.isEmpty else { throw Self.problem("options", "a choice needs options") }
            guard Set(options.map(\.key)).count == options.count, !options.contains(where: \.key.isEmpty) else {
                throw Self.problem("options", "each option needs a key of its own")
            }
            return options.map { ChoiceOption($0.key, label: $0.label, color: $0.color ?? "") }
        }
    }

    private static func problem(_ field: String, _ message: String) -> CRMError {
        CRMError(.invalid, "the custom field cannot be made", problems: [Problem(field: field, message)])
    }
}
