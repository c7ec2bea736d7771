import PluginAPI

/// Sent when an entry is finished.
let entryFinished = Hook<EntryFinished>("acme_loyalty_finished")

struct EntryFinished: HookPayload {
    var entry: RecordID
}

/// Finishes an entry: a button on its page, an address in JSON, and `tenon acme-loyalty-entries finish 7`.
enum FinishEntry: Action {
    typealias Target = Entry

    static let name = "finish"
    static let summary = "Note what came of it."
    static let style = ActionStyle.primary
    static let note = Field<String>("note", .multiline)
    static let form = Form<Self>(note)

    static func isAvailable(_ entry: Record<Entry>) -> Bool { entry[Entry.state] == .open }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var entry = call.record
        entry[Entry.note] = call[note]
        entry[Entry.state] = .finished
        try transaction.save(entry)
        try transaction.emit(entryFinished, EntryFinished(entry: entry.id))
        call.message = "The entry is finished."
    }
}
