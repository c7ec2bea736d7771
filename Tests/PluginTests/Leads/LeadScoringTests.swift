import PluginAPI
import Testing

@testable import Kernel

@Suite struct LeadScoringTests {
    private func rule(_ name: String, _ values: [String: Value]) -> [String: Value] { values.merging(["name": .text(name)]) { $1 } }

    private func score(_ host: SalesHost, _ lead: RecordID) async throws -> Value {
        try await host.read { try $0.get("lead", lead)["score"] }
    }

    @Test(arguments: [
        ("source.name = \"Referral\"", "source"), ("industry = \"Printing\"", "industry"), ("area = \"North\"", "area"),
        ("function in (\"Purchasing\", \"Management\")", "function"), ("company_size >= 100", "company_size"), ("value > 5000", "value"),
    ])
    func `a rule gives points by a field`(condition: String, field: String) async throws {
        let host = try await SalesHost()
        let (without, with) = try await host.write { transaction in
            try transaction.add("lead_score_rule", rule("A rule", ["condition": .text(condition), "points": .integer(15)]))
            let values: [String: Value] = [
                "source": try transaction.link("lead_source", "Referral"), "industry": .text("Printing"), "area": .text("North"),
                "function": .text("Purchasing"), "company_size": .integer(100), "value": .euro(6000),
            ]
            let without = try transaction.add("lead", ["title": .text("Plain")])
            return (without.id, try transaction.add("lead", ["title": .text("Good"), field: try #require(values[field])]).id)
        }
        #expect(try await score(host, without) == .integer(0))
        #expect(try await score(host, with) == .integer(15))
    }

    @Test func `rules count activity and age`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try transaction.add("lead_score_rule", rule("Activity", ["points_formula": .text("min(activities * 5, 12)")]))
            try transaction.add("lead_score_rule", rule("Age", ["condition": .text("created_at < today() - 30"), "points": .integer(-20)]))
            return try transaction.add("lead", ["title": .text("Pilot")]).id
        }
        #expect(try await score(host, lead) == .integer(0))
        for (area, expected) in [("North", 5), ("South", 10), ("East", 12)] {
            try await host.write { try $0.change("lead", lead, ["area": .text(area)]) }
            #expect(try await score(host, lead) == .integer(Int64(expected)))
        }
        host.clock.advance(days: 31)
        #expect(try await score(host, lead) == .integer(12), "the night has not come yet")
        try await host.runJob("leads.refresh")
        #expect(try await score(host, lead) == .integer(-8))
    }

    @Test func `points decay: half of them go with each half-life without activity, evenly in between`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try transaction.add(
                "lead_score_rule", rule("Fresh", ["points": .integer(80), "half_life": .integer(10)]))
            return try transaction.add("lead", ["title": .text("Pilot")]).id
        }
        #expect(try await score(host, lead) == .integer(80))
        for (days, expected) in [(5, 60), (5, 40), (10, 20), (5, 15), (135, 0)] {
            host.clock.advance(days: days)
            try await host.runJob("leads.refresh")
            #expect(try await score(host, lead) == .integer(Int64(expected)), "\(days) more days")
        }
        // Activity warms the lead anew.
        try await host.write { try $0.change("lead", lead, ["area": .text("North")]) }
        #expect(try await score(host, lead) == .integer(80))
    }

    @Test func `the nightly work changes neither the version nor the trail, and touches nothing`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try transaction.add("lead_score_rule", rule("Fresh", ["points": .integer(80), "half_life": .integer(10)]))
            return try transaction.add("lead", ["title": .text("Pilot")])
        }
        host.clock.advance(days: 5)
        try await host.runJob("leads.refresh")
        let (after, trail) = try await host.read { transaction in
            (try transaction.get("lead", lead.id), try transaction.timeline(transaction.registry.require("lead"), lead.id))
        }
        #expect(after["score"] == .integer(60))
        #expect(after.version == 1)
        #expect(after["updated_at"] == lead["updated_at"])
        #expect(trail.map(\.action) == ["created"])
        #expect(!trail[0].changes.contains { $0.field == "score" })
    }

    @Test func `a change of the rules reaches every lead, more than one step of them`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            for number in 0..<450 { try transaction.add("lead", ["title": .text("\(number)"), "company_size": .integer(Int64(number + 1))]) }
        }
        func total() async throws -> Int64 { try await host.store.engine.read { try $0.integer("SELECT sum(score) FROM lead") ?? 0 } }
        let id = try await host.write { try $0.add("lead_score_rule", rule("All", ["points": .integer(3)])).id }
        #expect(try await host.waiting("leads.refresh") == 1)
        try await host.runJob("leads.refresh")
        #expect(try await total() == 1350)
        try await host.write { try $0.change("lead_score_rule", id, ["condition": .text("company_size > 225")]) }
        try await host.runJob("leads.refresh")
        #expect(try await total() == 675)
        try await host.write { try $0.change("lead_score_rule", id, ["position": .integer(9)]) }
        #expect(try await host.waiting("leads.refresh") == 2, "the order of the rules changes no score")
        try await host.write { try $0.change("lead_score_rule", id, ["active": .boolean(false)]) }
        try await host.runJob("leads.refresh")
        #expect(try await total() == 0)
        try await host.write { try $0.delete("lead_score_rule", id) }
        #expect(try await host.waiting("leads.refresh") == 3, "a rule that is switched off is missed by no lead")
    }

    @Test func `the score is adjusted by hand, with a reason, on the timeline`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write(as: .salesAgent) { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot")]).id
            let outcome = try transaction.act("lead", lead, "adjust-score", ["points": .integer(25), "reason": .text("Met at the fair")])
            #expect(outcome.results["score"] == .integer(25))
            return lead
        }
        #expect(try await score(host, lead) == .integer(25))
        let trail = try await host.read { try $0.timeline($0.registry.require("lead"), lead) }
        let told = trail.flatMap(\.changes).filter { $0.field == "score_adjustment_reason" }.map(\.new)
        #expect(told == [.text("Met at the fair")])
        let refusal = try await host.refusal { try $0.act("lead", lead, "adjust-score", ["points": .integer(5)]) }
        #expect(refusal.problems.map(\.field) == ["reason"])
        try await host.write { try $0.act("lead", lead, "adjust-score", ["points": .integer(0)]) }
        #expect(try await score(host, lead) == .integer(0))
        let forbidden = try await host.refusal(as: .marketing) {
            try $0.act("lead", lead, "adjust-score", ["points": .integer(5), "reason": .text("No")])
        }
        #expect(forbidden.code == .forbidden)
    }

    @Test func `nobody sets the score itself, neither by hand nor by an import`() async throws {
        let host = try await SalesHost()
        let model = try host.store.registry.require("lead")
        for name in ["score", "status_since", "last_activity_at", "activities", "qualified_at"] {
            #expect(model.field(name)?.description.isReadOnly == true, "\(name)")
        }
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]).id }
        try await host.write { try $0.change("lead", lead, ["score": .integer(999)]) }
        #expect(try await score(host, lead) == .integer(0))
    }

    @Test func `a wrong formula is refused with its place when the rule is saved`() async throws {
        let host = try await SalesHost()
        let condition = try await host.refusal {
            try $0.add("lead_score_rule", rule("Wrong", ["condition": .text("idustry = \"Printing\""), "points": .integer(1)]))
        }
        #expect(condition.problems.map(\.field) == ["condition"])
        #expect(condition.problems.first?.message.hasPrefix("line 1, column 1: leads have no field idustry") == true)
        let points = try await host.refusal {
            try $0.add("lead_score_rule", rule("Wrong", ["points_formula": .text("title & \"!\"")]))
        }
        #expect(points.problems == [Problem(field: "points_formula", "line 1, column 1: a number is expected, and this is a text")])
        for number in [-101, 101] {
            let range = try await host.refusal { try $0.add("lead_score_rule", rule("Much", ["points": .integer(Int64(number))])) }
            #expect(range.problems.map(\.field) == ["points"])
        }
    }

    @Test func `points of a formula are rounded and held between -100 and 100`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try transaction.add("lead_score_rule", rule("Half", ["points_formula": .text("company_size * 0.5")]))
            return try transaction.add("lead", ["title": .text("Pilot"), "company_size": .integer(5)]).id
        }
        #expect(try await score(host, lead) == .integer(3))
        for (size, expected) in [(4, 2), (9999, 100)] {
            try await host.write { try $0.change("lead", lead, ["company_size": .integer(Int64(size))]) }
            #expect(try await score(host, lead) == .integer(Int64(expected)))
        }
    }

    @Test func `a rule that cannot be worked out counts nothing and keeps nobody from working`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try transaction.add("lead_score_rule", rule("Fails", ["points_formula": .text("round(10 / (company_size - 5))")]))
            try transaction.add("lead_score_rule", rule("Fine", ["points": .integer(7)]))
            return try transaction.add("lead", ["title": .text("Pilot"), "company_size": .integer(5)]).id
        }
        #expect(try await score(host, lead) == .integer(7), "a division by zero")
        // The function that a rule calls is gone with its plugin.
        try await host.store.engine.write {
            try $0.execute("UPDATE lead_score_rule SET points_formula = 'gone(company_size)' WHERE name = 'Fails'", [])
        }
        host.store.registry.kept.touch("lead_score_rule")
        try await host.write { try $0.change("lead", lead, ["company_size": .integer(6)]) }
        #expect(try await score(host, lead) == .integer(7))
    }

    @Test func `a score is the same whoever changes the lead, hidden fields or not`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write(as: .salesAgent) { transaction in
            try transaction.withRights(for: "the test").add("lead_score_rule", rule("Worth", ["condition": .text("value > 100"), "points": .integer(9)]))
            return try transaction.add("lead", ["title": .text("Pilot"), "value": .euro(500)]).id
        }
        try await host.hide("value", of: "lead", from: .salesAgent)
        try await host.write(as: .salesAgent) { try $0.change("lead", lead, ["title": .text("Pilot 2")]) }
        #expect(try await score(host, lead) == .integer(9))
    }

    @Test func `new deployments have an example of each kind of rule, switched off`() async throws {
        let host = try await SalesHost()
        let rules = try await host.read { try $0.all("lead_score_rule", where: .everything, sort: [Sort(field: "position", descending: false)], limit: 50) }
        let texts = rules.map { ValueText.plain($0["condition"]) + ValueText.plain($0["points_formula"]) }.joined(separator: " ")
        for field in ["source", "industry", "area", "function", "company_size", "value", "activities", "created_at"] {
            #expect(texts.contains(field), "\(field)")
        }
        #expect(rules.allSatisfy { $0["active"] == .boolean(false) })
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot"), "company_size": .integer(5000)]) }
        #expect(lead["score"] == .integer(0))
    }
}
