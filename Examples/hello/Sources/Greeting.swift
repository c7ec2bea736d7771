import PluginAPI

/// A way to say hello.
enum Greeting: Entity {
    static let text = Field<String>("text", .maxLength(80), .searchable)
    static let language = Field<String?>("language", .maxLength(40))
    static let schema = Schema("greeting", text, language)
}
