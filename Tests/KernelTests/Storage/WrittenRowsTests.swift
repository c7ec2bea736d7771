import PluginAPI
import Testing

@testable import Kernel

private struct Depot: Entity {
    static let name = Field<String>("name")
    static let schema = Schema("depot", name)
}

private struct Courier: Entity {
    static let name = Field<String>("name")
    static let schema = Schema("courier", name).keptInMemory()
}

private struct Crate: Entity {
    static let title = Field<String>("title", .searchable)
    static let depot = Field<Reference<Depot>?>("depot", .whenTargetIsDeleted(.clear))
    static let courier = Field<Reference<Courier>?>("courier", .whenTargetIsDeleted(.clear))
    static let stops = Field<Int>("stops", .derived, .byDefault(0))
    static let seal = Field<String?>("seal")
    static let owner = Field<Reference<User>?>("assigned_to", .owner)
    static let schema = Schema("crate", title, depot, courier, stops, seal, owner)
}

private struct CratesPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Depot.self)
        crm.entity(Courier.self)
        crm.entity(Crate.self)
    }
}

@Suite("Rows as they were last written") struct WrittenRowsTests {
    private func house(_ titles: String...) async throws -> (Household, ids: [RecordID]) {
        let house = try await Household(with: .of("crates", CratesPlugin()))
        var ids: [RecordID] = []
        for title in titles { ids.append(try await house.add("crate", ["title": .text(title)])) }
        return (house, ids)
    }

    /// The list as the API shows it.
    private static func list(_ tx: StoreTransaction, sort: String = "id", filter: Filter = .everything, limit: Int = 50, cursor: String? = nil) throws -> (text: String, next: String?) {
        let entity = try tx.registry.require("crate")
        var json = JSONWriter()
        json.beginArray()
        let request = ListRequest(entity: entity, filter: filter, sort: Sort(field: sort, descending: false), limit: limit, cursor: cursor)
        let next = try tx.write(request, isLast: true, to: &json)
        json.endArray()
        return (String(decoding: json.bytes, as: UTF8.self), next)
    }

    /// The same; what is known must be what is stored.
    private static func list(_ house: Household, as actor: Actor = Household.actor(Household.boss)) async throws -> String {
        let known = try await house.store.read(as: actor) { try list($0).text }
        house.registry.forgetAll()
        let anew = try await house.store.read(as: actor) { try list($0).text }
        #expect(known == anew)
        // And once more from what was written just now.
        #expect(try await house.store.read(as: actor) { try list($0).text } == anew)
        return anew
    }

    private static func change(_ house: Household, _ entity: String, _ id: RecordID, _ values: [String: Value]) async throws {
        try await house.write { tx in
            var record = try tx.require(tx.registry.require(entity), id)
            for (name, value) in values { record[name] = value }
            _ = try tx.save(entity, record)
        }
    }

    /// Stores what is worked out: no new version.
    private static func derive(_ house: Household, _ id: RecordID, stops: Int64) async throws {
        try await house.write { tx in
            var record = try tx.require(tx.registry.require("crate"), id)
            record["stops"] = .integer(stops)
            try tx.derive("crate", record)
        }
    }

    @Test func `the second list takes them from memory, whatever its order, and so does a single answer`() async throws {
        let (house, ids) = try await house("a", "b")
        let first = try await house.read { try Self.list($0).text }
        // Behind the product's back: nothing has told it, so it does not look.
        try await house.engine.write { try $0.execute("UPDATE \"crate\" SET \"title\" = 'behind'") }
        #expect(try await house.read { try Self.list($0).text } == first)
        #expect(try await house.read { try Self.list($0, sort: "created_at").text } == first)
        let entity = try house.registry.require("crate")
        let single = try await house.read { try $0.json(entity, ids[0]) }
        #expect(first.contains(String(decoding: single.bytes, as: UTF8.self)) && single.version == 1)
        // Another version is another row, whoever made it.
        try await house.engine.write { try $0.execute("UPDATE \"crate\" SET \"version\" = 2 WHERE \"id\" = ?", [.integer(ids[0].raw)]) }
        let second = try await house.read { try Self.list($0).text }
        #expect(second.contains("behind") && second.contains("\"version\":2"))
    }

    @Test func `a page from memory ends where the database says, and the next one begins there`() async throws {
        let (house, _) = try await house("a", "b", "c", "d", "e")
        for sort in ["id", "title", "seal"] {
            for _ in 0..<3 {
                let first = try await house.read { try Self.list($0, sort: sort, limit: 2) }
                let second = try await house.read { try Self.list($0, sort: sort, limit: 2, cursor: first.next) }
                let third = try await house.read { try Self.list($0, sort: sort, limit: 2, cursor: second.next) }
                #expect(first.text.contains(#""title":"b""#) && second.text.contains(#""title":"d""#) && third.text.contains(#""title":"e""#), "\(sort)")
                #expect(third.next == nil && second.next != nil)
            }
        }
        let found = try await house.read { try Self.list($0, filter: .search("c")).text }
        #expect(found.contains(#""title":"c""#) && !found.contains(#""title":"d""#))
    }

    @Test func `whatever is changed, the next list says so`() async throws {
        let (house, ids) = try await house("a", "b")
        let depot = try await house.add("depot", ["name": .text("North")])
        let courier = try await house.add("courier", ["name": .text("Quick")])
        #expect(try await Self.list(house).contains(#""title":"a""#))
        try await Self.change(house, "crate", ids[0], ["title": .text("A")])
        #expect(try await Self.list(house).contains(#""title":"A""#))
        // Its own link to something whose label is looked up.
        try await Self.change(house, "crate", ids[0], ["depot": .link(depot), "courier": .link(courier)])
        #expect(try await Self.list(house).contains(#""depot_label":"North""#))
        try await Self.change(house, "depot", depot, ["name": .text("South")])
        #expect(try await Self.list(house).contains(#""depot_label":"South""#))
        try await Self.change(house, "courier", courier, ["name": .text("Slow")])
        #expect(try await Self.list(house).contains(#""courier_label":"Slow""#))
        try await house.write { try $0.delete("depot", depot) }
        try await house.write { try $0.delete("courier", courier) }
        let cleared = try await Self.list(house)
        #expect(!cleared.contains("South") && !cleared.contains("Slow"))
        // What is worked out changes without a version.
        try await Self.derive(house, ids[1], stops: 7)
        let derived = try await Self.list(house)
        #expect(derived.contains(#""stops":7"#) && derived.contains(#""version":1"#))
        try await house.write { try $0.delete("crate", ids[1]) }
        #expect(try await !Self.list(house).contains(#""title":"b""#))
    }

    @Test func `a change that is undone leaves what was there`() async throws {
        let (house, ids) = try await house("a")
        let before = try await Self.list(house)
        await #expect(throws: CRMError.self) {
            try await house.write { tx in
                var record = try tx.require(tx.registry.require("crate"), ids[0])
                record["title"] = .text("never")
                _ = try tx.save("crate", record)
                // Who writes sees it, and nobody else will.
                #expect(try Self.list(tx).text.contains("never"))
                throw CRMError.refused("no")
            }
        }
        #expect(try await Self.list(house) == before)
        try await Self.change(house, "crate", ids[0], ["title": .text("once")])
        #expect(try await Self.list(house).contains(#""title":"once""#))
    }

    @Test func `a list that began before a change does not bring the old row back`() async throws {
        let (house, ids) = try await house("a")
        let seen = try await house.read(
            before: { try await Self.derive(house, ids[0], stops: 3) }, { try Self.list($0).text })
        #expect(seen.contains(#""stops":0"#), "one view of the database, however old")
        #expect(try await Self.list(house).contains(#""stops":3"#))
    }

    @Test func `everybody sees what is theirs to see, whoever asked before`() async throws {
        let (house, _) = try await house("a")
        try await house.add("crate", ["title": .text("sealed"), "seal": .text("secret"), "assigned_to": .integer(Household.anna)])
        func actor(_ id: Int64, _ rights: [String: [String: Scope]], masks: [String: [String: FieldMask]] = [:]) -> Actor {
            var grants = RoleGrants()
            grants.entities = rights
            grants.masks = masks
            return .user(
                id, via: "test",
                rights: RightsSnapshot(
                    people: [id: .init(name: "P\(id)", isActive: true, roles: [1], teams: [])], roles: [1: .init(key: "r", name: "R", grants: grants)]))
        }
        let blind = actor(Household.carl, ["crate": ["view": .all]], masks: ["crate": ["seal": .hidden]])
        let own = actor(Household.anna, ["crate": ["view": .own], "user": ["view": .all]])
        for _ in 0..<2 {
            #expect(try await Self.list(house).contains(#""seal":"secret""#))
            let hidden = try await Self.list(house, as: blind)
            #expect(!hidden.contains("seal\"") && !hidden.contains("secret") && hidden.contains("sealed"))
            #expect(hidden.contains(#""assigned_to_label":null"#))
            let hers = try await Self.list(house, as: own)
            #expect(hers.contains("sealed") && !hers.contains(#""title":"a""#) && hers.contains(#""assigned_to_label":"Anna""#))
        }
    }

    // MARK: The store of rows itself

    private func stamp(_ id: Int64, _ version: Int64 = 1) -> WrittenRows.Stamp { WrittenRows.Stamp(id: id, version: version) }

    /// Keeps rows as they come from one answer: each of its id's text.
    private func keep(_ rows: WrittenRows, _ ids: [Int64], of entity: String = "crate", padding: Int = 0, since moment: Int? = nil) {
        var (sheet, places): ([UInt8], [WrittenRows.Place]) = ([], [])
        for id in ids {
            if !sheet.isEmpty { sheet.append(UInt8(ascii: ",")) }
            let start = sheet.count
            sheet += Array(String(id).utf8) + [UInt8](repeating: UInt8(ascii: "."), count: padding)
            places.append(WrittenRows.Place(stamp: stamp(id), range: start..<sheet.count))
        }
        rows.keep(entity, 1, places, on: sheet, since: moment ?? rows.moment)
    }

    private func text(_ found: WrittenRows.Found?) -> String? { found.map { String(decoding: $0.sheet, as: UTF8.self) } }

    @Test func `what was read before something was forgotten is not kept`() {
        let rows = WrittenRows()
        let before = rows.moment
        rows.forget(["crate": [9]])
        keep(rows, [1], since: before)
        #expect(rows.rows("crate", 1, [stamp(1)]) == nil)
        // Of another entity it is.
        keep(rows, [1], of: "depot", since: before)
        #expect(text(rows.rows("depot", 1, [stamp(1)])) == "1")
        keep(rows, [1, 2])
        #expect(text(rows.rows("crate", 1, [stamp(2), stamp(1)])) == "2,1")
        #expect(rows.rows("crate", 1, [stamp(1, 2)]) == nil && rows.rows("crate", 2, [stamp(1)]) == nil)
        rows.forget(["crate": [1]])
        #expect(rows.rows("crate", 1, [stamp(1), stamp(2)]) == nil && text(rows.rows("crate", 1, [stamp(2)])) == "2")
        rows.forget(["crate": []])
        #expect(rows.rows("crate", 1, [stamp(2)]) == nil && rows.rows("depot", 1, [stamp(1)]) != nil)
        let moment = rows.moment
        rows.forgetAll()
        #expect(rows.rows("depot", 1, [stamp(1)]) == nil)
        keep(rows, [1], of: "depot", since: moment)
        #expect(rows.rows("depot", 1, [stamp(1)]) == nil)
    }

    @Test func `rows that follow each other as they were written are one piece, others are put together`() {
        let rows = WrittenRows()
        keep(rows, [10, 20, 30])
        keep(rows, [7])
        func ask(_ ids: Int64..., apart: Bool = false) -> WrittenRows.Found? { rows.rows("crate", 1, ids.map { stamp($0) }, apart: apart) }
        let whole = ask(10, 20, 30)
        #expect(text(whole) == "10,20,30" && whole?.pieces.count == 1 && whole?.count == 8)
        #expect(text(ask(20, 30, 7, 10)) == "20,30,7,10" && ask(20, 30, 7, 10)?.pieces.count == 3)
        #expect(text(ask(30, 20)) == "30,20")
        let apart = ask(10, 20, apart: true)
        #expect(apart?.pieces.map { String(decoding: $0.bytes, as: UTF8.self) } == ["10", "20"])
        // Where each stands when they are kept again.
        let again = WrittenRows()
        if let found = ask(20, 30, 7) { again.keep("crate", 1, found.places, on: found.sheet, since: again.moment) }
        for id in [20, 30, 7] as [Int64] { #expect(text(again.rows("crate", 1, [stamp(id)])) == String(id)) }
        #expect(text(rows.rows("crate", 1, [])) == "")
    }

    @Test func `a row that has changed without a version is not found, whichever lists it stands in`() {
        let rows = WrittenRows()
        func ask(_ ids: Int64...) -> String? { text(rows.rows("crate", 1, ids.map { stamp($0) })) }
        keep(rows, [1, 2, 3])
        keep(rows, [2, 4], padding: 1)
        // The second row is known from the second list now, and is forgotten there.
        rows.forget(["crate": [2]])
        #expect(ask(1, 2, 3) == nil && ask(2) == nil)
        #expect(ask(1, 3) == "1,3" && ask(4) == "4.")
    }

    /// Lists that are kept, changes with and without a new version, and lists that are asked for, by chance: what is found is what there is.
    @Test(arguments: 1...4) func `whatever happens, what is found is what there is`(_ seed: UInt64) {
        var dice = SeededGenerator(state: seed)
        let rows = WrittenRows()
        var known: [Int64: (version: Int64, text: String)] = [:]
        for id in 1...12 as ClosedRange<Int64> { known[id] = (1, "\(id) at first") }
        var found = 0
        for step in 1...4000 {
            let first = Int64.random(in: 1...12, using: &dice)
            let list: [Int64] = (first...min(12, first + .random(in: 0...5, using: &dice))).filter { _ in Int.random(in: 0..<8, using: &dice) > 0 }
            let stamps: [WrittenRows.Stamp] = list.map { stamp($0, known[$0]?.version ?? 0) }
            switch Int.random(in: 0..<10, using: &dice) {
            case 0:
                known[first] = (known[first, default: (0, "")].version, "\(first) at step \(step)")
                rows.forget(["crate": [first]])
            case 1: known[first] = (known[first, default: (0, "")].version + 1, "\(first) at step \(step)")
            case 2...4:
                var (sheet, places): ([UInt8], [WrittenRows.Place]) = ([], [])
                for stamp in stamps {
                    if !sheet.isEmpty { sheet.append(UInt8(ascii: ",")) }
                    let start = sheet.count
                    sheet += Array((known[stamp.id]?.text ?? "").utf8)
                    // So long that rows grow old.
                    if Int.random(in: 0..<50, using: &dice) == 0 { sheet += [UInt8](repeating: UInt8(ascii: "."), count: 1 << 18) }
                    places.append(WrittenRows.Place(stamp: stamp, range: start..<sheet.count))
                }
                rows.keep("crate", 1, places, on: sheet, since: rows.moment)
            default:
                guard let answer = rows.rows("crate", 1, stamps), !list.isEmpty else { continue }
                found += list.count
                let texts: [String] = text(answer)?.split(separator: ",").map { String($0.prefix { $0 != "." }) } ?? []
                #expect(texts == list.compactMap { known[$0]?.text })
                if answer.isOld { rows.keep("crate", 1, answer.places, on: answer.sheet, since: rows.moment) }
            }
        }
        #expect(found > 500, "\(found)")
    }

    @Test func `so many bytes are kept at most, of those that were used last`() {
        let rows = WrittenRows()
        for id in 1...20_000 as ClosedRange<Int64> {
            keep(rows, [id], padding: 1 << 10)
            // The first is asked for again and again, and kept again when it has become old.
            let found = rows.rows("crate", 1, [stamp(1)])
            #expect(found != nil)
            if let found, found.isOld { rows.keep("crate", 1, found.places, on: found.sheet, since: rows.moment) }
        }
        let kept = (1...20_000 as ClosedRange<Int64>).count { rows.rows("crate", 1, [stamp($0)]) != nil }
        #expect(kept > 2000 && kept <= 4200, "\(kept)")
        #expect(rows.rows("crate", 1, [stamp(20_000)]) != nil && rows.rows("crate", 1, [stamp(2)]) == nil)
    }

    @Test func `who looks in vain again and again looks seldom, until something is found`() {
        let rows = WrittenRows()
        #expect(rows.outlook("crate", 1) == .empty)
        keep(rows, [1, 3])
        #expect(rows.outlook("crate", 1) == .likely)
        for _ in 0..<3 { #expect(rows.rows("crate", 1, [stamp(1), stamp(2)]) == nil) }
        #expect((0..<64).count { _ in rows.outlook("crate", 1) == .likely } == 4)
        #expect(rows.rows("crate", 1, [stamp(1), stamp(3)]) != nil)
        #expect(rows.outlook("crate", 1) == .likely)
    }
}
