import PluginAPI
import Testing

@testable import Kernel

/// Conditions as the database answers them: the same records for which they hold when they are evaluated.
@Suite struct FormulaFilterTests {
    private static func household() async throws -> Household {
        let house = try await Household(zone: "Europe/Berlin")
        let step = try await house.add("step", ["name": .text("Begin")])
        let tag = try await house.add("tag", ["name": .text("garden")])
        let first = try await house.chore(
            "Paint the fence",
            [
                "cost": .money("125.00"), "hours": .decimal("3.50"), "points": .integer(10), "urgent": .boolean(true), "due": .day("2026-03-31"),
                "begins": .moment("2026-03-02T23:30:00Z"), "place": .text("garden"), "assigned_to": .integer(Household.anna), "step": .link(step),
                "tags": .list([tag]), "grade": .integer(2),
            ])
        try await house.chore("Buy paint", ["cost": .money("40.00", "USD"), "points": .integer(4), "place": .text("town"), "after": .link(first)])
        try await house.chore("Rest", ["urgent": .boolean(false), "due": .day("2026-03-02"), "begins": .moment("2026-03-01T23:30:00Z"), "hours": .decimal("0.25")])
        try await house.chore(
            "buy nails", ["cost": .money("125.00"), "points": .integer(-3), "grade": .integer(5), "code": .text("N1"), "after": .link(first), "assigned_to": .integer(Household.ben)])
        try await house.chore("Huge", ["points": .integer(.max), "hours": .decimal("99999999.99"), "place": .null])
        return house
    }

    private static let conditions: [String] = [
        "points > 5", "points >= -3 and points <= 4", "not (points > 5)", "points != 10", "points = null", "points != null", "grade = score",
        "grade != score", "points = grade", "points * 2 > hours", "points + 0.5 > 4", "points - grade > 0", "points * points > 5", "-points > 0",
        "hours = 3.5", "hours * 2 = 7", "cost > 100", "cost = 125", "cost != 125", "cost = money(40, \"USD\")", "cost < money(50, \"USD\")",
        "cost + cost > 200", "cost * 2 >= money(80, \"USD\")", "cost - cost = 0", "cost = null", "not cost > 100", "currency(cost) = \"USD\"",
        "urgent", "not urgent", "urgent = true", "urgent = false", "urgent != (points > 3)", "urgent and points > 5 or grade = 5",
        "title = \"Rest\"", "title != \"Rest\"", "lower(title) = \"buy nails\"", "contains(title, \"PAINT\")", "starts_with(title, \"buy\")",
        "not starts_with(title, \"buy\")", "title < \"a\"", "code = null", "code = \"\"", "is_empty(code)", "not is_empty(code)",
        "place = \"garden\"", "place in (\"garden\", \"town\")", "place not in (\"garden\", \"town\")", "place in (\"town\", null)", "points in (4, 10)",
        "due < today() + 30", "due = today()", "due > add_months(today(), 0) and due <= end_of_month(today())", "due = null", "due - today() > 3", "today() - due >= 0", "due - due = 0", "due - after.due < 0",
        "date(2026, 4, 1) - due = 1", "today() - due >= points",
        "begins = today()", "begins > today()", "begins <= today()", "begins != today()", "begins < now()", "date(2026, 3, 2) = begins",
        "assigned_to = me()", "assigned_to = 2", "assigned_to in (me(), 3)", "after = null", "after.title = \"Paint the fence\"",
        "after.points > points", "after.cost = cost", "after.urgent", "not after.urgent", "after.step.name = \"Begin\"", "step.name = \"Begin\"",
        "after.after = null", "1 in tags", "99 in tags", "default(grade, 3) >= 3", "default(code, title) = \"N1\"",
        "if(urgent, points, 0) > 5", "if(points > 5, \"many\", \"few\") = \"few\"", "if(points > 5, urgent, grade = 5)", "true", "false and urgent",
        "1 > 2", "null = null", "id = 2", "id != 2",
    ]

    @Test(arguments: [Household.boss, Household.anna, Household.ben, Household.carl])
    func `the database finds the records for which a condition holds, within the rights of whoever asks`(user: Int64) async throws {
        let house = try await Self.household()
        let entity = try house.registry.require("chore")
        for text in Self.conditions {
            if user == Household.ben, text.contains("cost") { continue }
            let (found, expected) = try await house.read(as: user) { tx in
                let all: [RecordData] = try tx.all("chore", where: .everything, sort: [], limit: 100)
                let formula = try tx.registry.formula(text, on: entity, for: tx.actor)
                let holding: [RecordData] = try all.filter { record in
                    var frame = tx.frame(of: record)
                    // What cannot be worked out does not hold.
                    do { return try formula.holds(&frame) } catch is FormulaFault { return false }
                }
                return (try tx.all("chore", where: .formula(text), sort: [], limit: 100).map(\.id), holding.map(\.id))
            }
            #expect(found == expected, "\(text) as \(user)")
        }
    }

    @Test func `a day is the same number in the database, in the engine's own words and in plain ones`() async throws {
        let house = try await Self.household()
        let dialect = house.store.engine.dialect
        for text in ["0001-01-01", "1900-02-28", "1900-03-01", "1969-12-31", "1970-01-01", "2000-02-29", "2024-02-29", "2026-03-02", "2026-12-31", "9999-12-31"] {
            let day = try #require(Day(text))
            let argument = SQLFragment("?", [.text(text)])
            for number in [dialect.dayNumber(argument), PlainDays.number(argument)] {
                let found = try await house.engine.read { try $0.integer("SELECT " + number.sql, number.arguments) }
                #expect(found == Int64(day.number), "\(text)")
            }
        }
    }

    @Test func `what a database cannot be asked is refused with its place, not looked through record by record`() async throws {
        let house = try await Self.household()
        for (text, place) in [
            ("round(points / 3) > 1", 1), ("points > 1 and length(title) > 5", 16), ("due + points > today()", 1), ("title & \"x\" = \"Restx\"", 1),
            ("contains(title, code)", 17), ("begins > due", 10),
        ] {
            let error = await #expect(throws: CRMError.self, "\(text)") { try await house.titles(.formula(text)) }
            #expect(error?.code == .invalid && error?.problems.first?.field == "where", "\(text)")
            #expect(error?.problems.first?.message.hasPrefix("line 1, column \(place): ") == true, "\(error?.problems.first?.message ?? "")")
            #expect(error?.hint.isEmpty == false || text.contains("due") || text.contains("code"), "\(text)")
        }
        let number = await #expect(throws: CRMError.self) { try await house.titles(.formula("points")) }
        #expect(number?.problems.first?.message == "line 1, column 1: a condition is expected, and this is a whole number")
    }

    @Test func `a field that is hidden from the user cannot be asked for`() async throws {
        let house = try await Self.household()
        for text in ["secret = \"x\"", "cost > 1", "after.secret = null"] {
            let error = await #expect(throws: CRMError.self) { try await house.titles(.formula(text), as: Household.ben) }
            #expect(error?.problems.first?.message.contains("chores have no field") == true)
        }
    }

    @Test func `a plugin evaluates a formula within the rights of its user`() async throws {
        let house = try await Self.household()
        let (value, holds) = try await house.read(as: Household.anna) { tx in
            let chore = try #require(try tx.transaction.first(Chore.self, where: Chore.title == "Paint the fence"))
            return (try tx.transaction.evaluate("round(points / 3, 1)", on: chore), try tx.transaction.holds("urgent and step.name = \"Begin\"", for: chore))
        }
        #expect(value == .decimal(FixedDecimal(units: 33, scale: 1)))
        #expect(holds)
        await #expect(throws: CRMError.self) {
            try await house.read(as: Household.ben) { tx in
                let chore = try tx.transaction.all(Chore.self)[0]
                _ = try tx.transaction.evaluate("secret", on: chore)
            }
        }
        let wrong = await #expect(throws: CRMError.self) {
            try await house.read { tx in _ = try tx.transaction.evaluate("points / 0 +", on: try tx.transaction.all(Chore.self)[0]) }
        }
        #expect(wrong?.problems.first?.message == "line 1, column 13: a value is expected here, not the end")
    }

    @Test func `a list takes a formula beside its other filters, in pages, counts and exports`() async throws {
        let desk = try await FrontDesk()
        for points in 1...9 { try await desk.chore("Chore \(points)", "\"points\": \(points), \"grade\": \(points % 3 + 1)") }
        let query = "chores?where=" + "points * 2 > 6 and not grade = 1".percentEncoded
        let first = try await desk.ask("GET", query + "&sort=points&limit=3&count=true")
        #expect(first.titles == ["Chore 4", "Chore 5", "Chore 7"])
        #expect(first.json["total"]?.int == 4)
        let next = try await desk.ask("GET", query + "&sort=points&limit=3&cursor=" + (first.json["next"]?.text ?? ""))
        #expect(next.titles == ["Chore 8"])
        #expect(try await desk.ask("GET", query + "&points=5").titles == ["Chore 5"])
        let export = try await desk.ask("GET", query.replacing("chores?", with: "chores/export?format=csv&"))
        #expect(export.text.split(whereSeparator: \.isNewline).count == 5)
        let wrong = try await desk.ask("GET", "chores?where=pionts".percentEncoded.replacing("%3F", with: "?").replacing("%3D", with: "="))
        #expect(wrong.status == 422 && wrong.fields == ["where"])
        #expect(wrong.text.contains("line 1, column 1: chores have no field pionts"))
        #expect(wrong.text.contains("Did you mean points?"))
    }

    @Test func `a formula can be checked before it is used`() async throws {
        let desk = try await FrontDesk()
        func check(_ text: String, _ purpose: String = "condition", as user: String = FrontDesk.boss) async throws -> JSONValue {
            try await desk.ask("POST", "formulas/check", #"{"entity": "chores", "text": "\#(text)", "purpose": "\#(purpose)"}"#, as: user).json
        }
        let good = try await check("round(points / 3, 2)")
        #expect(good["valid"]?.bool == true && good["type"]?.text == "number" && good["scale"]?.int == 2)
        let bad = try await check("1 +\\n pionts")
        #expect(bad["valid"]?.bool == false && bad["line"]?.int == 2 && bad["column"]?.int == 2 && bad["hint"]?.text == "Did you mean points?")
        #expect(try await check("now() > begins", "field")["valid"]?.bool == false)
        #expect(try await check("secret", as: FrontDesk.agent)["message"]?.text == "chores have no field secret")
        let functions = try await desk.ask("GET", "formulas/functions").json["data"]?.array ?? []
        #expect(functions.count == FormulaFunction.all.count)
    }
}
