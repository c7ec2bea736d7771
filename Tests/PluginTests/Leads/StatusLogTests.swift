import PluginAPI
import Testing

@testable import Kernel

@Suite struct StatusLogTests {
    private func log(_ host: SalesHost, _ lead: RecordID) async throws -> [RecordData] {
        try await host.read { transaction in
            try transaction.all(
                "lead_status_change", where: .compare("lead", .equal, .value(.integer(lead.raw))),
                sort: [Sort(field: "created_at", descending: false)], limit: 50)
        }
    }

    @Test func `every change of status is logged: from what, to what, when, by whom, after how long`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write(as: .salesAgent) { try $0.add("lead", ["title": .text("Pilot")]) }
        #expect(lead["status_since"] == .moment(SalesHost.start), "a new lead says itself since when it is in its first status")
        host.clock.advance(days: 2)
        try await host.write(as: .salesAgent) { try $0.change("lead", lead.id, ["status": $0.link("lead_status", "Contacted")]) }
        host.clock.advance(days: 3)
        let moved = try await host.write { try $0.change("lead", lead.id, ["status": $0.link("lead_status", "Qualified")]) }
        let after: Moment = SalesHost.start.adding(days: 5)
        #expect(moved["status_since"] == Value.moment(after))
        let entries = try await log(host, lead.id)
        let names = try await host.read { transaction in
            try entries.map { entry in
                try ["from_status", "to_status"].map { field in
                    guard case .integer(let id) = entry[field] else { return "" }
                    return ValueText.plain(try transaction.get("lead_status", RecordID(id))["name"])
                }
            }
        }
        #expect(names == [["New", "Contacted"], ["Contacted", "Qualified"]])
        let seconds: [Value] = entries.map { $0["seconds"] }
        #expect(seconds == [Value.integer(172_800), Value.integer(259_200)])
        let moments: [Value] = entries.map { $0["created_at"] }
        let (second, third): (Moment, Moment) = (SalesHost.start.adding(days: 2), SalesHost.start.adding(days: 5))
        #expect(moments == [Value.moment(second), Value.moment(third)])
        let people: [Value] = entries.map { $0["created_by"] }
        let expected: [Value] = [.integer(try host.user(.salesAgent)), .integer(try host.user(.administrator))]
        #expect(people == expected)
    }

    @Test func `what changes no status is not logged, and a refused change leaves nothing`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]).id }
        try await host.write { try $0.change("lead", lead, ["title": .text("Pilot 2")]) }
        _ = try await host.refusal {
            try $0.change("lead", lead, ["status": $0.link("lead_status", "Contacted"), "company_size": .integer(-1)])
        }
        #expect(try await log(host, lead).isEmpty)
    }

    @Test func `the log is not written, changed or deleted by hand, and goes with its lead`() async throws {
        let host = try await SalesHost()
        let (lead, entry) = try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot")]).id
            try transaction.change("lead", lead, ["status": transaction.link("lead_status", "Contacted")])
            return (lead, try #require(transaction.all("lead_status_change", where: .everything, sort: [], limit: 1).first))
        }
        for change in ["add", "edit", "delete"] {
            let refusal = try await host.refusal { transaction in
                switch change {
                case "add": try transaction.add("lead_status_change", ["lead": .integer(lead.raw)])
                case "edit": try transaction.change("lead_status_change", entry.id, ["seconds": .integer(1)])
                default: try transaction.delete("lead_status_change", entry.id)
                }
            }
            #expect(refusal.code == .forbidden, "\(change)")
        }
        try await host.write { try $0.delete("lead", lead) }
        #expect(try await log(host, lead).isEmpty)
    }

    @Test func `an agent does not learn from the log of leads that are out of sight`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Secret")]).id
            try transaction.change("lead", lead, ["status": transaction.link("lead_status", "Contacted")])
        }
        for role in [DefaultRole.salesAgent, .sdr, .salesManager, .finance] {
            #expect(try await host.read(as: role) { try $0.count("lead_status_change", where: .everything) } == 0, "\(role)")
        }
        #expect(try await host.read(as: .management) { try $0.count("lead_status_change", where: .everything) } == 1)
    }

    @Test func `leads of before the log count from when they were made`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Old")]).id }
        try await host.store.engine.write { try $0.execute("UPDATE lead SET status_since = NULL, last_activity_at = NULL", []) }
        host.clock.advance(days: 9)
        let migration = try #require(PluginLibrary.part("leads").contributions.migrations.first { $0.name == "leads.3_status_log" })
        try await host.write(as: nil) { try migration.body($0.transaction(for: "leads")) }
        let found = try await host.read { try $0.get("lead", lead) }
        #expect(found["status_since"] == .moment(SalesHost.start))
        #expect(found["last_activity_at"] == .moment(SalesHost.start))
        #expect(found.version == 1)
    }

    @Test func `a status is deleted when no lead is in it any more, and the log keeps the time`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot"), "status": $0.link("lead_status", "Contacted")]).id }
        let refusal = try await host.refusal { try $0.delete("lead_status", $0.named("lead_status", "Contacted")) }
        #expect(refusal.message.contains("1 lead"))
        #expect(!refusal.message.contains("status change"))
        let contacted = try await host.read { try $0.named("lead_status", "Contacted") }
        let target = CRMError.Link.Target.list(entity: "lead", field: "status", id: contacted)
        #expect(refusal.links.map(\.target) == [target])
        host.clock.advance(days: 1)
        try await host.write { transaction in
            try transaction.change("lead", lead, ["status": transaction.link("lead_status", "Qualified")])
            try transaction.delete("lead_status", contacted)
        }
        let entry = try #require(try await log(host, lead).first)
        #expect(entry["from_status"] == .null)
        #expect(entry["seconds"] == .integer(86_400))
    }
}

@Suite struct LeadBoardTests {
    @Test func `the board has the statuses in their order, without final ones; a drag sets the status, keeps the order and is told`() async throws {
        let host = try await SalesHost()
        let (new, contacted) = try await host.read { (try $0.named("lead_status", "New"), try $0.named("lead_status", "Contacted")) }
        let leads = try await host.write { transaction in
            try ["A", "B", "C"].map { try transaction.add("lead", ["title": .text($0)]).id }
        }
        func columns() async throws -> [String] {
            try await host.read { transaction in
                let model = try transaction.registry.require("lead")
                return try transaction.boardColumns(model, filter: .everything, within: nil, limit: 10).map { column in
                    "\(column.title): " + column.cards.map { ValueText.plain($0["title"]) }.joined(separator: " ")
                }
            }
        }
        #expect(try await columns() == ["New: C B A", "Contacted: ", "Qualified: "])
        try await host.write { transaction in
            let model = try transaction.registry.require("lead")
            _ = try transaction.moveCard(model, leads[0], to: .integer(contacted.raw), below: nil)
            _ = try transaction.moveCard(model, leads[1], to: .integer(contacted.raw), below: leads[0])
            _ = try transaction.moveCard(model, leads[2], to: .integer(contacted.raw), below: leads[0])
        }
        #expect(try await columns() == ["New: ", "Contacted: A C B", "Qualified: "])
        #expect(host.events.take() == leads.map { "lead \($0) from \(new) to \(contacted)" })
        // Another order of the statuses is another order of the columns.
        try await host.write { transaction in
            try transaction.change("lead_status", contacted, ["position": .integer(0)])
            try transaction.change("lead_status", transaction.named("lead_status", "Qualified"), ["is_final": .boolean(true)])
        }
        #expect(try await columns() == ["Contacted: A C B", "New: "])
    }
}
