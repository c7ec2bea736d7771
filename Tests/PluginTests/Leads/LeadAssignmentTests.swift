import PluginAPI
import Testing

@testable import Kernel

@Suite struct LeadAssignmentTests {
    /// A team of the sales agent, the SDR and the account manager, in this order.
    private func team(_ host: SalesHost) async throws -> Value {
        let members = try [DefaultRole.salesAgent, .sdr, .accountManager].map { RecordID(try host.user($0)) }
        return try await host.write { .link(try $0.add("team", ["name": .text("North"), "members": .list(members)])) }
    }

    private func rule(_ host: SalesHost, _ name: String, _ values: [String: Value]) async throws -> RecordID {
        try await host.write { try $0.add("lead_assignment_rule", values.merging(["name": .text(name)]) { $1 }).id }
    }

    /// Makes a lead that belongs to nobody and gives who got it, by the role.
    private func assigned(_ host: SalesHost, _ values: [String: Value] = [:]) async throws -> (owner: String, why: String) {
        let lead = try await host.write { try $0.add("lead", values.merging(["title": .text("Pilot")]) { $1 }) }
        return (try await name(host, lead["assigned_to"]), ValueText.plain(lead["assignment"]))
    }

    private func name(_ host: SalesHost, _ user: Value) async throws -> String {
        guard case .integer(let id) = user else { return "nobody" }
        return try await host.read { ValueText.plain(try $0.get("user", RecordID(id))["name"]) }
    }

    @Test func `a new lead of nobody goes to the first rule that holds for it, which says why`() async throws {
        let host = try await SalesHost()
        let manager: Value = .list([RecordID(try host.user(.salesManager))])
        _ = try await rule(host, "Big ones", ["condition": .text("value > 10000"), "users": manager, "position": .integer(1)])
        _ = try await rule(host, "The rest", ["team": try await team(host), "position": .integer(2)])
        let big = try await assigned(host, ["value": .euro(50_000)])
        #expect(big.owner == "sales_manager")
        #expect(big.why == "Rule “Big ones”: it holds for this lead. It was the turn of sales_manager.")
        let small = try await assigned(host)
        #expect(small.owner == "sales_agent")
        #expect(small.why == "Rule “The rest”: it holds for every lead. It was the turn of sales_agent.")
    }

    @Test func `the members of a team take turns, and the turn is kept`() async throws {
        let host = try await SalesHost()
        _ = try await rule(host, "All", ["team": try await team(host)])
        var owners: [String] = []
        for _ in 0..<7 { owners.append(try await assigned(host).owner) }
        #expect(owners.joined(separator: " ") == "sales_agent sdr account_manager sales_agent sdr account_manager sales_agent")
        // The turn is a stored fact: not of this process, not of whoever makes the lead.
        let last = try await host.read { try $0.all("lead_assignment_rule", where: .everything, sort: [], limit: 1).first?["last_user"] }
        let agent: Int64 = try host.user(.salesAgent)
        #expect(last == Value.integer(agent))
    }

    @Test func `leads that come in at the same moment are dealt out fairly`() async throws {
        let host = try await SalesHost()
        _ = try await rule(host, "All", ["team": try await team(host)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<30 {
                group.addTask { try await host.write(as: nil) { _ = try $0.add("lead", ["title": .text("\(number)")]) } }
            }
            try await group.waitForAll()
        }
        let counts = try await host.store.engine.read {
            try $0.all("SELECT count(*) FROM lead WHERE assigned_to IS NOT NULL GROUP BY assigned_to", []) { $0.integer(0) }
        }
        #expect(counts == [10, 10, 10])
    }

    @Test func `a lead that is refused costs nobody a turn`() async throws {
        let host = try await SalesHost()
        _ = try await rule(host, "All", ["team": try await team(host)])
        _ = try await host.refusal { try $0.add("lead", ["title": .text("Bad"), "company_size": .integer(-1)]) }
        #expect(try await assigned(host).owner == "sales_agent")
    }

    @Test func `whoever has as many open leads as allowed, or is not active, is passed over`() async throws {
        let host = try await SalesHost()
        _ = try await rule(host, "All", ["team": try await team(host), "capacity": .integer(2)])
        try await host.write { try $0.change("user", RecordID(host.user(.sdr)), ["active": .boolean(false)]) }
        var owners: [String] = []
        for _ in 0..<4 { owners.append(try await assigned(host).owner) }
        #expect(owners == ["sales_agent", "account_manager", "sales_agent", "account_manager"])
        let full = try await assigned(host)
        #expect(full.owner == "nobody")
        #expect(full.why.hasPrefix("Rule “All”: it holds for every lead, but nobody is free. Passed over: "))
        #expect(full.why.contains("sales_agent has no room"))
        #expect(full.why.contains("sdr is not active"))
        // A lead that is closed makes room.
        try await host.write { transaction in
            let owner = Filter.compare("assigned_to", .equal, .value(.integer(try host.user(.accountManager))))
            let lead = try #require(transaction.all("lead", where: owner, sort: [], limit: 1).first)
            try transaction.act("lead", lead.id, "mark-junk")
        }
        let next = try await assigned(host)
        #expect(next.owner == "account_manager")
        let told = """
            Rule “All”: it holds for every lead. It was the turn of account_manager, with 1 of 2 open leads. \
            Passed over: sales_agent has no room; sdr is not active.
            """
        #expect(next.why == told)
    }

    @Test func `a team has so many open leads together as its capacity says, whatever each member may have, and the reason says it`() async throws {
        let host = try await SalesHost()
        let manager = RecordID(try host.user(.salesManager))
        let north = try await team(host)
        _ = try await rule(host, "North", ["team": north, "capacity": .integer(2), "team_capacity": .integer(4), "position": .integer(1)])
        _ = try await rule(host, "Rest", ["users": .list([manager]), "position": .integer(2)])
        var owners: [String] = []
        for _ in 0..<3 { owners.append(try await assigned(host).owner) }
        let fourth = try await assigned(host)
        #expect((owners + [fourth.owner]).joined(separator: " ") == "sales_agent sdr account_manager sales_agent")
        #expect(
            fourth.why
                == "Rule “North”: it holds for every lead. It was the turn of sales_agent, with 1 of 2 open leads; the team North has fewer than 4 together.")
        // Two members have room for one more each; the team has not.
        let fifth = try await assigned(host)
        #expect(fifth.owner == "sales_manager")
        let told = """
            Rule “North”: it holds for every lead, but nobody is free. Passed over: the team North, whose members have no room together.
            Rule “Rest”: it holds for every lead. It was the turn of sales_manager.
            """
        #expect(fifth.why == told)
        // A lead that is closed makes room for the one whose turn it is.
        try await host.write { transaction in
            let own = Filter.compare("assigned_to", .equal, .value(.integer(try host.user(.salesAgent))))
            let lead = try #require(try transaction.all("lead", where: own, sort: [], limit: 1).first)
            _ = try transaction.act("lead", lead.id, "mark-junk")
        }
        #expect(try await assigned(host).owner == "sdr")
    }

    @Test func `the capacity is the team's: it holds for every rule that names it, and other users of a rule take their turns`() async throws {
        let host = try await SalesHost()
        let north = try await team(host)
        let manager = RecordID(try host.user(.salesManager))
        _ = try await rule(
            host, "Big ones", ["condition": .text("value > 10000"), "team": north, "team_capacity": .integer(1), "position": .integer(1)])
        _ = try await rule(host, "All", ["team": north, "users": .list([manager]), "team_capacity": .integer(50), "position": .integer(2)])
        #expect(try await assigned(host).owner == "sales_agent")
        let second = try await assigned(host)
        #expect(second.owner == "sales_manager")
        #expect(second.why.hasSuffix("It was the turn of sales_manager. Passed over: the team North, whose members have no room together."))
        let big = try await assigned(host, ["value": .euro(50_000)])
        #expect(big.owner == "sales_manager")
        #expect(big.why.hasPrefix("Rule “Big ones”: it holds for this lead, but nobody is free."))
        // A rule that is switched off says nothing about the team any more.
        try await host.write { _ = try $0.change("lead_assignment_rule", $0.named("lead_assignment_rule", "Big ones"), ["active": .boolean(false)]) }
        #expect(try await assigned(host).owner == "sales_agent")
    }

    @Test func `leads that come in at the same moment never overfill a team`() async throws {
        let host = try await SalesHost()
        _ = try await rule(host, "North", ["team": try await team(host), "team_capacity": .integer(5)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask { try await host.write(as: nil) { _ = try $0.add("lead", ["title": .text("\(number)")]) } }
            }
            try await group.waitForAll()
        }
        let owned = try await host.store.engine.read { try $0.integer("SELECT count(*) FROM lead WHERE assigned_to IS NOT NULL") ?? 0 }
        #expect(owned == 5)
    }

    @Test func `where a rule has nobody free the next one is asked, and both are told`() async throws {
        let host = try await SalesHost()
        let (agent, manager) = (RecordID(try host.user(.salesAgent)), RecordID(try host.user(.salesManager)))
        _ = try await rule(host, "First", ["users": .list([agent]), "capacity": .integer(1), "position": .integer(1)])
        _ = try await rule(host, "Second", ["users": .list([manager]), "position": .integer(2)])
        _ = try await assigned(host)
        let second = try await assigned(host)
        #expect(second.owner == "sales_manager")
        let lines = second.why.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("Rule “First”"))
        #expect(lines[1].hasPrefix("Rule “Second”"))
    }

    @Test func `who has been chosen keeps the lead, and the rules rest when they are switched off`() async throws {
        let host = try await SalesHost()
        _ = try await rule(host, "All", ["team": try await team(host)])
        let chosen = try await assigned(host, ["assigned_to": .integer(try host.user(.administrator))])
        #expect(chosen.owner == "administrator")
        #expect(chosen.why.isEmpty)
        // An agent who makes a lead keeps it: no other could be seen by the agent.
        let own = try await host.write(as: .salesManager) { try $0.add("lead", ["title": .text("Own")]) }
        #expect(try await name(host, own["assigned_to"]) == "sales_manager")
        try await host.write { _ = try $0.change("lead_assignment_rule", $0.named("lead_assignment_rule", "All"), ["active": .boolean(false)]) }
        #expect(try await assigned(host).owner == "nobody")
    }

    @Test func `a setting switches the assignment of new leads off; on demand it still works`() async throws {
        let host = try await SalesHost()
        _ = try await rule(host, "All", ["team": try await team(host)])
        var settings = host.store.settings
        settings.values["leads.assign_new"] = .boolean(false)
        host.store.replace(settings: settings)
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]) }
        #expect(lead["assigned_to"] == .null)
        let outcome = try await host.write { try $0.act("lead", lead.id, "assign") }
        #expect(outcome.message == "The lead goes to sales_agent.")
        let after = try await host.read { try $0.get("lead", lead.id) }
        let agent: Int64 = try host.user(.salesAgent)
        #expect(after["assigned_to"] == Value.integer(agent))
        #expect(ValueText.plain(after["assignment"]).contains("It was the turn of sales_agent."))
    }

    @Test func `on demand it says why nobody got the lead`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]).id }
        let none = try await host.refusal { try $0.act("lead", lead, "assign") }
        #expect(none.message == "no assignment rule holds for this lead")
        _ = try await rule(host, "Big ones", ["condition": .text("value > 10000"), "users": .list([RecordID(try host.user(.sdr))])])
        #expect(try await host.refusal { try $0.act("lead", lead, "assign") }.message == "no assignment rule holds for this lead")
        try await host.write { transaction in
            try transaction.change("lead", lead, ["value": .euro(20_000)])
            try transaction.change("user", RecordID(host.user(.sdr)), ["active": .boolean(false)])
        }
        let full = try await host.refusal { try $0.act("lead", lead, "assign") }
        #expect(full.message == "nobody is free for this lead")
        #expect(full.hint.contains("sdr is not active"))
        #expect(try await host.refusal(as: .salesAgent) { try $0.act("lead", lead, "assign") }.code != .refused)
    }

    @Test func `who is assigned a lead by a rule is told, and the reason stands on the timeline`() async throws {
        let host = try await SalesHost()
        _ = try await rule(host, "All", ["team": try await team(host)])
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]).id }
        let (notices, trail) = try await host.read { transaction in
            (
                try Notices.list(transaction.connection, user: host.user(.salesAgent)).map(\.message),
                try transaction.timeline(transaction.registry.require("lead"), lead)
            )
        }
        #expect(notices == ["administrator assigned you lead Pilot"])
        #expect(trail.flatMap(\.changes).contains { $0.field == "assignment" })
        // By hand there is another reason, which the rules do not know.
        let manager = try host.user(.salesManager)
        let after = try await host.write { try $0.change("lead", lead, ["assigned_to": .integer(manager)]) }
        #expect(after["assignment"] == .null)
    }

    @Test func `a rule needs somebody, and a condition that can be read`() async throws {
        let host = try await SalesHost()
        let nobody = try await host.refusal { try $0.add("lead_assignment_rule", ["name": .text("A")]) }
        #expect(nobody.problems.map(\.field) == ["team"])
        let wrong = try await host.refusal {
            try $0.add("lead_assignment_rule", ["name": .text("A"), "users": .list([RecordID(host.user(.sdr))]), "condition": .text("area + 1")])
        }
        #expect(wrong.problems.map(\.field) == ["condition"])
        #expect(wrong.problems.first?.message.hasPrefix("line 1, column") == true)
    }
}
