import PluginAPI

/// Who switched which plugin or made which field, kept in the audit trail beside the changes of records.
enum PluginHistory {
    struct Change: Sendable {
        var plugin: String
        /// `enabled`, `disabled`, `upgraded`, `uninstalled`, `restored`.
        var action: String
        var version: (old: String, new: String) = ("", "")
        /// More of what changed, as `name → new value`.
        var facts: [(name: String, value: String)] = []
    }

    static let plugins = "plugin"
    static let fields = "custom_field"

    static func note(_ change: Change, by actor: Actor?, at now: Moment, _ connection: any Connection) throws {
        let json = JSONWriter.object { json in
            pair(&json, "plugin", "", change.plugin)
            if change.version.old != change.version.new { pair(&json, "version", change.version.old, change.version.new) }
            for fact in change.facts { pair(&json, fact.name, "", fact.value) }
        }
        try write(plugins, record: 0, change.action, json, by: actor, at: now, connection)
    }

    /// A custom field that was made, changed, removed or purged.
    static func note(
        _ field: CustomField, _ action: String, old: CustomFieldDefinition?, by actor: Actor, at now: Moment, _ connection: any Connection
    ) throws {
        let (before, after): (String, String) = (try old?.json ?? "", try field.definition.json)
        let json = JSONWriter.object { json in
            pair(&json, "field", "", field.entity + "." + field.name)
            if before != after { pair(&json, "definition", before, after) }
        }
        try write(fields, record: field.id, action, json, by: actor, at: now, connection)
    }

    private static func pair(_ json: inout JSONWriter, _ name: String, _ old: String, _ new: String) {
        json.key(name)
        json.beginArray()
        if old.isEmpty { json.null() } else { json.string(old) }
        json.string(new)
        json.endArray()
    }

    private static func write(
        _ entity: String, record: Int64, _ action: String, _ json: [UInt8], by actor: Actor?, at now: Moment, _ connection: any Connection
    ) throws {
        try connection.execute(
            "INSERT INTO tenon_audit (entity, record, version, at, user_id, via, action, changes) VALUES (?, ?, 0, ?, ?, ?, ?, ?)",
            [
                .text(entity), .integer(record), .integer(now.milliseconds), actor?.userID.map(SQLValue.integer) ?? .null,
                .text(actor?.via ?? "start"), .text(action), .text(String(decoding: json, as: UTF8.self)),
            ])
        // Whatever is worth a line here, other servers have to follow.
        try ChangeLog.note(.composition, connection)
    }

    /// One line of the history.
    struct Entry: Sendable {
        let at: Moment
        let user: Int64?
        let via: String
        let action: String
        let plugin: String
        let old: String
        let new: String
    }

    /// What became of a plugin, the latest first.
    static func entries(of plugin: String, limit: Int, _ connection: any Connection) throws -> [Entry] {
        let all: [Entry] = try connection.all(
            "SELECT at, user_id, via, action, changes FROM tenon_audit WHERE entity = ? AND record = 0 ORDER BY id DESC LIMIT 1000",
            [.text(plugins)]
        ) { row in
            let json: JSONValue = (try? JSONValue(parsing: Array(row.text(4).utf8))) ?? .null
            func side(_ name: String, _ place: Int) -> String {
                let pair: [JSONValue] = json[name]?.array ?? []
                return pair.count == 2 ? pair[place].text ?? "" : ""
            }
            return Entry(
                at: Moment(milliseconds: row.integer(0)), user: row.optionalInteger(1), via: row.text(2), action: row.text(3),
                plugin: side("plugin", 1), old: side("version", 0), new: side("version", 1))
        }
        return Array(all.filter { $0.plugin == plugin }.prefix(limit))
    }
}
