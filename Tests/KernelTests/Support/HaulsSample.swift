import PluginAPI

@testable import Kernel

/// Where hauls begin: one board for each.
enum Harbor: Entity {
    static let name = Field<String>("name", .unique)
    static let patience = Field<Int?>("patience")
    static let isDefault = Field<Bool>("is_default", .byDefault(false))
    static let schema = Schema("harbor", name, patience, isDefault).lookup()
}

enum Lane: Entity {
    static let name = Field<String>("name")
    static let harbor = Field<Reference<Harbor>>("harbor")
    static let position = Field<Int>("position", .byDefault(0))
    static let schema = Schema("lane", name, harbor, position).lookup()
}

/// Something with several boards: by lane within a harbor, by lane while it is open, and by the month in which it is due.
enum Haul: Entity {
    static let title = Field<String>("title", .searchable)
    static let harbor = Field<Reference<Harbor>>("harbor")
    static let lane = Field<Reference<Lane>?>("lane")
    static let state = Field<State>("state", .byDefault(State.open))
    static let price = Field<Money?>("price")
    static let weight = Field<FixedDecimal?>("weight", .scale(1))
    static let due = Field<Day?>("due")
    static let owner = Field<Reference<User>?>("assigned_to", .owner)
    static let seal = Field<String?>("seal")
    static let schema = Schema("haul", title, harbor, lane, state, price, weight, due, owner, seal)

    enum State: String, Choice { case open, closed }
}

struct HaulsPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Harbor.self)
        crm.entity(Lane.self)
        crm.entity(Haul.self)
        crm.list(Haul.self, columns: [Haul.title, Haul.price, Haul.due], filters: [Haul.lane, Haul.harbor, Haul.owner])
        crm.view(Haul.self, "Late", where: .marked("late"))
        crm.detail(Haul.self, FieldSection("", Haul.title, Haul.harbor, Haul.lane, Haul.state, Haul.price, Haul.due, Haul.owner, Haul.seal))
        crm.board(
            Haul.self, by: Haul.lane, within: Haul.harbor, columnWithin: Lane.harbor, card: [Haul.price, Haul.owner],
            sums: [Haul.price, Haul.weight], rows: [Haul.owner])
        crm.board(
            Haul.self, "open", "Under way", by: Haul.lane, card: [Haul.price], sums: [Haul.price], cards: Haul.state == .open,
            rows: [Haul.owner, Haul.state])
        crm.board(
            Haul.self, "calendar", "Calendar", months: Haul.due, within: Haul.harbor, card: [Haul.price, Haul.owner],
            sums: [Haul.weight, Haul.price], cards: Haul.state == .open, rows: [Haul.owner, Haul.harbor])
        crm.board(Haul.self, "recent", "Recent", by: Haul.state, card: [], cards: Haul.due.is(.greaterOrEqual, .today(plusDays: 0)))
        crm.mark(Haul.self, "late", "Late", when: "state = \"open\" and today() - due >= harbor.patience", color: "#b45309", help: "Beyond patience.")
        crm.mark(Haul.self, "dear", "Dear", when: Haul.price.is(.greaterOrEqual, .value(.money(Money(minor: 100_000, .eur)))))
        // A lane called Sealed is for hauls with a seal.
        crm.prepare(Haul.self) { change, transaction in
            guard let lane = change.new[Haul.lane], try transaction.find(lane)[Lane.name] == "Sealed", change.new.isEmpty(Haul.seal) else { return }
            throw CRMError(.invalid, "the lane asks for a seal", problems: [Problem(Haul.seal, "is needed in this lane")])
        }
    }
}
