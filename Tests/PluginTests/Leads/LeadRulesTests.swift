import PluginAPI
import Testing

@testable import Kernel

@Suite struct LeadRulesTests {
    @Test func `a new lead begins open, with the default status`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot")])
            #expect(lead["status"] == (try transaction.link("lead_status", "New")))
            #expect(lead["outcome"] == .text("open"))
            #expect(lead["score"] == .integer(0))
        }
    }

    @Test func `a second open lead with the same e-mail is refused, and the first is named`() async throws {
        let host = try await SalesHost()
        let first = try await host.write { try $0.add("lead", ["title": .text("Pilot"), "contact_email": .text("ada@x.example")]) }
        let refusal = try await host.refusal {
            try $0.add("lead", ["title": .text("Again"), "contact_email": .text("ADA@x.example")])
        }
        #expect(refusal.code == .invalid)
        #expect(refusal.problems == [Problem(field: "contact_email", "the open lead \(first.id), Pilot, has this address already")])
        // The lead itself may be changed, and the address given to another once the first is closed.
        try await host.write { transaction in
            try transaction.change("lead", first.id, ["title": .text("Pilot installation")])
            try transaction.act("lead", first.id, "mark-junk")
            try transaction.add("lead", ["title": .text("Again"), "contact_email": .text("ada@x.example")])
        }
    }

    @Test func `a lead is not reopened while another one has its e-mail`() async throws {
        let host = try await SalesHost()
        let first = try await host.write { transaction in
            let first = try transaction.add("lead", ["title": .text("One"), "contact_email": .text("ada@x.example")])
            try transaction.act("lead", first.id, "mark-junk")
            try transaction.add("lead", ["title": .text("Two"), "contact_email": .text("ada@x.example")])
            return first.id
        }
        let refusal = try await host.refusal { try $0.act("lead", first, "reopen") }
        #expect(refusal.problems.map(\.field) == ["contact_email"])
        #expect(try await host.read { try $0.get("lead", first)["outcome"] } == .text("junk"))
    }

    @Test func `the refusal does not give away a colleague's lead`() async throws {
        let host = try await SalesHost()
        try await host.write { try $0.add("lead", ["title": .text("Secret project"), "contact_email": .text("ada@x.example")]) }
        let refusal = try await host.refusal(as: .salesAgent) {
            try $0.add("lead", ["title": .text("Mine"), "contact_email": .text("ada@x.example")])
        }
        #expect(refusal.problems.map(\.message) == ["an open lead with this address exists already"])
        #expect(!refusal.description.contains("Secret"))
    }

    @Test func `a change of status is told, a new lead's first status is not`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]) }
        #expect(host.events.take() == [])
        let (new, contacted) = try await host.write { transaction in
            let contacted = try transaction.link("lead_status", "Contacted")
            try transaction.change("lead", lead.id, ["status": contacted])
            try transaction.change("lead", lead.id, ["title": .text("Pilot 2")])
            return try (transaction.named("lead_status", "New"), transaction.named("lead_status", "Contacted"))
        }
        #expect(host.events.take() == ["lead \(lead.id) from \(new) to \(contacted)"])
    }

    @Test func `only a lost lead has a lost reason`() async throws {
        let host = try await SalesHost()
        let refusal = try await host.refusal {
            try $0.add("lead", ["title": .text("Pilot"), "lost_reason": try $0.link("lost_reason", "No budget")])
        }
        #expect(refusal.problems.map(\.field) == ["lost_reason"])
    }
}

@Suite struct LeadStatusTests {
    private func defaults(_ host: SalesHost) async throws -> [Value] {
        try await host.read { transaction in
            try transaction.all("lead_status", where: .compare("is_default", .equal, .value(.boolean(true))), sort: [], limit: 10)
                .map { $0["name"] }
        }
    }

    @Test func `making a status the default clears the other`() async throws {
        let host = try await SalesHost()
        try await host.write { try $0.change("lead_status", $0.named("lead_status", "Qualified"), ["is_default": .boolean(true)]) }
        #expect(try await defaults(host) == [.text("Qualified")])
        try await host.write { try $0.add("lead_status", ["name": .text("Fresh"), "is_default": .boolean(true)]) }
        #expect(try await defaults(host) == [.text("Fresh")])
    }

    @Test func `two statuses that are made the default at once leave exactly one`() async throws {
        let host = try await SalesHost()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<3 {
                for name in ["Qualified", "Contacted", "New"] {
                    group.addTask {
                        try await host.write { transaction in
                            let id = try transaction.named("lead_status", name)
                            try transaction.change("lead_status", id, ["is_default": .boolean(true), "position": .integer(Int64(round))])
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await defaults(host).count == 1)
    }

    @Test func `there is always a default, and it cannot be deleted`() async throws {
        let host = try await SalesHost()
        let cleared = try await host.refusal {
            try $0.change("lead_status", $0.named("lead_status", "New"), ["is_default": .boolean(false)])
        }
        #expect(cleared.problems.map(\.field) == ["is_default"])
        let deleted = try await host.refusal { try $0.delete("lead_status", $0.named("lead_status", "New")) }
        #expect(deleted.message == "the default status cannot be deleted")
        #expect(try await defaults(host) == [.text("New")])
    }

    @Test func `a status with leads cannot be deleted, an unused one can`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            try transaction.add("lead", ["title": .text("Pilot"), "status": transaction.link("lead_status", "Contacted")])
            try transaction.delete("lead_status", transaction.named("lead_status", "Qualified"))
        }
        let refusal = try await host.refusal { try $0.delete("lead_status", $0.named("lead_status", "Contacted")) }
        #expect(refusal.message == "the lead status is still used by 1 lead")
    }
}

@Suite struct LeadScreensTests {
    @Test func `the board shows open leads only, in the order of the statuses, without final ones`() async throws {
        let host = try await SalesHost()
        let titles = try await host.write { transaction in
            try transaction.add("lead", ["title": .text("Open"), "value": .euro(500)])
            let lost = try transaction.add("lead", ["title": .text("Lost")])
            try transaction.act("lead", lost.id, "mark-lost", ["lost_reason": transaction.link("lost_reason", "No need")])
            let model = try transaction.registry.require("lead")
            let columns = try transaction.boardColumns(model, filter: .everything, within: nil, limit: 10)
            #expect(columns.map(\.count) == [1, 0, 0])
            #expect(columns[0].sums.map(\.sum) == [50_000])
            #expect(columns[0].cards.map { $0["title"] } == [.text("Open")])
            return columns.map(\.title)
        }
        #expect(titles == ["New", "Contacted", "Qualified"])
    }

    @Test func `the tabs find what they say`() async throws {
        let host = try await SalesHost()
        try await host.write(as: .salesAgent) { try $0.add("lead", ["title": .text("Old")]) }
        host.clock.advance(days: 15)
        try await host.write { try $0.add("lead", ["title": .text("New")]) }
        let found = try await host.read(as: .management) { transaction in
            let presets = try transaction.registry.require("lead").presets
            return try presets.map { "\($0.title) \(try transaction.count("lead", where: $0.filter))" }
        }
        #expect(
            found == [
                "Open 2", "Mine 0", "New today 1", "Follow up today 0", "High scores 2", "Untouched 14 days 1", "Stagnant 14 days 1",
                "Converted 0", "Lost 0", "Junk 0",
            ])
        let mine = try await host.read(as: .salesAgent) { transaction in
            try transaction.count("lead", where: try #require(transaction.registry.require("lead").presets.first { $0.title == "Mine" }).filter)
        }
        #expect(mine == 1)
    }

    @Test func `an agent works on own leads only, marketing sees all and changes none`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Somebody's")]) }
        let hidden = try await host.refusal(as: .salesAgent) { try $0.change("lead", lead.id, ["title": .text("Mine")]) }
        #expect(hidden.code == .notFound)
        let forbidden = try await host.refusal(as: .marketing) { try $0.change("lead", lead.id, ["title": .text("Ours")]) }
        #expect(forbidden.code == .forbidden)
        let finance = try await host.read(as: .finance) { try $0.count("lead", where: .everything) }
        #expect(finance == 0)
    }
}
