import PluginAPI

/// A JSON document as the value of a field: the text as it is stored.
struct JSONText: FieldValue, Hashable {
    var text: String

    init(_ text: String) { self.text = text }

    static var kind: FieldKind { .json }
    static var blank: JSONText { JSONText("{}") }
    init?(value: Value) {
        guard case .text(let text) = value else { return nil }
        self.text = text
    }
    var value: Value { .text(text) }
}
