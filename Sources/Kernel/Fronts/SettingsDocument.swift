import PluginAPI

/// Settings as a file: `{"format": "tenon-settings", "version": 1, "settings": {"kernel.currency": "EUR", …}}`, with the values that
/// are in force.
struct SettingsDocument: Sendable {
    static let format = "tenon-settings"

    var settings: [JSONValue.Member]

    /// Reads a file; throws `malformed` unless it is one of settings. A plain object of keys and values will do as well.
    init(parsing bytes: [UInt8]) throws {
        let json = try JSONValue(parsing: bytes)
        if let format = json["format"] {
            guard format.text == SettingsDocument.format else {
                throw CRMError(.malformed, "this is no file of settings", hint: "Take one that was exported as settings.")
            }
            guard json["version"]?.int == 1 else {
                throw CRMError(.malformed, "the file is of another version", hint: "Export it from this release.")
            }
        }
        let found: JSONValue? = json["format"] == nil ? json : json["settings"]
        guard let members = found?.members else {
            throw CRMError(.malformed, "the file holds no settings", hint: "They stand under settings, as keys and values.")
        }
        settings = members
    }

    /// All settings with their values in force.
    static func export(_ kernel: Kernel) -> FrontResponse {
        let stored: [String: Value] = kernel.store.settings.values
        let entries: [Contributions.SettingEntry] = kernel.store.registry.settings.map(\.body).sorted { $0.key < $1.key }
        let bytes = JSONWriter.object { json in
            json.field("format", format)
            json.field("version", 1)
            json.key("settings")
            json.beginObject()
            for entry in entries {
                json.key(entry.key)
                json.value(stored[entry.key] ?? entry.fallback)
            }
            json.endObject()
        }
        let response = FrontResponse.json(bytes)
        return response.with("content-disposition", "attachment; filename=\"settings.json\"")
    }

    /// `"changes": [{"key", "label", "plugin", "from", "to"}]`
    static func write(_ changes: [SettingChange], to json: inout JSONWriter) {
        json.key("changes")
        json.beginArray()
        for change in changes {
            json.beginObject()
            json.field("key", change.entry.key)
            json.field("label", change.entry.field.label)
            json.field("plugin", change.plugin)
            json.key("from")
            json.value(change.before)
            json.key("to")
            json.value(change.new)
            json.field("is_default", change.stored == nil)
            json.endObject()
        }
        json.endArray()
    }
}
