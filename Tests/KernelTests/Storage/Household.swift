import Dispatch
import PluginAPI
import Synchronization

@testable import Kernel

/// A store over a file of its own with the chores, and people with different rights.
final class Household: Sendable {
    /// Everything.
    static let boss: Int64 = 1
    /// Own chores only; sees the secret, may not change the notes.
    static let anna: Int64 = 2
    /// The chores of the team, which is Anna and Ben; does not see costs and secrets.
    static let ben: Int64 = 3
    /// Sees all chores, changes own ones.
    static let carl: Int64 = 4
    /// Nothing at all.
    static let guest: Int64 = 5
    /// Sees and changes own chores; deletes none.
    static let dora: Int64 = 6

    let database: TemporaryDatabase
    let store: Store
    let registry: Registry
    let clock: FixedClock
    let journal = Journal()
    private let effectsSeen = Effects()

    var engine: any Engine { database.engine }
    var effects: [CommitEffects] { effectsSeen.all.withLock { $0 } }

    init(now: String = "2026-03-02T10:00:00Z", zone: String = "UTC", with more: Composition.Part...) async throws {
        database = try TemporaryDatabase()
        registry = try Household.registry(journal, more)
        clock = FixedClock(now)
        try await database.prepare(for: registry)
        var settings = DeploymentSettings()
        if let calendar = DeploymentCalendar(identifier: zone) { settings.calendar = calendar }
        store = Store(engine: database.engine, clock: clock, registry: registry, settings: settings)
        store.onCommit { [effectsSeen] effects in effectsSeen.all.withLock { $0.append(effects) } }
        try await addPeople()
    }

    private static func registry(_ journal: Journal, _ more: [Composition.Part]) throws -> Registry {
        let parts: [Composition.Part] = [.kernel, .of("chores", ChoresPlugin(log: journal)), .of("receipts", ReceiptsPlugin())] + more
        switch RegistryBuilder.build(Composition(parts: parts)) {
        case .registry(let registry): return registry
        case .problems(let problems): throw CompositionRefused(problems: problems)
        }
    }

    private func addPeople() async throws {
        try await engine.write { connection in
            for (id, name) in [(1, "Berta"), (2, "Anna"), (3, "Ben"), (4, "Carl"), (5, "Gina"), (6, "Dora")] {
                try connection.execute(
                    "INSERT INTO \"user\" (id, version, created_at, updated_at, name, email, active) VALUES (?, 1, 0, 0, ?, ?, 1)",
                    [.integer(Int64(id)), .text(name), .text("\(name.lowercased())@example.org")])
            }
        }
    }

    // MARK: Who may do what

    static let rights: RightsSnapshot = {
        func chores(_ scope: Scope, edit: Scope? = nil, deletes: Bool = true) -> RoleGrants {
            var grants = RoleGrants()
            let edit = edit ?? scope
            grants.entities = [
                "chore": ["view": scope, "create": .all, "edit": edit, "end": edit].merging(deletes ? ["delete": edit] : [:]) { $1 },
                "step": ["view": .all], "tag": ["view": .all], "user": ["view": .all],
                "remark": ["view": .all, "create": .all], "receipt": ["view": .own, "create": .all],
            ]
            return grants
        }
        var own = chores(.own)
        own.masks = ["chore": ["notes": .readOnly]]
        var team = chores(.team)
        team.masks = ["chore": ["secret": .hidden, "cost": .hidden]]
        return RightsSnapshot(
            people: [
                boss: .init(name: "Berta", isActive: true, roles: [1], teams: []),
                anna: .init(name: "Anna", isActive: true, roles: [2], teams: [7]),
                ben: .init(name: "Ben", isActive: true, roles: [3], teams: [7]),
                carl: .init(name: "Carl", isActive: true, roles: [4], teams: []),
                guest: .init(name: "Gina", isActive: true, roles: [], teams: []),
                dora: .init(name: "Dora", isActive: true, roles: [5], teams: []),
            ],
            roles: [
                1: .init(key: "boss", name: "Boss", grants: RoleGrants(isEverything: true)),
                2: .init(key: "own", name: "Own", grants: own), 3: .init(key: "team", name: "Team", grants: team),
                4: .init(key: "all", name: "All", grants: chores(.all, edit: .own)),
                5: .init(key: "careful", name: "Careful", grants: chores(.own, deletes: false)),
            ])
    }()

    static func actor(_ user: Int64) -> Actor { .user(user, via: "test", rights: rights) }

    // MARK: Doing things

    @discardableResult
    func write<T: Sendable>(as user: Int64 = boss, _ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        try await store.write(as: Household.actor(user), body)
    }

    func read<T: Sendable>(as user: Int64 = boss, _ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        try await store.read(as: Household.actor(user), body)
    }

    /// Reads in a transaction whose view of the database is older than a change that is stored before it reads on.
    func read<T: Sendable>(before change: () async throws -> Void, _ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        let began = Gate()
        let changed = DispatchSemaphore(value: 0)
        // It waits in the middle of a transaction, on a thread of its own.
        let reading = Task(executorPreference: RequestThreads(count: 1)) {
            try await self.read { tx in
                _ = try tx.count("user", where: .everything)
                began.open()
                changed.blockedWait()
                return try body(tx)
            }
        }
        try await began.pass()
        try await change()
        changed.signal()
        return try await reading.value
    }

    /// Makes a record by the values of its fields.
    @discardableResult
    func add(_ entity: String, _ values: [String: Value], as user: Int64 = boss) async throws -> RecordID {
        try await write(as: user) { tx in
            var record = try tx.blank(entity)
            for (name, value) in values { record[name] = value }
            return try tx.save(entity, record).id
        }
    }

    @discardableResult
    func chore(_ title: String, _ values: [String: Value] = [:], as user: Int64 = boss) async throws -> RecordID {
        try await add("chore", values.merging(["title": .text(title)]) { $1 }, as: user)
    }

    /// Changes a record by the values of its fields.
    @discardableResult
    func change(_ id: RecordID, _ values: [String: Value], as user: Int64 = boss) async throws -> RecordData {
        try await write(as: user) { tx in
            var record = try tx.require(tx.registry.require("chore"), id)
            for (name, value) in values { record[name] = value }
            return try tx.save("chore", record)
        }
    }

    func find(_ id: RecordID, as user: Int64 = boss) async throws -> RecordData? {
        try await read(as: user) { try $0.find("chore", id) }
    }

    /// The titles of the chores that meet a condition, in order.
    func titles(_ filter: Filter = .everything, sort: String = "id", as user: Int64 = boss) async throws -> [String] {
        let entity = try registry.require("chore")
        let order = Sort(field: sort.hasPrefix("-") ? String(sort.dropFirst()) : sort, descending: sort.hasPrefix("-"))
        return try await read(as: user) { tx in
            var titles: [String] = []
            _ = try tx.page(ListRequest(entity: entity, filter: filter, sort: order, limit: 500)) { row, projection in
                titles.append(projection.record(row)["title"].text)
            }
            return titles
        }
    }

    /// How many rows a table of the kernel holds.
    func rows(_ table: String, where condition: String = "1 = 1") async throws -> Int64 {
        try await engine.read { try $0.integer("SELECT count(*) FROM \(table) WHERE \(condition)") ?? 0 }
    }

    /// How many entries the search index of the chores has: in a table of its own, or kept by the server over the rows.
    func searchEntries() async throws -> Int64 {
        if engine.dialect.kind == .sqlite { return try await searchEntries(of: "chore") }
        let isThere: Bool = try await engine.read { try $0.indexes(of: "chore").contains("tenon_search_chore") }
        return isThere ? try await rows("chore") : -1
    }

    /// How many rows of a table are in its search index or come after it, on the embedded engine.
    func searchEntries(of table: String) async throws -> Int64 {
        let begin: Int64 = try await engine.read { try SQLiteDialect().tail($0, table).begin() }
        return try await rows("tenon_search_" + table) + rows(table, where: "id > \(begin)")
    }

    /// Has the search index have all chores, on the embedded engine.
    func indexAll() async throws {
        guard engine.dialect.kind == .sqlite else { return }
        let columns: [String] = try registry.require("chore").searchFields.map(\.name)
        try await engine.write { try SQLiteDialect().tail($0, "chore").end(columns) }
    }
}

extension Value {
    static func money(_ amount: String, _ code: String = "EUR") -> Value {
        Currency(code).flatMap { Money(amount, $0) }.map(Value.money) ?? .null
    }
    static func decimal(_ text: String) -> Value { FixedDecimal(text, scale: 2).map(Value.decimal) ?? .null }
    static func day(_ text: String) -> Value { Day(text).map(Value.day) ?? .null }
    static func moment(_ text: String) -> Value { Moment(text).map(Value.moment) ?? .null }
    static func link(_ id: RecordID) -> Value { .integer(id.raw) }
}

/// The effects of the transactions so far.
private final class Effects: Sendable {
    let all = Mutex<[CommitEffects]>([])
}
