import PluginAPI
import Testing

@testable import Kernel

@Suite struct DealOfLeadTests {
    @Test func `converting a lead can create a deal with the customer, the company and the owner`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write(as: .salesAgent) { transaction in
            try transaction.add(
                "lead",
                ["title": .text("Pilot"), "contact_name": .text("Ada"), "company_name": .text("Otterbrook"), "value": .euro(9000)])
        }
        try await host.write(as: .salesAgent) { transaction in
            let outcome = try transaction.act(
                "lead", lead.id, "convert",
                [
                    "company_option": .text("new"), "create_deal": .boolean(true), "deal_stage": transaction.link("stage", "Engaging"),
                    "deal_expected_close_date": .day("2027-01-31"),
                ])
            guard case .integer(let id)? = outcome.results["deal"] else { Issue.record("no deal"); return }
            let deal = try transaction.get("deal", RecordID(id))
            #expect(deal["title"] == .text("Pilot"))
            #expect(deal["value"] == .euro(9000))
            #expect(deal["stage"] == (try transaction.link("stage", "Engaging")))
            #expect(deal["expected_close_date"] == .day("2027-01-31"))
            #expect(deal["customer"] == outcome.results["customer"])
            #expect(deal["company"] == (try transaction.link("company", "Otterbrook")))
            #expect(deal["assigned_to"] == lead["assigned_to"])
            #expect(deal["source_lead"] == .link(lead))
        }
    }

    @Test func `a deal that cannot be created leaves the lead as it was`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            try addRenewals(transaction)
            return try transaction.add("lead", ["title": .text("Pilot"), "contact_name": .text("Ada")]).id
        }
        let refusal = try await host.refusal {
            try $0.act(
                "lead", lead, "convert",
                [
                    "create_deal": .boolean(true), "deal_pipeline": $0.link("pipeline", "Sales"),
                    "deal_stage": $0.link("stage", "In talks"),
                ])
        }
        #expect(refusal.problems.map(\.field) == ["deal_stage"])
        #expect(try await host.read { try $0.get("lead", lead)["outcome"] } == .text("open"))
        #expect(try await host.read { try $0.count("customer", where: .everything) } == 0)
    }

    @Test func `the deal's option says the same as the older flag, and what is not asked for is left out`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot"), "value": .euro(10)])
            let outcome = try transaction.act(
                "lead", lead.id, "convert", ["deal_option": .text("new"), "deal_title": .text("Wall")])
            guard case .integer(let id)? = outcome.results["deal"] else { Issue.record("no deal"); return }
            #expect(try transaction.get("deal", RecordID(id))["title"] == .text("Wall"))
            #expect(outcome.message == "Pilot is a customer now. The deal Wall is there.")
            let other = try transaction.add("lead", ["title": .text("Other")])
            let none = try transaction.act("lead", other.id, "convert", ["deal_title": .text("Not asked for")])
            #expect(none.results["deal"] == nil)
            #expect(try transaction.count("deal", where: .everything) == 1)
        }
    }

    @Test func `a lead is added to a deal that is there: it learns where it comes from and who buys, and keeps what it knows`() async throws {
        let host = try await SalesHost()
        try await host.write(as: .salesAgent) { transaction in
            let bare = try transaction.add("deal", ["title": .text("Wall"), "value": .euro(70)])
            let lead = try transaction.add("lead", ["title": .text("Pilot"), "company_name": .text("Otterbrook"), "value": .euro(9000)])
            _ = try transaction.addNote("lead", lead.id, "Wants it in May")
            let outcome = try transaction.act(
                "lead", lead.id, "convert", ["deal_option": .text("existing"), "deal": .link(bare), "company_option": .text("new")])
            #expect(outcome.results["deal"] == .link(bare))
            let joined = try transaction.get("deal", bare.id)
            #expect(joined["source_lead"] == .link(lead))
            #expect(joined["customer"] == outcome.results["customer"])
            #expect(joined["company"] == (try transaction.link("company", "Otterbrook")))
            #expect(joined["value"] == .euro(70) && joined["title"] == .text("Wall"))
            // A second lead for the same deal takes nothing away.
            let second = try transaction.add("lead", ["title": .text("Second")])
            let again = try transaction.act("lead", second.id, "convert", ["deal_option": .text("existing"), "deal": .link(bare)])
            #expect(again.results["customer"] != outcome.results["customer"])
            #expect(try transaction.get("deal", bare.id).values == joined.values)
            // Both go along with it.
            let trail = try transaction.timeline(transaction.registry.require("deal"), bare.id)
            #expect(Set(trail.filter { $0.entity.name == "lead" }.map(\.record)) == [lead.id.raw, second.id.raw])
            #expect(trail.contains { $0.note?.text == "Wants it in May" })
        }
    }

    @Test func `the timeline of the lead goes along to a new deal`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot")])
            let outcome = try transaction.act("lead", lead.id, "convert", ["create_deal": .boolean(true)])
            guard case .integer(let id)? = outcome.results["deal"] else { Issue.record("no deal"); return }
            let trail = try transaction.timeline(transaction.registry.require("deal"), RecordID(id))
            #expect(trail.map { "\($0.entity.name) \($0.action)" } == ["lead convert", "deal created", "lead updated", "lead created"])
        }
    }

    @Test func `only an open deal that the user may change takes a lead`() async throws {
        let host = try await SalesHost()
        let (closed, hidden) = try await host.write { transaction in
            let closed = try transaction.add("deal", ["title": .text("Old wall"), "stage": transaction.link("stage", "Won")])
            return (closed, try transaction.add("deal", ["title": .text("Secret wall")]))
        }
        let lead = try await host.write(as: .salesAgent) { try $0.add("lead", ["title": .text("Pilot")]).id }
        let missing = try await host.refusal(as: .salesAgent) { try $0.act("lead", lead, "convert", ["deal_option": .text("existing")]) }
        #expect(missing.problems.map(\.field) == ["deal"])
        let won = try await host.refusal { try $0.act("lead", lead, "convert", ["deal_option": .text("existing"), "deal": .link(closed)]) }
        #expect(won.problems == [Problem(field: "deal", "Old wall is won already; choose an open deal")])
        let strange = try await host.refusal(as: .salesAgent) {
            try $0.act("lead", lead, "convert", ["deal_option": .text("existing"), "deal": .link(hidden)])
        }
        #expect(strange.problems.map(\.field) == ["deal"] && !strange.description.contains("Secret"))
        #expect(try await host.read { try $0.get("lead", lead)["outcome"] } == .text("open"))
        #expect(try await host.read { try $0.count("customer", where: .everything) } == 0)
    }

    @Test func `without Deals the form of convert does not speak of deals`() async throws {
        let host = try await SalesHost(["customers", "leads"])
        let names = try await host.read { transaction in
            try #require(transaction.registry.require("lead").action("convert")).parts.flatMap { $0.entry.fields.map(\.name) }
        }
        #expect(!names.contains { $0.contains("deal") })
    }

    @Test func `without Leads a deal has neither a source lead nor a lost reason, and works`() async throws {
        let host = try await SalesHost(["customers", "deals"])
        try await host.write { transaction in
            let deal = try transaction.add("deal", ["title": .text("Rollout"), "value": .euro(10)])
            let lost = try transaction.change("deal", deal.id, ["stage": transaction.link("stage", "Lost")])
            #expect(lost["outcome"] == .text("lost"))
            let fields = try transaction.registry.require("deal").fields.filter(\.isStored).map(\.name)
            #expect(!fields.contains("source_lead") && !fields.contains("lost_reason"))
        }
    }
}
