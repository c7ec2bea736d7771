import PluginAPI

/// What somebody wrote down about a record. Kept by the record's number, also while the record is not there: a record that
/// comes back has its notes again.
struct Note: Sendable {
    static let table = "tenon_note"
    /// The columns that the search over everything looks into.
    static let searched = ["text"]

    let id: Int64
    let at: Moment
    /// Who wrote it; nil for the product itself.
    let user: Int64?
    let via: String
    let text: String
    let editedAt: Moment?

    static let columns = "id, at, user_id, via, text, edited_at"

    init(_ row: any Row) {
        id = row.integer(0)
        at = Moment(milliseconds: row.integer(1))
        user = row.optionalInteger(2)
        via = row.text(3)
        text = row.text(4)
        editedAt = row.optionalInteger(5).map(Moment.init(milliseconds:))
    }

    /// How the text is asked for and checked.
    static let field = FieldModel(SystemNote.text.description, place: 0, plugin: Composition.kernel)
}

/// The words of a note, as a field.
enum SystemNote: FieldOwner {
    static let text = Field<String>("text", .label("Note"), .multiline, .maxLength(10_000))
}

/// Somebody has written a note.
struct NoteAdded: HookPayload {
    /// The record's entity, by name.
    var entity: String
    var record: RecordID
    var note: RecordID
}

enum NoteContributions {
    static let added = Hook<NoteAdded>("note_added")

    static func register(with crm: inout Registrar) {
        crm.hook(added, "Somebody has written a note on a record.")
    }
}
