import PluginAPI

/// A book with entries: everything that a plugin can leave behind.
enum Book: Entity {
    static let title = Field<String>("title", .searchable, .unique)
    static let schema = Schema("ledgerly_book", title)
}

enum Entry: Entity {
    static let label = Field<String>("label", .searchable)
    static let book = Field<Reference<Book>?>("book")
    static let amount = Field<Money?>("amount")
    static let schema = Schema("ledgerly_entry", label, book, amount)
}

struct EntryBooked: HookPayload { var entry: RecordID }

let entryBooked = Hook<EntryBooked>("ledgerly_booked")
let color = Setting<String>("ledgerly.color", "Colour", default: "blue")

struct LedgerlyPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Book.self)
        crm.entity(Entry.self)
        crm.list(Entry.self, columns: [Entry.label, Entry.book, Entry.amount], filters: [Entry.book])
        crm.hook(entryBooked, "An entry was booked.")
        crm.onSave(Entry.self) { change, transaction in
            if change.isNew { try transaction.emit(entryBooked, EntryBooked(entry: change.new.id)) }
        }
        crm.after(entryBooked) { _, _ in }
        crm.setting(color)
        crm.job("ledgerly.sweep", .daily(at: "03:00")) { _ in }
        crm.route(.get, "color", requires: .anyUser) { _, _ in RouteResponse(contentType: "text/plain", body: Array("blue".utf8)) }
        crm.migration("first book") { transaction in
            try transaction.insert(Book.self) { $0[Book.title] = "General" }
        }
        for role in [DefaultRole.salesAgent, .finance] { crm.grant(role, Entry.self, .view(), .create, .edit(.own)) }
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(LedgerlyPlugin()) }
