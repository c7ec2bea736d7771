import PluginAPI
import Testing

@testable import Kernel

@Suite struct NoticesTests {
    let now = Moment(milliseconds: 1_772_355_600_000)
    let rights = RightsSnapshot(
        people: [
            1: .init(name: "Anna", isActive: true, roles: [1], teams: []), 2: .init(name: "Ben", isActive: true, roles: [1], teams: []),
            3: .init(name: "Cem", isActive: true, roles: [2], teams: []), 4: .init(name: "Dora", isActive: false, roles: [1], teams: []),
            5: .init(name: "Emil", isActive: true, roles: [3], teams: []),
        ],
        roles: [
            1: .init(key: "member", name: "Member", grants: RoleGrants(entities: ["task": ["view": .own]])),
            2: .init(key: "guest", name: "Guest", grants: RoleGrants()),
            3: .init(
                key: "blind", name: "Blind", grants: RoleGrants(entities: ["task": ["view": .own]], masks: ["task": ["title": .hidden]])),
        ])

    enum WorkItem: Entity {
        static let title = Field<String>("title")
        static let owner = Field<Reference<User>?>("assigned_to", .owner)
        static let schema = Schema("task", title, owner)
    }
    private var entity: EntityModel {
        let descriptions = SystemSlots.descriptions + WorkItem.schema.fields.map(\.description)
        return EntityModel(
            schema: WorkItem.schema, plugin: "board",
            fields: descriptions.enumerated().map { FieldModel($1, place: $0, plugin: "board") },
            list: ListView(entity: "task", columns: ["title"], filters: [], sort: Sort(field: "created_at", descending: true)),
            presets: [], sections: [], rules: EntityRules(), actions: [])
    }

    private func assigned(_ store: BackgroundStore, from old: Value, to new: Value, by actor: Actor) async throws -> String? {
        let entity = entity
        let now = now
        return try await store.engine.write { connection in
            try Notices.assigned(
                connection, entity, record: 9, label: "Paint the fence", from: old, to: new, by: actor, now: now)?.message
        }
    }

    @Test func `a user is told when somebody else assigns a record`() async throws {
        let store = try await BackgroundStore()
        let anna = Actor.user(1, via: "web", rights: rights)
        #expect(try await assigned(store, from: .null, to: .integer(2), by: anna) == "Anna assigned you task Paint the fence")
        let product = Actor.system("job board.spread", rights: rights)
        #expect(try await assigned(store, from: .integer(1), to: .integer(2), by: product) == "You were assigned task Paint the fence")
        let notices = try await store.engine.read { try Notices.list($0, user: 2) }
        #expect(notices.map(\.record) == [9, 9])
    }

    @Test func `nobody is told of what they did themselves, of no change, of an import, or of what they may not see`() async throws {
        let store = try await BackgroundStore()
        let anna = Actor.user(1, via: "web", rights: rights)
        #expect(try await assigned(store, from: .null, to: .integer(1), by: anna) == nil)
        #expect(try await assigned(store, from: .integer(2), to: .integer(2), by: anna) == nil)
        #expect(try await assigned(store, from: .integer(2), to: .null, by: anna) == nil)
        #expect(try await assigned(store, from: .null, to: .integer(2), by: .user(1, via: "import 5", rights: rights)) == nil)
        #expect(try await assigned(store, from: .null, to: .integer(3), by: anna) == nil)
        #expect(try await assigned(store, from: .null, to: .integer(4), by: anna) == nil)
    }

    @Test func `a hidden label is not told`() async throws {
        let store = try await BackgroundStore()
        let anna = Actor.user(1, via: "web", rights: rights)
        #expect(try await assigned(store, from: .null, to: .integer(5), by: anna) == "Anna assigned you task #9")
    }

    @Test func `notices are listed, counted and marked as read for their user alone`() async throws {
        let store = try await BackgroundStore()
        let now = now
        let ids = try await store.engine.write { connection in
            try [1, 1, 2].map { (user: Int64) in try Notices.add(connection, user: user, message: "for \(user)", now: now)?.id ?? 0 }
        }
        #expect(try await store.engine.read { try Notices.unread($0, user: 1) } == 2)
        await #expect(throws: CRMError.self) {
            try await store.engine.write { try Notices.markRead($0, user: 2, id: ids[0], now: now) }
        }
        try await store.engine.write { try Notices.markRead($0, user: 1, id: ids[0], now: now) }
        #expect(try await store.engine.read { try Notices.list($0, user: 1, unreadOnly: true) }.map(\.id) == [ids[1]])
        #expect(try await store.engine.read { try Notices.list($0, user: 1, before: ids[1]) }.map(\.id) == [ids[0]])
        #expect(try await store.engine.write { try Notices.markAllRead($0, user: 1, now: now) } == 1)
        #expect(try await store.engine.read { try Notices.unread($0, user: 1) } == 0)
        #expect(try await store.engine.read { try Notices.unread($0, user: 2) } == 1)
    }
}
