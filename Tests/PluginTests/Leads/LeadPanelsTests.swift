import PluginAPI
import Testing

@testable import Kernel

@Suite struct LeadPanelsTests {
    /// What a panel says: its sentence, then its rows as texts.
    private func panel(_ host: SalesHost, _ lead: RecordID, _ name: String, as role: DefaultRole = .administrator) async throws -> [String]? {
        try await host.read(as: role) { transaction in
            let entity = try transaction.registry.require("lead")
            let model = try #require(entity.panel(name))
            guard let panel = try transaction.panel(model, try transaction.get("lead", lead)) else { return nil }
            let rows: [String] = try panel.rows.map { row in
                try row.map { cell -> String in
                    switch cell.content {
                    case .value(let value): return ValueText.plain(value)
                    case .record(let entity, let id): return try transaction.label(entity, id.raw) ?? ""
                    case .duration(let seconds): return "\(seconds / 86_400) d"
                    default: return "?"
                    }
                }.joined(separator: " | ")
            }
            return (panel.sentence.isEmpty ? [] : [panel.sentence]) + rows
        }
    }

    private func rule(_ transaction: StoreTransaction, _ name: String, _ values: [String: Value]) throws {
        try transaction.add("lead_score_rule", values.merging(["name": .text(name)]) { $1 })
    }

    @Test func `the score explains itself line by line, and the lines add up to it`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try rule(transaction, "Large", ["condition": .text("company_size >= 100"), "points": .integer(15), "position": .integer(1)])
            try rule(transaction, "Not here", ["condition": .text("area = \"South\""), "points": .integer(50), "position": .integer(2)])
            try rule(transaction, "Fresh", ["points": .integer(20), "half_life": .integer(30), "position": .integer(3)])
            let lead = try transaction.add("lead", ["title": .text("Pilot"), "company_size": .integer(300)]).id
            try transaction.act("lead", lead, "adjust-score", ["points": .integer(-5), "reason": .text("Slow to answer")])
            return lead
        }
        host.clock.advance(days: 15)
        try await host.runJob("leads.refresh")
        let lines = try #require(try await panel(host, lead, "score"))
        #expect(
            lines == [
                "25 points in all.", "Large | company_size >= 100 | 15",
                "Fresh | every lead; 15 of 20 points after 15 days without activity, half of them go every 30 | 15",
                "Adjusted by hand | Slow to answer | -5",
            ])
        #expect(try await host.read { try $0.get("lead", lead)["score"] } == .integer(25))
    }

    @Test func `a rule that cannot be worked out says so in its line`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try rule(transaction, "Share", ["points_formula": .text("round(10 / (company_size - 5))")])
            return try transaction.add("lead", ["title": .text("Pilot"), "company_size": .integer(5)]).id
        }
        let lines = try #require(try await panel(host, lead, "score"))
        #expect(lines.count == 2)
        #expect(lines[1].hasPrefix("Share | cannot be worked out: "))
        #expect(lines[1].contains("division by zero"))
        #expect(lines[1].hasSuffix(" | 0"))
    }

    @Test func `what a rule says about fields that are hidden from the reader is not told`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write(as: .salesAgent) { transaction in
            try rule(transaction.withRights(for: "the test"), "Worth", ["condition": .text("value > 100"), "points": .integer(9)])
            return try transaction.add("lead", ["title": .text("Pilot"), "value": .euro(500)]).id
        }
        #expect(try await panel(host, lead, "score", as: .salesAgent) == ["9 points in all.", "Worth | value > 100 | 9"])
        try await host.hide("value", of: "lead", from: .salesAgent)
        #expect(try await panel(host, lead, "score", as: .salesAgent) == ["9 points in all.", "Worth | what you may not see | 9"])
        #expect(try await panel(host, lead, "score") == ["9 points in all.", "Worth | value > 100 | 9"])
    }

    @Test func `without rules there is no panel of the score, and where none holds it says so`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]).id }
        #expect(try await panel(host, lead, "score") == nil)
        try await host.write { try rule($0, "South", ["condition": .text("area = \"South\""), "points": .integer(50)]) }
        #expect(try await panel(host, lead, "score") == ["No rule holds for this lead."])
    }

    @Test func `a panel says why the lead belongs to whom it does`() async throws {
        let host = try await SalesHost()
        let sdr = try host.user(.sdr)
        let lead = try await host.write { transaction in
            try transaction.add(
                "lead_assignment_rule", ["name": .text("All"), "users": .list([RecordID(sdr)])])
            return try transaction.add("lead", ["title": .text("Pilot")]).id
        }
        #expect(try await panel(host, lead, "assignment", as: .sdr) == ["Rule “All”: it holds for every lead. It was the turn of sdr."])
        try await host.write { try $0.change("lead", lead, ["assigned_to": .null]) }
        #expect(try await panel(host, lead, "assignment") == nil)
    }

    @Test func `a panel says how long the lead was in each status, to those who see the lead though not the log`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write(as: .salesAgent) { try $0.add("lead", ["title": .text("Pilot")]).id }
        for (days, status) in [(2, "Contacted"), (3, "New"), (4, "Qualified")] {
            host.clock.advance(days: days)
            try await host.write(as: .salesAgent) { try $0.change("lead", lead, ["status": $0.link("lead_status", status)]) }
        }
        host.clock.advance(days: 5)
        #expect(
            try await panel(host, lead, "status-times", as: .salesAgent) == ["New | 2 | 6 d", "Contacted | 1 | 3 d", "Qualified | 1 | 5 d"])
        // A closed lead does not go on.
        try await host.write(as: .salesAgent) {
            try $0.act("lead", lead, "mark-lost", ["lost_reason": $0.link("lost_reason", "No need")])
        }
        host.clock.advance(days: 100)
        #expect(try await panel(host, lead, "status-times")?.last == "Qualified | 1 | 5 d")
    }

    @Test func `a note is an activity`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try rule(transaction, "Activity", ["points_formula": .text("activities * 5")])
            return try transaction.add("lead", ["title": .text("Pilot")]).id
        }
        host.clock.advance(days: 20)
        try await host.write { _ = try $0.addNote("lead", lead, "Called, wants an offer") }
        let after = try await host.read { try $0.get("lead", lead) }
        #expect(after["last_activity_at"] == .moment(SalesHost.start.adding(days: 20)))
        #expect(after["score"] == .integer(5))
        #expect(after.version == 1)
    }
}
