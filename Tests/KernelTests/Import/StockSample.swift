import Foundation
import PluginAPI
import Synchronization

@testable import Kernel

/// A module with the kinds of field that a file can fill, for the tests of imports and exports.
enum Maker: Entity {
    static let name = Field<String>("name", .maxLength(60))
    static let isDefault = Field<Bool>("is_default", .byDefault(false))
    static let schema = Schema("maker", name, isDefault)
}

enum Shelf: Entity {
    static let name = Field<String>("name")
    static let maker = Field<Reference<Maker>>("maker")
    static let schema = Schema("shelf", name, maker).path("shelves")
}

enum Piece: Entity {
    static let title = Field<String>("title", .maxLength(40), .searchable, .aliases("piece id"))
    static let code = Field<String?>("code", .unique)
    static let price = Field<Money?>("price")
    static let stock = Field<Int?>("stock", .range(0...1000))
    static let maker = Field<Reference<Maker>?>("maker")
    static let shelf = Field<Reference<Shelf>?>("shelf")
    static let parent = Field<Reference<Piece>?>("parent", .aliases("part of"))
    static let owner = Field<Reference<User>?>("assigned_to", .owner)
    static let makers = Field<References<Maker>>("other_makers")
    static let day = Field<Day?>("bought_on")
    static let secret = Field<String?>("secret")
    static let schema = Schema("piece", title, code, price, stock, maker, shelf, parent, owner, makers, day, secret)
}

struct StockPlugin: Plugin {
    /// Holds up the piece called "piece 10" while it says so.
    var gate = StockGate()

    func register(with crm: inout Registrar) {
        crm.entity(Maker.self)
        crm.entity(Shelf.self)
        crm.entity(Piece.self)
        crm.validate(Piece.self) { piece in
            piece[Piece.title] == "forbidden" ? [Problem(Piece.title, "may not be called so")] : []
        }
        crm.onSave(Piece.self) { change, _ in
            if change.new[Piece.title] == "cursed" { throw CRMError.refused("the piece is cursed") }
            if change.new[Piece.title] == "piece 10" { gate.wait() }
        }
    }
}

/// Has the storing of a piece wait for something, so that a test knows where a run is.
final class StockGate: Sendable {
    private struct Condition: Sendable {
        var holds: @Sendable () -> Bool = { true }
    }
    private let condition = Mutex(Condition())

    func wait(until holds: @escaping @Sendable () -> Bool) { condition.withLock { $0.holds = holds } }

    /// Waits on the thread of the writer, at most five minutes.
    func wait() {
        let condition: Condition = condition.withLock { $0 }
        let end = ContinuousClock.now + .seconds(300)
        while !condition.holds(), ContinuousClock.now < end { usleep(1000) }
    }
}

/// A store with the module, an importer over it, and users with different rights.
struct StockRoom {
    let database: TemporaryDatabase
    let store: Store
    let importer: Importer
    let imports: ImportsAPI
    let exports: ExportAPI
    let clock = FixedClock("2026-03-02T10:00:00Z")
    let rights: RightsSnapshot
    let gate = StockGate()

    static let boss: Int64 = 1
    static let clerk: Int64 = 2
    static let guest: Int64 = 3

    init() async throws {
        database = try TemporaryDatabase()
        let registry: Registry = try registry(.of("stock", StockPlugin(gate: gate)))
        try await database.prepare(for: registry)
        store = Store(engine: database.engine, clock: clock, registry: registry)
        importer = Importer(store: store, clock: clock, folder: database.folder.appendingPathComponent("imports").path)
        imports = ImportsAPI(importer: importer, store: store)
        exports = ExportAPI(store: store)
        var clerk = RoleGrants()
        clerk.entities = [
            "piece": ["view": .all, "create": .all, "edit": .own, "import": .all, "export": .own], "maker": ["view": .all],
            "shelf": ["view": .all], "user": ["view": .all],
        ]
        clerk.masks = ["piece": ["secret": .hidden]]
        var guest = RoleGrants()
        guest.entities = ["piece": ["view": .all]]
        let all = RoleGrants(isEverything: true)
        rights = RightsSnapshot(
            people: [
                Self.boss: .init(name: "Berta", isActive: true, roles: [1], teams: []),
                Self.clerk: .init(name: "Carl", isActive: true, roles: [2], teams: []),
                Self.guest: .init(name: "Gina", isActive: true, roles: [3], teams: []),
            ],
            roles: [
                1: .init(key: "boss", name: "Boss", grants: all), 2: .init(key: "clerk", name: "Clerk", grants: clerk),
                3: .init(key: "guest", name: "Guest", grants: guest),
            ])
        try await store.engine.write { connection in
            for (id, name) in [(1, "Berta"), (2, "Carl"), (3, "Gina")] {
                try connection.execute(
                    "INSERT INTO \"user\" (id, version, created_at, updated_at, name, email, active) VALUES (?, 1, 0, 0, ?, ?, 1)",
                    [.integer(Int64(id)), .text(name), .text("\(name.lowercased())@example.org")])
            }
        }
    }

    func actor(_ user: Int64 = boss) -> Actor { .user(user, via: "api", rights: rights) }

    /// Adds records of one entity by the values of their fields.
    func add(_ entity: String, _ records: [String: Value]...) async throws {
        try await store.write(as: actor()) { tx in
            for values in records {
                var record: RecordData = try tx.blank(entity)
                for (name, value) in values { record[name] = value }
                _ = try tx.save(entity, record)
            }
        }
    }

    func pieces() async throws -> [RecordData] {
        try await store.read(as: actor()) { tx in
            try tx.all("piece", where: .everything, sort: [Sort(field: "title", descending: false)], limit: 100_000)
        }
    }

    func titles() async throws -> [String] { try await pieces().map { $0["title"].text } }

    /// Uploads a text and takes over a plan.
    func upload(_ text: String, _ plan: String = "{}", as user: Int64 = boss) async throws -> ImportRecord {
        let record: ImportRecord = try await importer.add(
            Array(text.utf8), fileName: "stock.csv", entity: "pieces", options: CSVOptions(), actor: actor(user))
        return try await importer.change(record.id, JSONValue(parsing: Array(plan.utf8)), actor: actor(user))
    }

    /// Does one step with an import and waits for its end.
    func finish(_ step: ImportState, _ record: ImportRecord, as user: Int64 = boss) async throws -> ImportRecord {
        _ = try await importer.begin(step, record.id, actor: actor(user))
        return try await importer.wait(record.id, actor: actor(user))
    }

    /// Uploads and runs.
    func run(_ text: String, _ plan: String = "{}", as user: Int64 = boss) async throws -> ImportRecord {
        try await finish(.running, upload(text, plan, as: user), as: user)
    }

    func ask(
        _ method: String, _ path: String, body: String = "", query: [(String, String)] = [], as user: Int64 = boss
    ) async throws -> (status: Int, body: String) {
        let parts: [String] = path.split(separator: "/").map(String.init)
        let request = FrontRequest(
            method: method, path: parts, query: query.map { .init(name: $0.0, value: $0.1) }, body: Array(body.utf8))
        let caller = Caller(actor: actor(user), csrf: nil, kind: .token)
        let response: FrontResponse = parts.first == "imports"
            ? try await imports.respond(request, caller, parts.dropFirst())
            : try await exports.respond(request, caller, path: parts[0])
        switch response.body {
        case .bytes, .pieces: return (response.status, String(decoding: response.body.bytes ?? [], as: UTF8.self))
        case .stream(let stream):
            var bytes: [UInt8] = []
            for await piece in stream { bytes += piece }
            return (response.status, String(decoding: bytes, as: UTF8.self))
        }
    }
}

extension Value {
    var text: String { if case .text(let text) = self { text } else { "" } }
}
