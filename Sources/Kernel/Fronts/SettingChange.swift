import PluginAPI

/// One setting that takes another value.
struct SettingChange: Sendable {
    let entry: Contributions.SettingEntry
    let plugin: String
    /// What is stored; nil while the default holds.
    let old: Value?
    let new: Value
    /// Whether the default is stored, too, when it is given.
    var storesDefault = false

    /// The value in force before.
    var before: Value { old ?? entry.fallback }
    /// What is stored from now on: nothing where the default holds.
    var stored: Value? { new == entry.fallback && !storesDefault ? nil : new }
    /// Whether anything is different afterwards.
    var isReal: Bool { old != stored }

    /// A value as it may be told: nobody sees a secret, not even in the trail.
    func told(_ value: Value) -> Value { entry.field.isSecret ? .null : value }

    /// Why this user may not change it, or nil: what the product may reach in the network around it is no matter of taste.
    func refusal(for actor: Actor) -> String? {
        guard entry.key == KernelSettings.privateAddresses.key, !actor.can(.managePlugins) else { return nil }
        return "may be changed only by those who manage plugins"
    }
}

extension StoreTransaction {
    /// What the trail calls a plugin's settings, which are no records: its name goes with the plugin when that is uninstalled.
    static func settingTrail(_ plugin: String) -> String { "tenon.setting." + plugin }

    /// Stores a setting, with an entry in the trail.
    func store(_ change: SettingChange) throws {
        try SettingsTable.store(connection, key: change.entry.key, value: change.stored, plugin: change.plugin)
        let changes = JSONWriter.object { json in
            json.key(change.entry.key)
            json.beginArray()
            json.value(change.told(change.before))
            json.value(change.told(change.new))
            json.endArray()
        }
        try connection.execute(
            "INSERT INTO tenon_audit (entity, record, version, at, user_id, via, action, changes) VALUES (?, 0, 0, ?, ?, ?, ?, ?)",
            [
                .text(StoreTransaction.settingTrail(change.plugin)), .integer(now.milliseconds), actor.userID.map(SQLValue.integer) ?? .null,
                .text(actor.via), .text(change.stored == nil ? "reset" : "set"), .text(String(decoding: changes, as: UTF8.self)),
            ])
        try ChangeLog.note(.settings, connection)
    }

    struct SettingEvent {
        var at: Moment
        var user: Int64?
        var via: String
        var key: String
        var old: JSONValue
        var new: JSONValue
    }

    /// The latest changes of settings.
    func settingHistory(limit: Int) throws -> [SettingEvent] {
        let trails: [String] = Set(registry.settings.map(\.plugin)).sorted().map(StoreTransaction.settingTrail)
        let marks: String = trails.map { _ in "?" }.joined(separator: ", ")
        return try connection.all(
            "SELECT at, user_id, via, changes FROM tenon_audit WHERE entity IN (\(marks)) AND record = 0 ORDER BY id DESC LIMIT ?",
            trails.map(SQLValue.text) + [.integer(Int64(limit))]
        ) { row in
            let change = try JSONValue(parsing: Array(row.text(3).utf8)).members?.first
            let pair: [JSONValue] = change?.value.array ?? []
            return SettingEvent(
                at: Moment(milliseconds: row.integer(0)), user: row.optionalInteger(1), via: row.text(2), key: change?.name ?? "",
                old: pair.first ?? .null, new: pair.last ?? .null)
        }
    }
}
