import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// A deployment in a folder of its own with the real plugins and one user of each default role.
final class SalesHost: Sendable {
    /// The moment that every test begins at: a Wednesday.
    static let start = Moment(milliseconds: 1_793_786_400_000)

    let folder: URL
    private let server: TemporaryServerDatabase?
    let store: Store
    let clock = StillClock(SalesHost.start)
    let events = Events()
    private let parts: [Composition.Part]
    private let rights: Mutex<RightsSnapshot> = Mutex(.empty)

    init(_ plugins: [String] = ["customers", "leads", "deals"], migrated: Bool = true) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-sales-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var system = Registrar()
        SystemPlugin().register(with: &system)
        var listening = Registrar()
        events.listen(with: &listening, to: plugins)
        var all = [
            Composition.Part(id: "kernel", name: "Kernel", version: "1", optional: [], contributions: system.contributions)
        ]
        all += try plugins.map(PluginLibrary.part)
        all.append(.init(id: "events", name: "Events", version: "1", optional: plugins, contributions: listening.contributions))
        let parts = all
        self.parts = parts
        guard case .registry(let registry) = RegistryBuilder.build(Composition(parts: parts)) else {
            throw CRMError(.invalid, "the plugins do not fit: \(CompositionChecks.problems(in: Composition(parts: parts)))")
        }
        server = try await TemporaryServerDatabase.whereAsked("\(plugins) \(migrated)") { [clock] engine in
            try await Self.migrate(Store(engine: engine, clock: clock, registry: registry), parts, named: migrated)
        }
        let engine: any Engine =
            try server?.engine() ?? SQLiteEngine(path: folder.appendingPathComponent("tenon.sqlite").path, durable: false)
        store = Store(engine: engine, clock: clock, registry: registry)
        if server == nil { try await Self.migrate(store, parts, named: migrated) }
        try await reloadRights()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func migrate(_ store: Store, _ parts: [Composition.Part], named: Bool) async throws {
        let migrator = SchemaMigrator(dialect: store.engine.dialect, registry: store.registry)
        let system = Actor.system("test", rights: .empty)
        try await store.write(as: system) { transaction in
            try KernelTables.prepare(transaction.connection, transaction.dialect)
            for part in parts { try migrator.apply(part.id, renames: [], transaction.connection) }
            try DefaultRoles.ensure(in: transaction)
            for part in parts {
                let grants = part.contributions.grants
                try DefaultRoles.mergeGrants(grants, of: part.id, into: transaction)
                guard named else { continue }
                try migrator.run(
                    part.contributions.migrations, of: part.id, done: [], at: transaction.now, transaction.connection
                ) { transaction }
            }
            guard named else { return }
            let roles = try transaction.all("role", where: .everything, sort: [], limit: 100)
            for role in roles {
                guard case .text(let key) = role["key"] else { continue }
                try transaction.add(
                    "user",
                    ["name": .text(key), "email": .text("\(key)@example.com"), "roles": .list([role.id])])
            }
        }
    }

    func reloadRights() async throws {
        let fresh = try await store.engine.read { try RightsLoader.load($0) }
        let known = fresh.with(store.registry)
        rights.withLock { $0 = known }
    }

    /// The user with a default role, or the product itself.
    func actor(_ role: DefaultRole?) throws -> Actor {
        let rights = rights.withLock { $0 }
        guard let role else { return .system("test", rights: rights) }
        let user = try #require(rights.people.first { $0.value.name == role.rawValue })
        return .user(user.key, via: "test", rights: rights)
    }

    @discardableResult
    func write<T: Sendable>(as role: DefaultRole? = .administrator, _ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        try await store.write(as: actor(role), body)
    }

    func read<T: Sendable>(as role: DefaultRole? = .administrator, _ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        try await store.read(as: actor(role), body)
    }

    /// What a change is refused with.
    func refusal(
        as role: DefaultRole? = .administrator, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (StoreTransaction) throws -> Void
    ) async throws -> CRMError {
        do { try await store.write(as: actor(role), body) } catch let error as CRMError { return error }
        Issue.record("the change was accepted", sourceLocation: sourceLocation)
        return CRMError(.internalError, "nothing was refused")
    }

    /// Fills in the demo data of all plugins, the people first.
    func fillDemo() async throws {
        let parts = parts
        try await store.write(as: actor(nil)) { transaction in
            transaction.core.isDemo = true
            for part in parts { for demo in part.contributions.demos { try demo.body(transaction.transaction(for: part.id)) } }
        }
        try await reloadRights()
    }
}

/// A clock that stands still until it is moved.
final class StillClock: Clock {
    private let moment: Mutex<Moment>
    init(_ moment: Moment) { self.moment = Mutex(moment) }
    var now: Moment { moment.withLock { $0 } }
    func wait(until moment: Moment) async {}
    func move(to moment: Moment) { self.moment.withLock { $0 = moment } }
    func advance(days: Int) { moment.withLock { $0 = $0.adding(days: days) } }
}

extension StoreTransaction {
    @discardableResult
    func add(_ entity: String, _ values: [String: Value]) throws -> RecordData {
        var record = try blank(entity)
        for (name, value) in values { record[name] = value }
        return try save(entity, record)
    }

    @discardableResult
    func change(_ entity: String, _ id: RecordID, _ values: [String: Value]) throws -> RecordData {
        var record = try get(entity, id)
        for (name, value) in values { record[name] = value }
        return try save(entity, record)
    }

    func get(_ entity: String, _ id: RecordID) throws -> RecordData { try require(try registry.require(entity), id) }

    /// The id of the record of that name.
    func named(_ entity: String, _ name: String) throws -> RecordID {
        let found = try all(entity, where: .compare("name", .equal, .value(.text(name))), sort: [], limit: 2)
        return try #require(found.first, "there is no \(entity) \(name)").id
    }

    func link(_ entity: String, _ name: String) throws -> Value { .integer(try named(entity, name).raw) }

    @discardableResult
    func act(_ entity: String, _ id: RecordID, _ action: String, _ input: [String: Value] = [:]) throws -> ActionOutcome {
        let model = try registry.require(entity)
        return try run(model, try #require(model.action(action)), id, input: input)
    }
}

extension Value {
    static func link(_ record: RecordData) -> Value { .integer(record.id.raw) }
    static func euro(_ units: Int64) -> Value { .money(Money(minor: units * 100, .eur)) }
    static func day(_ text: String) -> Value { Day(text).map(Value.day) ?? .null }
    var text: String { if case .text(let text) = self { text } else { "" } }
}
