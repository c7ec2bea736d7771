/// An entity as the JSON front describes it.
struct CompatEntity: Sendable {
    struct Field: Sendable {
        let json: JSON
        var name: String { json["name"].text }
        var type: String { json["type"].text }
        var format: String { json["format"].text }
        var label: String { json["label"].text }
        var target: String { json["target"].text }
        var isRequired: Bool { json["required"].bool ?? false }
        var isSystem: Bool { json["system"].bool ?? false }
        var isHidden: Bool { json["hidden"].bool ?? false }
        var isUnique: Bool { json["unique"].bool ?? false }
        var isSearchable: Bool { json["searchable"].bool ?? false }
        /// Whether people set it.
        var isWritable: Bool { !isSystem && !(json["read_only"].bool ?? false) }
        var maxLength: Int? { json["max_length"].int }
        /// Free text of one line or several: takes almost anything.
        var isFreeText: Bool { type == "text" && ["plain", "multiline", ""].contains(format) }
    }

    let json: JSON
    let fields: [Field]
    var name: String { json["name"].text }
    var path: String { json["path"].text }
    var title: String { json["title"].text }
    var pluginID: String { json["plugin"].text }
    var hasBoard: Bool { json["has_board"].bool ?? false }
    var columns: [String] { json["list"]["columns"].texts }
    var filters: [String] { json["list"]["filters"].texts }
    var presets: [JSON] { json["presets"].items }
    var actions: [JSON] { json["actions"].items }
    var rights: [String] { json["rights"].texts }
    var labelField: String { json["label_field"].text }

    init(_ json: JSON) {
        self.json = json
        fields = json["fields"].items.map(Field.init)
    }

    func field(_ name: String) -> Field? { fields.first { $0.name == name } }
    /// What people fill in.
    var writable: [Field] { fields.filter(\.isWritable) }
    var required: [Field] { writable.filter(\.isRequired) }
}
