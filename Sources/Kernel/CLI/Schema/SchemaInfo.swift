import PluginAPI

/// What the deployment tells of itself: the records that it keeps, with their fields and actions. Everything that the record
/// commands know comes from here, so that plugins and custom fields appear without a word about them in this code.
struct SchemaInfo: Sendable {
    var entities: [EntityInfo]
    var currency: String

    init(_ node: JSONValue) {
        entities = node["entities"].elements.map(EntityInfo.init)
        currency = node["currency"].scalar
    }

    /// By the plural in URLs, the name, or either with dashes and underscores swapped.
    func entity(_ word: String) -> EntityInfo? {
        let dashed = word.dashed
        return entities.first { $0.path == dashed } ?? entities.first { $0.name.dashed == dashed }
    }

    func entity(named name: String) -> EntityInfo? { entities.first { $0.name == name } }
}

struct EntityInfo: Sendable {
    var name: String
    var path: String
    var title: String
    var pluralTitle: String
    var group: String
    var labelField: String
    var columns: [String]
    var filters: [String]
    var sort: String
    var sections: [(title: String, fields: [String])]
    var fields: [FieldInfo]
    var actions: [ActionInfo]
    var links: [(path: String, field: String, title: String)]
    /// Whether there are figures above the list.
    var hasCards: Bool
    /// What the list counts besides its fields.
    var counts: [FieldInfo]
    /// Whether records stand in an order of their own.
    var isOrdered: Bool
    var boards: [BoardInfo]
    var marks: [(name: String, title: String)]
    var panels: [(name: String, title: String)]
    /// Whether lists leave some records out.
    var setsAside: Bool

    init(_ node: JSONValue) {
        name = node["name"].scalar
        path = node["path"].scalar
        title = node["title"].scalar
        pluralTitle = node["plural_title"].scalar
        group = node["group"].scalar
        labelField = node["label_field"].scalar
        columns = node["list"]["columns"].strings
        filters = node["list"]["filters"].strings
        sort = node["list"]["sort"].scalar
        sections = node["sections"].elements.map { ($0["title"].scalar, $0["fields"].strings) }
        fields = node["fields"].elements.map(FieldInfo.init)
        actions = node["actions"].elements.map(ActionInfo.init)
        links = node["links"].elements.map { ($0["path"].scalar, $0["field"].scalar, $0["title"].scalar) }
        hasCards = !node["list"]["cards"].strings.isEmpty
        counts = node["list"]["counts"].elements.map { count in
            FieldInfo(.fields(["name": .string("counts." + count["name"].scalar), "label": .string(count["label"].scalar), "type": .string("integer")]))
        }
        isOrdered = node["ordered"].bool ?? false
        boards = node["boards"].elements.map(BoardInfo.init)
        marks = node["marks"].elements.map { ($0["name"].scalar, $0["title"].scalar) }
        setsAside = node["sets_aside"].bool ?? false
        panels = node["panels"].elements.map { ($0["name"].scalar, $0["title"].scalar) }
        if columns.isEmpty { columns = fields.filter { !$0.isHidden && !$0.isSystem }.prefix(6).map(\.name) }
    }

    func field(_ name: String) -> FieldInfo? { fields.first { $0.name == name } }
    func action(_ word: String) -> ActionInfo? { actions.first { $0.name == word.dashed } }

    /// The fields that people fill in, in the order of the page.
    var editable: [FieldInfo] {
        let ordered = sections.flatMap(\.fields).compactMap(field)
        let rest = fields.filter { field in !ordered.contains { $0.name == field.name } }
        return (ordered + rest).filter { !$0.isReadOnly && !$0.isSystem && !$0.isHidden }
    }
}

struct BoardInfo: Sendable {
    var name: String
    var title: String
    var by: String
    var isByMonth: Bool
    /// The field that picks one board among several; empty for none.
    var within: String
    var sums: [String]
    var rows: [String]

    init(_ node: JSONValue) {
        name = node["name"].scalar
        title = node["title"].scalar
        by = node["by"].scalar
        isByMonth = node["is_by_month"].bool ?? false
        within = node["within"].scalar
        sums = node["sums"].strings
        rows = node["rows"].strings
    }
}

struct ActionInfo: Sendable {
    var name: String
    var title: String
    var summary: String
    var fields: [FieldInfo]

    init(_ node: JSONValue) {
        name = node["name"].scalar
        title = node["title"].scalar
        summary = node["summary"].scalar
        fields = node["fields"].elements.map(FieldInfo.init)
    }
}

struct FieldInfo: Sendable {
    enum Kind: String, Sendable {
        case text, integer, boolean, decimal, money, day, moment, reference, references, choice, json
    }
    struct Option: Sendable { var key, label, color: String }

    var name: String
    var label: String
    var kind: Kind
    var isRequired: Bool
    var isReadOnly: Bool
    var isHidden: Bool
    var isSystem: Bool
    var isUnique: Bool
    var isCustom: Bool
    var help: String
    var fallback: JSONValue
    var maxLength: Int64?
    var isMultiline: Bool
    /// An e-mail address, a number or a link: of use only when it can be told from others.
    var isAddress: Bool
    var options: [Option]
    var target: String
    /// Asked for only while another field has one of these values.
    var shownWhen: (field: String, values: [String])?

    private static let systemNames = ["id", "version", "created_at", "created_by", "updated_at", "updated_by"]

    init(_ node: JSONValue) {
        name = node["name"].scalar
        label = node["label"].string ?? node["name"].scalar.readable
        kind = Kind(rawValue: node["type"].scalar) ?? .text
        isRequired = node["required"].bool ?? false
        isReadOnly = node["read_only"].bool ?? false
        isHidden = node["hidden"].bool ?? false
        isSystem = node["system"].bool ?? FieldInfo.systemNames.contains(node["name"].scalar)
        isUnique = node["unique"].bool ?? false
        isCustom = node["custom"].bool ?? false
        help = node["help"].scalar
        fallback = node["default"] ?? .null
        maxLength = node["max_length"].int
        isMultiline = node["format"].scalar == "multiline"
        isAddress = ["email", "phone", "url"].contains(node["format"].scalar)
        options = node["options"].elements.map { Option(key: $0["key"].scalar, label: $0["label"].scalar, color: $0["color"].scalar) }
        target = node["target"].scalar
        if let condition = node["shown_when"], let field = condition["field"]?.string {
            shownWhen = (field, condition["values"].elements.map(\.scalar))
        }
    }

    /// Whether a record cannot be added without it.
    var mustBeGiven: Bool { isRequired && fallback.isNull }

    /// The name on the command line.
    var option: String { name.dashed }

    var isNumeric: Bool {
        switch kind {
        case .integer, .decimal, .money: true
        default: false
        }
    }

    /// What stands for the value in help.
    var placeholder: String {
        switch kind {
        case .text, .json: "text"
        case .integer: "integer"
        case .boolean: "true|false"
        case .decimal: "number"
        case .money: "amount"
        case .day: "YYYY-MM-DD"
        case .moment: "moment"
        case .reference: "id|name"
        case .references: "id|name,…"
        case .choice: options.count <= 5 && !options.isEmpty ? options.map(\.key).joined(separator: "|") : "choice"
        }
    }
}

extension String {
    var dashed: String { replacing("_", with: "-") }
    var underscored: String { replacing("-", with: "_") }
}
