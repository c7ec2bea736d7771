import PluginAPI
import Testing

@testable import Kernel

/// A store with hauls, and people with different rights on them.
final class Docks: Sendable {
    let household: Household
    let entity: EntityModel
    let harbors: [RecordID]
    let lanes: [RecordID]

    static let rights: RightsSnapshot = {
        func role(_ scope: Scope) -> RoleGrants {
            var grants = RoleGrants()
            grants.entities = [
                "haul": ["view": scope, "create": .all, "edit": scope, "delete": scope], "lane": ["view": .all], "harbor": ["view": .all],
                "user": ["view": .all],
            ]
            return grants
        }
        var blind = role(.all)
        blind.masks = ["haul": ["price": .hidden]]
        return RightsSnapshot(
            people: [
                Household.boss: .init(name: "Berta", isActive: true, roles: [1], teams: []),
                Household.anna: .init(name: "Anna", isActive: true, roles: [2], teams: [7]),
                Household.ben: .init(name: "Ben", isActive: true, roles: [3], teams: [7]),
                Household.carl: .init(name: "Carl", isActive: true, roles: [4], teams: []),
            ],
            roles: [
                1: .init(key: "boss", name: "Boss", grants: RoleGrants(isEverything: true)), 2: .init(key: "own", name: "Own", grants: role(.own)),
                3: .init(key: "team", name: "Team", grants: role(.team)), 4: .init(key: "blind", name: "Blind", grants: blind),
            ])
    }()

    init() async throws {
        let household = try await Household(with: .of("hauls", HaulsPlugin()))
        self.household = household
        entity = try household.registry.require("haul")
        var harbors: [RecordID] = []
        var lanes: [RecordID] = []
        for name in ["Kiel", "Bremen"] {
            let harbor = try await household.add("harbor", ["name": .text(name), "patience": .integer(10), "is_default": .boolean(name == "Bremen")])
            harbors.append(harbor)
            for place in 1...3 {
                let lane = try await household.add(
                    "lane", ["name": .text(place == 3 ? "Sealed" : "\(name) \(place)"), "harbor": .link(harbor), "position": .integer(Int64(place))])
                lanes.append(lane)
            }
        }
        self.harbors = harbors
        self.lanes = lanes
    }

    @discardableResult
    func write<T: Sendable>(as user: Int64 = Household.boss, _ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        try await household.store.write(as: .user(user, via: "test", rights: Docks.rights), body)
    }

    func read<T: Sendable>(as user: Int64 = Household.boss, _ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        try await household.store.read(as: .user(user, via: "test", rights: Docks.rights), body)
    }

    /// A haul in the first lane of the first harbor, unless told otherwise.
    @discardableResult
    func haul(_ title: String, _ values: [String: Value] = [:]) async throws -> RecordID {
        let all: [String: Value] = ["title": .text(title), "harbor": .link(harbors[0]), "lane": .link(lanes[0])].merging(values) { $1 }
        return try await write { tx in
            var record = try tx.blank("haul")
            for (name, value) in all { record[name] = value }
            return try tx.save("haul", record).id
        }
    }

    @discardableResult
    func change(_ id: RecordID, _ values: [String: Value]) async throws -> RecordData {
        try await write { tx in
            var record = try tx.require(tx.registry.require("haul"), id)
            for (name, value) in values { record[name] = value }
            return try tx.save("haul", record)
        }
    }

    /// The columns of a board in words: title, count, sums.
    func columns(
        _ board: String? = nil, as user: Int64 = Household.boss, filter: Filter = .everything, within: RecordID? = nil
    ) async throws -> [String] {
        let entity = entity
        return try await read(as: user) { tx in
            var query = try tx.board(board, of: entity)
            query.filter = filter
            query.within = within?.raw
            return try tx.columns(query, limit: 0).filter { $0.count > 0 }.map { Docks.words($0.title, $0.figure) }
        }
    }

    func table(_ board: String, by field: String, as user: Int64 = Household.boss, filter: Filter = .everything) async throws -> [String] {
        let entity = entity
        return try await read(as: user) { tx in
            var query = try tx.board(board, of: entity)
            query.filter = filter
            return try tx.table(query, by: try query.rowField(field)).rows.map { row in
                Docks.words(row.title, row.total) + ": " + row.cells.map { $0.count == 0 ? "-" : Docks.words("", $0) }.joined(separator: ",")
            }
        }
    }

    static func words(_ title: String, _ figure: BoardCount) -> String {
        let sums = figure.sums.map { $0.map { "\($0.sum)\($0.currency?.code ?? "")" }.joined(separator: "+") }
        return ([title, String(figure.count)] + sums).joined(separator: " ")
    }

    /// A condition that always holds and that no kept figure can answer.
    static let counted = Filter.not(.empty("title"))
}

@Suite struct BoardFiguresTests {
    @Test func `a board has several sums for each column, and boards of one entity know each other by name`() async throws {
        let docks = try await Docks()
        try await docks.haul("a", ["price": .money("10"), "weight": .decimal(FixedDecimal(units: 15, scale: 1))])
        try await docks.haul("b", ["price": .money("5.50"), "weight": .decimal(FixedDecimal(units: 5, scale: 1)), "state": .text("closed")])
        try await docks.haul("c", ["price": .money("7", "USD"), "lane": .link(docks.lanes[1])])
        #expect(try await docks.columns() == ["Kiel 1 2 1550EUR 20", "Kiel 2 1 700USD "])
        #expect(try await docks.columns("open") == ["Kiel 1 1 1000EUR", "Kiel 2 1 700USD"])
        let stranger = await failure { _ = try await docks.columns("nothing") }
        #expect(stranger?.code == .notFound)
        #expect(stranger?.hint.contains("board, open, calendar, recent") == true)
    }

    /// Makes, changes, moves and deletes at random, and looks after each step whether what is kept is what is there.
    @Test(arguments: [1, 2, 3] as [UInt64]) func `kept figures are those of the cards, whatever happens to them`(seed: UInt64) async throws {
        let docks = try await Docks()
        var random = SeededRandom(seed: seed)
        var ids: [RecordID] = []
        let people: [Value] = [.null, .integer(Household.anna), .integer(Household.ben), .integer(Household.boss)]
        for step in 0..<60 {
            var values: [String: Value] = [:]
            let harbor = random.number(0...1)
            values["harbor"] = .link(docks.harbors[harbor])
            values["lane"] = random.chance(15) ? .null : .link(docks.lanes[harbor * 3 + random.number(0...1)])
            values["state"] = .text(random.chance(30) ? "closed" : "open")
            values["price"] = random.chance(20) ? .null : .money(Money(minor: Int64(random.number(-500...90_000)), random.chance(30) ? .usd : .eur))
            values["weight"] = random.chance(30) ? .null : .decimal(FixedDecimal(units: Int64(random.number(0...400)), scale: 1))
            values["due"] = random.chance(20) ? .null : .day(Day(number: 20_500 + Int32(random.number(0...200))))
            values["assigned_to"] = people[random.number(0...3)]
            switch random.number(0...9) {
            case 0..<5: ids.append(try await docks.haul("\(step)", values))
            case 5..<8 where !ids.isEmpty: try await docks.change(ids[random.number(0...ids.count - 1)], values)
            case 8 where !ids.isEmpty:
                let id = ids.remove(at: random.number(0...ids.count - 1))
                try await docks.write { try $0.delete("haul", id) }
            default:
                // Undone in part and as a whole: nothing of it is counted.
                let (entity, given) = (docks.entity, values)
                _ = await failure {
                    try await docks.write { tx in
                        try? tx.wholly {
                            var record = try tx.blank("haul")
                            record["title"] = .text("gone")
                            for (name, value) in given { record[name] = value }
                            _ = try tx.save(entity.name, record)
                            throw CRMError(.refused, "not this one")
                        }
                        if step % 2 == 0 { throw CRMError(.refused, "nor anything else") }
                    }
                }
            }
        }
        for user in [Household.boss, Household.anna, Household.ben, Household.carl] {
            for board in ["board", "open", "calendar"] {
                #expect(try await docks.columns(board, as: user) == docks.columns(board, as: user, filter: Docks.counted), "\(board) as \(user)")
                let mine = Filter.compare("assigned_to", .equal, .currentUser)
                #expect(
                    try await docks.columns(board, as: user, filter: mine) == docks.columns(board, as: user, filter: .all([mine, Docks.counted])))
                let nobody = Filter.empty("assigned_to")
                #expect(
                    try await docks.columns(board, as: user, filter: nobody)
                        == docks.columns(board, as: user, filter: .all([nobody, Docks.counted])))
            }
            for (board, field) in [("open", "assigned_to"), ("open", "state"), ("calendar", "harbor"), ("calendar", "assigned_to")] {
                #expect(
                    try await docks.table(board, by: field, as: user) == docks.table(board, by: field, as: user, filter: Docks.counted),
                    "\(board) by \(field) as \(user)")
            }
        }
        let kept = try await docks.household.rows("tenon_board")
        #expect(kept == 3, "the board by a condition on the moment is not kept")
        #expect(try await docks.household.rows("tenon_board_figure", where: "\"count\" = 0 AND \"measure\" = ''") == 0)
    }

    @Test func `nobody counts what they do not see, in kept figures as in counted ones`() async throws {
        let docks = try await Docks()
        for (owner, price) in [(Household.anna, "1"), (Household.ben, "20"), (Household.boss, "300")] {
            try await docks.haul("x", ["assigned_to": .integer(owner), "price": .money(price)])
        }
        try await docks.haul("nobody's", ["price": .money("4000")])
        #expect(try await docks.columns("open", as: Household.anna) == ["Kiel 1 1 100EUR"])
        #expect(try await docks.columns("open", as: Household.ben) == ["Kiel 1 2 2100EUR"])
        #expect(try await docks.columns("open", as: Household.boss) == ["Kiel 1 4 432100EUR"])
        #expect(try await docks.columns("open", as: Household.carl) == ["Kiel 1 4 "], "a hidden field is not added up")
        #expect(try await docks.table("open", by: "assigned_to", as: Household.anna) == ["Anna 1 100EUR:  1 100EUR,-,-,-,-,-"])
        // Asking for somebody else's finds nothing, kept or not.
        let bens = Filter.compare("assigned_to", .equal, .value(.integer(Household.ben)))
        #expect(try await docks.columns("open", as: Household.anna, filter: bens) == [])
    }

    @Test func `figures that another release kept otherwise are counted anew with the next change`() async throws {
        let docks = try await Docks()
        for _ in 0..<3 { try await docks.haul("a", ["price": .money("1")]) }
        try await docks.household.engine.write { connection in
            try connection.execute("UPDATE tenon_board SET plan = 'older' WHERE board = 'open'")
            try connection.execute("UPDATE tenon_board_figure SET \"count\" = 99 WHERE board = 'open'")
        }
        #expect(try await docks.columns("open") == ["Kiel 1 3 300EUR"], "until then they are not used")
        let id = try await docks.haul("b", ["price": .money("1")])
        #expect(try await docks.columns("open") == ["Kiel 1 4 400EUR"])
        try await docks.change(id, ["lane": .link(docks.lanes[1])])
        #expect(try await docks.columns("open") == ["Kiel 1 3 300EUR", "Kiel 2 1 100EUR"])
    }

    @Test func `one of several boards is picked, and months show all until one is`() async throws {
        let docks = try await Docks()
        try await docks.haul("kiel", ["due": .day("2026-03-20")])
        try await docks.haul("bremen", ["harbor": .link(docks.harbors[1]), "lane": .link(docks.lanes[3]), "due": .day("2026-03-21")])
        #expect(try await docks.columns(within: docks.harbors[1]) == ["Bremen 1 1  "])
        #expect(try await docks.columns("calendar") == ["Mar 2026 2  "])
        #expect(try await docks.columns("calendar", within: docks.harbors[0]) == ["Mar 2026 1  "])
        let filter = Filter.compare("harbor", .equal, .value(.link(docks.harbors[0])))
        #expect(try await docks.columns("calendar", filter: filter) == ["Mar 2026 1  "])
    }
}
