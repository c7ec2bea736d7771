import PluginAPI

@testable import Kernel

/// A repair in a small workshop: what the tests of figures and background work are about.
enum Repair: Entity {
    static let title = Field<String>("title", .searchable)
    static let cost = Field<Money?>("cost")
    static let hours = Field<FixedDecimal?>("hours", .scale(2))
    static let finished = Field<Day?>("finished")
    static let urgent = Field<Bool>("urgent", .byDefault(false))
    static let mechanic = Field<Reference<User>?>("assigned_to", .owner)
    static let schema = Schema("repair", title, cost, hours, finished, urgent, mechanic)
}

struct WorkshopPlugin: Plugin {
    let recorder: Recorder

    func register(with crm: inout Registrar) {
        let recorder = recorder
        crm.entity(Repair.self)
        crm.metric("workshop.repairs", "Repairs", over: Repair.self, .count, date: Repair.createdAt)
        crm.metric("workshop.revenue", "Revenue", over: Repair.self, .sum("cost"), where: Repair.urgent == false, date: Repair.finished)
        crm.metric("workshop.average_hours", "Average hours", over: Repair.self, .average("hours"), date: Repair.finished)
        crm.metric("workshop.average_cost", "Average cost", over: Repair.self, .average("cost"))
        crm.metric(
            "workshop.odd", "Urgent or unfinished", over: Repair.self, .count, where: Repair.urgent == true || Repair.finished == nil)
        crm.metric("workshop.long", "Long repairs", over: Repair.self, .count, where: Condition(.formula("hours >= 1")))
        crm.after(Repair.created) { event, context in
            let title = try await context.read { try $0.find(Repair.self, event.record)[Repair.title] }
            recorder.note("\(title) for \(context.user.map { "\($0.id)" } ?? "the product")")
        }
        crm.onSave(Repair.self) { change, transaction in
            if change.isNew, change.new[Repair.urgent] { try transaction.enqueue("workshop.hurry") }
        }
        crm.job("workshop.hurry", .onDemand) { context in
            let count = try await context.read { try $0.count(Repair.self, where: Repair.urgent == true) }
            recorder.note("hurrying \(count)")
        }
        crm.job("workshop.close", .daily(at: "18:00")) { context in
            let today = Day(year: 2026, month: 3, day: 1)
            try await context.write { transaction in
                for var repair in try transaction.all(Repair.self, where: Repair.finished == nil) {
                    repair[Repair.finished] = today
                    try transaction.save(repair)
                }
            }
        }
    }
}

/// The store with its background work, put together as the product does.
final class Workshop: Sendable {
    let database: TemporaryDatabase
    let clock: FixedClock
    let recorder = Recorder()
    let store: Store
    let deliveries: Deliveries
    let jobs: JobRunner
    let live: LiveUpdates
    let rights: RightsSnapshot

    /// Anna sees all repairs, Ben and Cem their own; Ben and Dora are a team, of which Dora sees all; nobody may operate but Anna.
    init(_ now: String = "2026-03-01T09:00:00Z") async throws {
        let database = try TemporaryDatabase()
        let clock = FixedClock(now)
        let registry = try composed(.of("workshop", WorkshopPlugin(recorder: recorder)))
        try await database.prepare(for: registry)
        let store = Store(engine: database.engine, clock: clock, registry: registry)
        let own: [String: [String: Scope]] = ["user": ["view": .all], "repair": ["view": .own, "create": .all, "edit": .own]]
        let team: [String: [String: Scope]] = ["user": ["view": .all], "repair": ["view": .team, "create": .all, "edit": .team]]
        let rights = RightsSnapshot(
            people: [
                1: .init(name: "Anna", isActive: true, roles: [1], teams: []), 2: .init(name: "Ben", isActive: true, roles: [2], teams: [1]),
                3: .init(name: "Cem", isActive: true, roles: [2], teams: []), 4: .init(name: "Dora", isActive: true, roles: [3], teams: [1]),
                5: .init(name: "Emil", isActive: true, roles: [], teams: []),
            ],
            roles: [
                1: .init(key: "administrator", name: "Administrator", grants: RoleGrants(isEverything: true)),
                2: .init(key: "member", name: "Member", grants: RoleGrants(entities: own)),
                3: .init(key: "foreman", name: "Foreman", grants: RoleGrants(entities: team)),
            ])
        let context: MakeContext = { user, via, plugin in
            let actor = user.map { Actor.user($0, via: via, rights: rights) } ?? .system(via, rights: rights)
            return Context(StoreContext(store: store, actor: actor, plugin: plugin))
        }
        let deliveries = Deliveries(engine: database.engine, clock: clock, registry: { store.registry }, log: { _ in }, context: context)
        let jobs = JobRunner(
            engine: database.engine, clock: clock, registry: { store.registry }, zone: { store.settings.calendar }, log: { _ in },
            context: context)
        let live = LiveUpdates(clock: clock) { user, entity in rights.scope(of: user, right: "view", entity: entity) }
        store.onCommit { await $0.pass(to: deliveries, jobs, live, store.registry) }
        self.database = database
        self.clock = clock
        self.store = store
        self.deliveries = deliveries
        self.jobs = jobs
        self.live = live
        self.rights = rights
        try await database.engine.write { connection in
            for (id, person) in rights.people {
                try connection.execute(
                    "INSERT INTO \"user\" (id, version, created_at, updated_at, name, email, active) VALUES (?, 1, 0, 0, ?, ?, 1)",
                    [.integer(id), .text(person.name), .text(person.name.lowercased() + "@example.com")])
            }
        }
    }

    func actor(_ user: Int64, via: String = "web") -> Actor { .user(user, via: via, rights: rights) }
    func caller(_ user: Int64) -> Caller { Caller(actor: actor(user), csrf: nil, kind: .token) }

    @discardableResult
    func repair(_ title: String, by user: Int64 = 1, _ fill: @escaping @Sendable (inout Record<Repair>) -> Void = { _ in }) async throws -> Int64 {
        try await store.write(as: actor(user)) { transaction in
            try transaction.transaction.insert(Repair.self) { record in
                record[Repair.title] = title
                fill(&record)
            }.id.raw
        }
    }
}

/// A registry of the kernel's own part and one more.
private func composed(_ part: Composition.Part) throws -> Registry { try registry(part) }

/// What an answer says.
func body(_ response: FrontResponse) throws -> JSONValue {
    guard let bytes = response.body.bytes else { throw CRMError(.internalError, "a stream") }
    return try JSONValue(parsing: bytes)
}
