import PluginAPI
import Testing

@testable import Kernel

/// Chores with fields that an administrator had worked out.
private final class FormulaHouse: Sendable {
    let database: TemporaryDatabase
    let store: Store
    let clock = FixedClock("2026-03-02T10:00:00Z")
    let keeper: FormulaKeeper
    let rights: RightsSnapshot

    init(_ formulas: KeyValuePairs<String, String>, withHelper: Bool = true) async throws {
        let registry = try FormulaHouse.registry(formulas, withHelper: withHelper)
        database = try TemporaryDatabase()
        try await database.prepare(for: registry)
        try await database.engine.write { connection in
            for id in 1...5 {
                try connection.execute(
                    "INSERT INTO \"user\" (id, version, created_at, updated_at, name, email, active) VALUES (?, 1, 0, 0, ?, ?, 1)",
                    [.integer(Int64(id)), .text("User \(id)"), .text("user\(id)@example.org")])
            }
        }
        let store = Store(engine: database.engine, clock: clock, registry: registry)
        let rights = Household.rights.with(sources: registry.fieldFormulas.sources)
        self.store = store
        self.rights = rights
        keeper = FormulaKeeper(store: store, rights: { rights }, log: { Issue.record("\($0)") })
    }

    /// `result:formula` by the field's name.
    static func registry(_ formulas: KeyValuePairs<String, String>, withHelper: Bool = true) throws -> Registry {
        var fields: [CustomField] = []
        for (name, text) in formulas {
            let parts: [String] = text.split(separator: ":", maxSplits: 1).map(String.init)
            let kinds: [String] = parts[0].split(separator: " ").map(String.init)
            var definition = CustomFieldDefinition(kind: "formula")
            definition.formula = parts[1]
            definition.result = kinds[0]
            definition.scale = kinds.count > 1 ? Int(kinds[1]) : nil
            definition.functions = parts[1].contains("helper(") ? ["helper": "chores"] : nil
            fields.append(CustomField(id: Int64(fields.count + 1), entity: "chore", name: name, definition: definition))
        }
        let chores: Composition.Part = .of("chores") { crm in
            ChoresPlugin().register(with: &crm)
            if withHelper { crm.function("helper", [.integer], returns: .integer) { _ in .integer(1) } }
        }
        return try composed(chores, fields)
    }

    private static func composed(_ part: Composition.Part, _ fields: [CustomField]) throws -> Registry {
        switch RegistryBuilder.build(Composition(parts: [.kernel, part], customFields: fields)) {
        case .registry(let registry): return registry
        case .problems(let problems): throw CompositionRefused(problems: problems)
        }
    }

    func actor(_ user: Int64) -> Actor { .user(user, via: "test", rights: rights) }

    @discardableResult
    func chore(_ title: String, _ values: [String: Value] = [:], as user: Int64 = Household.boss) async throws -> RecordID {
        try await store.write(as: actor(user)) { tx in
            var record = try tx.blank("chore")
            record["title"] = .text(title)
            for (name, value) in values { record[name] = value }
            return try tx.save("chore", record).id
        }
    }

    func change(_ id: RecordID, _ values: [String: Value]) async throws {
        try await store.write(as: actor(Household.boss)) { tx in
            var record = try tx.require(tx.registry.require("chore"), id)
            for (name, value) in values { record[name] = value }
            _ = try tx.save("chore", record)
        }
    }

    func value(_ id: RecordID, _ field: String, as user: Int64 = Household.boss) async throws -> Value? {
        try await store.read(as: actor(user)) { try $0.find("chore", id)?[field] }
    }

    func titles(_ filter: Filter = .everything, sort: String = "id", as user: Int64 = Household.boss) async throws -> [String] {
        try await store.read(as: actor(user)) { tx in
            let order = Sort(field: sort.hasPrefix("-") ? String(sort.dropFirst()) : sort, descending: sort.hasPrefix("-"))
            return try tx.all("chore", where: filter, sort: [order], limit: 500).map { $0["title"].text }
        }
    }

    func status(_ field: String) async throws -> FormulaStatus {
        try await store.read(as: actor(Household.boss)) { try FormulaStatus("chore", field, $0) }
    }
}

@Suite struct FormulaFieldTests {
    @Test func `a formula field is worked out with each change, and sorts and filters as any other`() async throws {
        let house = try await FormulaHouse([
            "effort": "decimal 2:hours * points", "doubled": "decimal 2:effort * 2", "share": "money:round(cost * 0.19)", "name": "text:upper(left(title, 3))",
        ])
        let paint = try await house.chore("Paint", ["hours": .decimal("1.50"), "points": .integer(4), "cost": .money("10.00")])
        try await house.chore("Rest")
        let buy = try await house.chore("Buy", ["hours": .decimal("1.00"), "points": .integer(9)])
        #expect(try await house.value(paint, "doubled") == .decimal("12.00"))
        #expect(try await house.value(paint, "share") == .money("1.90"))
        #expect(try await house.value(paint, "name") == .text("PAI"))
        #expect(try await house.titles(sort: "-effort") == ["Buy", "Paint", "Rest"])
        #expect(try await house.titles(.compare("effort", .greater, .value(.decimal("6.00")))) == ["Buy"])
        #expect(try await house.titles(.formula("doubled > effort + 6")) == ["Buy"])
        try await house.change(buy, ["points": .integer(1)])
        #expect(try await house.titles(sort: "-effort") == ["Paint", "Buy", "Rest"])
    }

    @Test func `nobody sets a result, and it stands in no way of a change`() async throws {
        let house = try await FormulaHouse(["effort": "integer:points * 2"])
        let id = try await house.chore("Paint", ["points": .integer(4), "effort": .integer(77)])
        #expect(try await house.value(id, "effort") == .integer(8))
        // Somebody else changes the points meanwhile: the result that this one saw is no conflict.
        let seen = try #require(try await house.store.read(as: house.actor(Household.boss)) { try $0.find("chore", id) })
        try await house.change(id, ["points": .integer(5)])
        try await house.store.write(as: house.actor(Household.boss)) { tx in
            var record = seen
            record["title"] = .text("Paint it")
            _ = try tx.save("chore", record)
        }
        #expect(try await house.value(id, "effort") == .integer(10))
        let trail = try await house.store.read(as: house.actor(Household.boss)) { tx in try tx.timeline(tx.registry.require("chore"), id) }
        #expect(!trail.flatMap(\.changes).contains { $0.field == "effort" })
    }

    @Test func `a record for which a formula fails is saved with nothing there, and the reason is on record`() async throws {
        let house = try await FormulaHouse(["each": "decimal 1:round(points / grade, 1)"])
        let good = try await house.chore("Good", ["points": .integer(6), "grade": .integer(4)])
        let huge = try await house.chore("None", ["points": .integer(6)])
        #expect(try await house.value(good, "each") == .decimal(FixedDecimal(units: 15, scale: 1)))
        #expect(try await house.value(huge, "each") == .null)
        #expect(try await house.status("each").failing == 0)

        let other = try await FormulaHouse(["each": "integer:points * 4611686018427387904"])
        let bad = try await other.chore("Bad", ["points": .integer(6)])
        #expect(try await other.value(bad, "each") == .null)
        let status = try await other.status("each")
        #expect(status.failing == 1 && status.reason == "the result is too large" && status.failingRecord == bad.raw)
        try await other.change(bad, ["points": .integer(1)])
        #expect(try await other.status("each").failing == 0)
        try await other.change(bad, ["points": .integer(6)])
        #expect(try await other.status("each").failing == 1)
        try await other.store.write(as: other.actor(Household.boss)) { try $0.delete("chore", bad) }
        #expect(try await other.status("each").failing == 0)
    }

    @Test func `records that are there already are filled in, batch by batch`() async throws {
        let house = try await FormulaHouse(["effort": "integer:points * 2"])
        let plain = try FormulaHouse.registry([:])
        let full = house.store.registry
        house.store.replace(registry: plain)
        try await house.store.write(as: house.actor(Household.boss)) { tx in
            for number in 1...450 {
                var record = try tx.blank("chore")
                record["title"] = .text("Chore \(number)")
                record["points"] = .integer(Int64(number))
                _ = try tx.save("chore", record)
            }
        }
        house.store.replace(registry: full)
        try await house.database.engine.write { try FormulaWork.add(entity: "chore", field: "effort", $0) }
        try await house.store.write(as: house.actor(Household.boss)) { _ = try FormulaWork.step($0) }
        let progress = try await house.status("effort").progress
        #expect(progress?.done == 200 && progress?.total == 450)
        try await house.keeper.drain()
        #expect(try await house.status("effort").progress == nil)
        #expect(try await house.titles(.formula("effort = points * 2")).count == 450)
        let versions = try await house.database.engine.read { try $0.integer("SELECT max(version) FROM chore") }
        #expect(versions == 1)
    }

    @Test func `what is read by way of a link follows the record that it leads to`() async throws {
        let house = try await FormulaHouse(["before": "text:after.title", "twice": "text:after.after.title", "plus": "text:before & \"!\""])
        let first = try await house.chore("First")
        let second = try await house.chore("Second", ["after": .link(first)])
        let third = try await house.chore("Third", ["after": .link(second)])
        #expect(try await house.value(third, "twice") == .text("First"))
        try await house.change(first, ["title": .text("One")])
        #expect(try await house.value(second, "plus") == .text("One!"))
        #expect(try await house.value(third, "twice") == .text("One"))
        try await house.change(second, ["after": .null])
        #expect(try await house.value(third, "twice") == .null)
    }

    @Test func `a change that many records read is followed in the background`() async throws {
        let house = try await FormulaHouse(["before": "text:after.title"])
        let first = try await house.chore("First")
        for number in 1...60 { try await house.chore("Chore \(number)", ["after": .link(first)]) }
        try await house.change(first, ["title": .text("One")])
        #expect(try await house.titles(.formula("before = \"One\"")).isEmpty)
        try await house.keeper.drain()
        #expect(try await house.titles(.formula("before = \"One\"")).count == 60)
    }

    @Test func `who may not see the record on the way sees no result, and cannot find by it`() async throws {
        let house = try await FormulaHouse(["before": "text:after.title", "echo": "text:upper(before)"])
        let hidden = try await house.chore("Hidden", ["assigned_to": .integer(Household.boss)])
        let open = try await house.chore("Open", ["assigned_to": .integer(Household.anna)])
        let one = try await house.chore("One", ["after": .link(hidden), "assigned_to": .integer(Household.anna)])
        let two = try await house.chore("Two", ["after": .link(open), "assigned_to": .integer(Household.anna)])
        #expect(try await house.value(one, "before") == .text("Hidden"))
        for field in ["before", "echo"] {
            #expect(try await house.value(one, field, as: Household.anna) == .null)
            #expect(try await house.value(two, field, as: Household.anna) == .text(field == "before" ? "Open" : "OPEN"))
            #expect(try await house.titles(.not(.empty(field)), as: Household.anna) == ["Two"])
            #expect(try await house.titles(.formula("\(field) != null"), as: Household.anna) == ["Two"])
            #expect(try await house.titles(.compare(field, .contains, .value(.text("hid"))), as: Household.anna).isEmpty)
        }
        #expect(try await house.titles(sort: "before", as: Household.anna).first == "Two")
    }

    @Test func `a result of what is hidden from a role is hidden, too`() async throws {
        let house = try await FormulaHouse(["fee": "money:round(cost * 0.1)", "fees": "money:fee * 2", "free": "integer:points * 2"])
        let id = try await house.chore("One", ["cost": .money("10.00"), "points": .integer(2), "assigned_to": .integer(Household.anna)])
        #expect(try await house.value(id, "fees") == .money("2.00"))
        #expect(try await house.value(id, "free", as: Household.ben) == .integer(4))
        for field in ["fee", "fees"] {
            #expect(try await house.value(id, field, as: Household.ben) == .null)
            await #expect(throws: CRMError.self) { try await house.titles(.not(.empty(field)), as: Household.ben) }
            await #expect(throws: CRMError.self) { try await house.titles(.formula("\(field) > 1"), as: Household.ben) }
        }
    }

    @Test func `what names today is worked out anew when the day changes`() async throws {
        let house = try await FormulaHouse(["late": "boolean:due < today()"])
        let id = try await house.chore("One", ["due": .day("2026-03-02")])
        try await house.keeper.drain()
        #expect(try await house.value(id, "late") == .boolean(false))
        house.clock.set(Moment("2026-03-03T00:00:00Z") ?? Moment(milliseconds: 0))
        try await house.keeper.drain()
        #expect(try await house.value(id, "late") == .boolean(true))
    }

    @Test func `fields that come back to themselves are refused`() async throws {
        let registry = try FormulaHouse.registry(["a": "integer:b + 1", "b": "integer:points + a", "c": "integer:after.c", "d": "integer:points"])
        let formulas = registry.fieldFormulas
        for name in ["a", "b", "c"] { #expect(formulas.field(name, of: "chore")?.problem == "it depends on itself") }
        #expect(formulas.field("d", of: "chore")?.formula != nil)
    }

    @Test func `a field whose function is gone keeps its values, says what is missing, and comes back`() async throws {
        let house = try await FormulaHouse(["helped": "integer:helper(points) + points"])
        let id = try await house.chore("One", ["points": .integer(2)])
        #expect(try await house.value(id, "helped") == .integer(3))
        try await house.keeper.drain()
        let full = house.store.registry
        house.store.replace(registry: try FormulaHouse.registry(["helped": "integer:helper(points) + points"], withHelper: false))
        try await house.keeper.drain()
        #expect(try await house.status("helped").problem == "the function helper is missing: its plugin chores is not running")
        try await house.change(id, ["points": .integer(5)])
        #expect(try await house.value(id, "helped") == .integer(3))
        house.store.replace(registry: full)
        try await house.keeper.drain()
        #expect(try await house.value(id, "helped") == .integer(6))
        #expect(try await house.status("helped").problem == "")
    }
}

@Suite struct FormulaFieldAPITests {
    @Test func `an administrator makes a formula field and everything shows it at once`() async throws {
        let desk = try await FrontDesk()
        let made = try await desk.ask(
            "POST", "custom-fields", #"{"entity": "users", "name": "greeting", "type": "formula", "formula": "\"Dear \" & name"}"#)
        #expect(made.status == 201)
        #expect(made.json["result"]?.text == "text" && made.json["status"]?["state"]?.text == "ready")
        let list = try await desk.ask("GET", "users?sort=greeting&fields=name,greeting")
        #expect(list.json["data"]?.array?.compactMap { $0["greeting"]?.text } == ["Dear Anton Agent", "Dear Berta Boss"])
        #expect(try await desk.ask("GET", "users/export?format=csv").text.contains("Dear Berta Boss"))
        let set = try await desk.ask("PATCH", "users/1", #"{"greeting": "Hello"}"#)
        #expect(set.status == 422 && set.fields == ["greeting"])
        try await desk.ask("PATCH", "users/1", #"{"name": "Berta Chief"}"#)
        #expect(try await desk.ask("GET", "users/1").json["greeting"]?.text == "Dear Berta Chief")

        let changed = try await desk.ask("PATCH", "custom-fields/\(made.id)", #"{"formula": "\"Hi \" & name"}"#)
        #expect(changed.status == 200)
        #expect(try await desk.ask("GET", "users/1").json["greeting"]?.text == "Hi Berta Chief")
        let other = try await desk.ask("PATCH", "custom-fields/\(made.id)", #"{"formula": "length(name)"}"#)
        #expect(other.status != 200)
    }

    @Test(arguments: [
        (#""formula": "nmae""#, "formula", "line 1, column 1: users have no field nmae"), (#""formula": """#, "formula", "is missing"),
        (#""formula": "greeting2 & name""#, "formula", "line 1, column 1: users have no field greeting2"),
        (#""formula": "teams""#, "formula", "a list of links cannot be kept in a field"),
        (#""formula": "name", "unique": true"#, "unique", "does not go with a formula, whose value nobody gives"),
    ])
    func `a formula that is wrong is refused where it is wrong`(rest: String, field: String, message: String) async throws {
        let desk = try await FrontDesk()
        let answer = try await desk.ask("POST", "custom-fields", #"{"entity": "users", "name": "greeting", "type": "formula", \#(rest)}"#)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?.array?.first?["field"]?.text == field)
        #expect(answer.json["errors"]?.array?.first?["message"]?.text == message)
    }
}
