import PluginAPI
import Testing

@testable import Kernel

@Suite struct CreateDealOfLeadTests {
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
        #expect(refusal.problems.map(\.field) == ["stage"])
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
