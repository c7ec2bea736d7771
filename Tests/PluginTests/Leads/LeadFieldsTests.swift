import PluginAPI
import Testing

@testable import Kernel

@Suite struct LeadFieldsTests {
    @Test func `a lead has all the fields that are asked for, and only the title is required`() async throws {
        let host = try await SalesHost()
        let model = try host.store.registry.require("lead")
        let names = [
            "title", "description", "contact_name", "contact_email", "contact_phone", "company_name", "value", "source", "status",
            "assigned_to", "industry", "function", "company_size", "area", "next_follow_up",
        ]
        for name in names { #expect(model.editableFields.contains { $0.name == name }, "\(name) stands in the form") }
        let needed: [FieldModel] = model.fields.filter { $0.description.mustBeGiven && $0.description.defaultValue == .null }
        #expect(needed.map(\.name) == ["title"])
        let lead = try await host.write { transaction in
            try transaction.add(
                "lead",
                [
                    "title": .text("Pilot"), "industry": .text("Printing"), "function": .text("Purchasing"), "company_size": .integer(120),
                    "area": .text("North"), "next_follow_up": .day("2026-11-20"),
                ])
        }
        #expect(lead["company_size"] == .integer(120))
        #expect(lead["next_follow_up"] == .day("2026-11-20"))
        let refusal = try await host.refusal { try $0.add("lead", ["title": .text("Pilot"), "company_size": .integer(0)]) }
        #expect(refusal.problems.map(\.field) == ["company_size"])
    }

    @Test func `files to import find the fields by other names, the columns of Salesforce among them`() async throws {
        let host = try await SalesHost()
        let model = try host.store.registry.require("lead")
        let expected = [
            "lead source": "source", "job title": "function", "number of employees": "company_size", "sector": "industry",
            "region": "area", "state": "area", "follow-up date": "next_follow_up", "mobile phone": "contact_phone", "email": "contact_email",
        ]
        for (name, field) in expected {
            #expect(model.fields.filter { $0.description.aliases.contains(name) }.map(\.name) == [field], "\(name)")
        }
    }

    @Test func `a second open lead with the e-mail is refused with a link to the first and the offer to merge`() async throws {
        let host = try await SalesHost()
        let first = try await host.write { try $0.add("lead", ["title": .text("Pilot"), "contact_email": .text("ada@x.example")]) }
        let refusal = try await host.refusal {
            try $0.add("lead", ["title": .text("Again"), "contact_email": .text("Ada@X.example")])
        }
        let targets: [CRMError.Link.Target] = [.record(entity: "lead", id: first.id), .merge(entity: "lead", into: first.id)]
        #expect(refusal.links.map(\.target) == targets)
        #expect(refusal.links.allSatisfy { $0.path == "leads" }, "the user may follow both")
    }

    @Test func `whoever may not see the first lead gets no link to it`() async throws {
        let host = try await SalesHost()
        try await host.write { try $0.add("lead", ["title": .text("Secret"), "contact_email": .text("ada@x.example")]) }
        let refusal = try await host.refusal(as: .salesAgent) {
            try $0.add("lead", ["title": .text("Mine"), "contact_email": .text("ada@x.example")])
        }
        #expect(refusal.links.isEmpty)
        #expect(!refusal.description.contains("Secret"))
    }

    @Test func `of two leads with one e-mail that are made at the same moment one is refused`() async throws {
        let host = try await SalesHost()
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<6 {
                group.addTask {
                    (try? await host.write { try $0.add("lead", ["title": .text("\(number)"), "contact_email": .text("ada@x.example")]) }) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
    }

    @Test func `sources and lost reasons that are not active are not chosen any more, and stay where they are`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Old"), "source": transaction.link("lead_source", "Campaign")])
            try transaction.change("lead_source", transaction.named("lead_source", "Campaign"), ["active": .boolean(false)])
            try transaction.change("lost_reason", transaction.named("lost_reason", "No need"), ["active": .boolean(false)])
            return lead.id
        }
        let chosen = try await host.refusal {
            try $0.add("lead", ["title": .text("New"), "source": $0.link("lead_source", "Campaign")])
        }
        #expect(chosen.problems == [Problem(field: "source", "Campaign is not active any more")])
        let lost = try await host.refusal { try $0.act("lead", lead, "mark-lost", ["lost_reason": $0.link("lost_reason", "No need")]) }
        #expect(lost.problems.map(\.field) == ["lost_reason"])
        try await host.write { transaction in
            let changed = try transaction.change("lead", lead, ["title": .text("Older")])
            #expect(changed["source"] == (try transaction.link("lead_source", "Campaign")))
        }
    }

    @Test func `qualified leads are those in a status that counts as qualified, and those that left through it`() async throws {
        let host = try await SalesHost()
        func qualified() async throws -> Int {
            try await host.read { transaction in
                let metric = try #require(transaction.registry.metrics.first { $0.body.key == "leads.qualified" }).body
                return try transaction.count("lead", where: metric.filter)
            }
        }
        let lead = try await host.write { transaction in
            try transaction.add("lead", ["title": .text("New")])
            return try transaction.add("lead", ["title": .text("Good"), "status": transaction.link("lead_status", "Qualified")])
        }
        #expect(lead["qualified_at"] == .moment(SalesHost.start))
        #expect(try await qualified() == 1)
        try await host.write { try $0.act("lead", lead.id, "convert", ["customer_name": .text("Ada")]) }
        #expect(try await qualified() == 1, "a converted lead was qualified")
        // A status that counts from now on counts for the leads that are in it already.
        try await host.write { try $0.change("lead_status", $0.named("lead_status", "New"), ["is_qualified": .boolean(true)]) }
        #expect(try await host.waiting("leads.refresh") == 1)
        try await host.runJob("leads.refresh")
        #expect(try await qualified() == 2)
    }
}
