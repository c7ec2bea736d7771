/// An entity's name, its fields in order, and how it is called.
///
/// ```swift
/// Schema("company", name, website).icon("building").group("Sales")
/// ```
public struct Schema: Sendable {
    /// The name in hooks, rights and storage: singular snake_case.
    public let name: String
    /// The fields in order.
    public let fields: [any AnyField]
    /// The plural in URLs and on the command line: dashed, as in `customer-groups`.
    public private(set) var path: String
    /// What people call one record.
    public private(set) var title: String
    /// What people call several.
    public private(set) var pluralTitle: String
    /// The field by which a record is known: the first text field unless said otherwise.
    public var labelField: String {
        chosenLabel ?? fields.first { $0.description.kind == .text }?.name ?? "id"
    }
    private var chosenLabel: String?
    /// The name of an icon of the shell, or empty.
    public private(set) var iconName = ""
    /// The heading of the menu under which it stands.
    public private(set) var menuGroup = "Work"
    /// Whether it is a list of options, kept among the settings rather than in the main menu.
    public private(set) var isLookup = false
    /// Whether its plugin alone writes it.
    public private(set) var isWrittenByPlugin = false
    /// Sets of fields that no two records share together.
    public private(set) var uniqueSets: [[String]] = []
    /// Sets of fields that records are looked up by together.
    public private(set) var indexedSets: [[String]] = []
    /// Whether it stands under *Administration* in the menu, and its numbers not on the home page.
    public private(set) var isAdministration = false
    /// Which of its records somebody should look at; nil where there are no such.
    public private(set) var waiting: Filter?
    /// Whether it is a log: written by plugins with every right, and by nobody else.
    public private(set) var isLog = false

    /// Whether the product keeps in memory what it read of the records.
    public private(set) var isKeptInMemory = false

    /// Makes a schema. The path and the titles follow from the name unless set below.
    public init(_ name: String, _ fields: any AnyField...) {
        self.name = name
        self.fields = fields
        for (ordinal, field) in fields.enumerated() where field.slot.place < 0 {
            field.slot.bind(to: SystemSlots.count + ordinal)
        }
        let plural = Schema.plural(of: name)
        path = plural.split(separator: "_").joined(separator: "-")
        title = name.readable
        pluralTitle = plural.readable
    }

    static func plural(of name: String) -> String {
        if name.hasSuffix("y"), let before = name.dropLast().last, !"aeiou".contains(before) { return name.dropLast() + "ies" }
        if name.hasSuffix("s") || name.hasSuffix("x") || name.hasSuffix("ch") || name.hasSuffix("sh") { return name + "es" }
        return name + "s"
    }

    private func with(_ change: (inout Schema) -> Void) -> Schema {
        var copy = self
        change(&copy)
        return copy
    }

    /// Sets the plural in URLs and on the command line.
    public func path(_ path: String) -> Schema { with { $0.path = path } }
    /// Sets what people call one record and several.
    public func titled(_ title: String, plural: String) -> Schema {
        with { ($0.title, $0.pluralTitle) = (title, plural) }
    }
    /// Sets the field by which a record is known.
    public func label(by field: any AnyField) -> Schema { with { $0.chosenLabel = field.name } }
    /// Sets the icon: one of the shell's names.
    public func icon(_ name: String) -> Schema { with { $0.iconName = name } }
    /// Sets the heading of the menu.
    public func group(_ title: String) -> Schema { with { $0.menuGroup = title } }
    /// Marks a list of options: it stands among the settings.
    public func lookup() -> Schema { with { $0.isLookup = true } }
    /// Few records, changed seldom, and asked for with nearly every change of others: rules, statuses. What transactions that write
    /// have read of them stays in memory until one of them is changed; where several servers share a database, another server's
    /// change is followed within a second.
    public func keptInMemory() -> Schema { with { $0.isKeptInMemory = true } }
    /// Its records are looked after rather than worked with: it stands under *Administration* in the menu, with the number of those
    /// that wait for somebody, and its numbers are not on the home page.
    public func administration(waiting: Filter? = nil) -> Schema { with { ($0.isAdministration, $0.waiting) = (true, waiting) } }
    /// Its plugin alone makes and changes the records, in elevated transactions: nobody has the rights to create, edit or import
    /// them. Actions and deletion are granted as usual.
    public func writtenByPlugin() -> Schema { with { $0.isWrittenByPlugin = true } }
    /// No two records share these fields together; empty values do not count, text is compared without regard to case.
    public func unique(together fields: any AnyField...) -> Schema {
        with { $0.uniqueSets.append(fields.map(\.name)) }
    }
    /// Records are looked up by these fields together: has an index over them.
    public func indexed(together fields: any AnyField...) -> Schema {
        with { $0.indexedSets.append(fields.map(\.name)) }
    }
    /// Marks a log: what happened to other records, written by plugins (elevated) in the transaction in which it happened. Nobody
    /// makes, changes or deletes its records by hand, whatever the rights; and a new one is its own audit entry.
    public func log() -> Schema { with { $0.isLog = true } }
}
