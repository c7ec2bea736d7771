import PluginAPI

/// The next release of Ledgerly: a field more, a job less, and a word in its own upgrade.
enum Book: Entity {
    static let title = Field<String>("title", .searchable, .unique)
    static let schema = Schema("ledgerly_book", title)
}

enum Entry: Entity {
    static let label = Field<String>("label", .searchable)
    static let book = Field<Reference<Book>?>("book")
    static let amount = Field<Money?>("amount")
    static let weight = Field<Int?>("weight")
    static let schema = Schema("ledgerly_entry", label, book, amount, weight)
}

let color = Setting<String>("ledgerly.color", "Colour", default: "blue")
let shade = Setting<String>("ledgerly.shade", "Shade", default: "dark")

struct LedgerlyNextPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Book.self)
        crm.entity(Entry.self)
        crm.list(Entry.self, columns: [Entry.label, Entry.weight], filters: [Entry.book])
        crm.setting(color)
        crm.setting(shade)
        crm.beforeUpgrade { old in
            // The data is as it was: what the new release adds is not there yet.
            guard try !old.fields(of: "ledgerly_entry").contains("weight") else { throw CRMError.refused("the table was changed before the question") }
            guard try old.count(of: "ledgerly_entry", where: "label", is: .text("hold")) == 0 else {
                throw CRMError.refused("version \(old.version) has entries on hold", hint: "Book them first.")
            }
        }
        crm.migration("first book") { transaction in
            try transaction.insert(Book.self) { $0[Book.title] = "General" }
        }
        crm.migration("weigh") { transaction in
            for var entry in try transaction.all(Entry.self) {
                entry[Entry.weight] = entry[Entry.label].utf8.count
                try transaction.save(entry)
                if entry[Entry.label] == "poison" { throw CRMError.refused("an entry cannot be weighed") }
            }
        }
        for role in [DefaultRole.salesAgent, .finance] { crm.grant(role, Entry.self, .view(), .create, .edit(.own)) }
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(LedgerlyNextPlugin()) }
