import PluginAPI

/// What the plugin keeps: something with a due day that somebody looks after.
enum Entry: Entity {
    static let name = Field<String>("name", .maxLength(200), .searchable)
    static let due = Field<Day?>("due", .indexed)
    static let owner = Field<Reference<User>?>("assigned_to", .owner, .label("Owner"))
    static let state = Field<EntryState>("state", .byDefault(EntryState.open), .readOnly)
    static let note = Field<String?>("note", .multiline)

    static let schema = Schema("acme_loyalty_entry", name, due, owner, state, note).icon("flag").group("Work")

    /// What is wrong with an entry; nothing mostly.
    static func problems(_ entry: Record<Entry>) -> [Problem] {
        guard entry[state] == .finished, entry.isEmpty(note) else { return [] }
        return [Problem(note, "says what came of an entry that is finished")]
    }
}

enum EntryState: String, Choice {
    case open, finished

    var color: String { self == .finished ? "#2e7d32" : "#1565c0" }
}
