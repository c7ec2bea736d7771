import PluginAPI
import Testing

@testable import Kernel

@Suite struct ConvertLeadTests {
    private static let ada: [String: Value] = [
        "title": .text("Pilot"), "contact_name": .text("Ada Falk"), "contact_email": .text("ada@x.example"),
        "company_name": .text("Otterbrook Labs"), "value": .euro(9000),
    ]

    @Test func `a lead becomes a customer with a new company, and is closed`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write(as: .salesAgent) { try $0.add("lead", Self.ada) }
        let (customer, outcome) = try await host.write(as: .salesAgent) { transaction in
            let outcome = try transaction.act("lead", lead.id, "convert", ["company_option": .text("new")])
            let customer = try #require(outcome.opens)
            #expect(customer.entity == "customer")
            return (try transaction.get("customer", customer.id), outcome)
        }
        #expect(customer["name"] == .text("Ada Falk"))
        #expect(customer["email"] == .text("ada@x.example"))
        #expect(customer["assigned_to"] == lead["assigned_to"])
        #expect(outcome.results["customer"] == .link(customer))
        #expect(outcome.results["deal"] == nil)
        try await host.read { transaction in
            let closed = try transaction.get("lead", lead.id)
            #expect(closed["outcome"] == .text("converted"))
            #expect(closed["converted_at"] == .moment(SalesHost.start))
            #expect(closed["converted_customer"] == .link(customer))
            #expect(closed["status"] == (try transaction.link("lead_status", "Converted")))
            let company = try transaction.named("company", "Otterbrook Labs")
            #expect(customer["company"] == .integer(company.raw))
        }
        #expect(host.events.take().contains("lead \(lead.id) became customer \(customer.id)"))
    }

    @Test func `a lead is converted once only`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            let lead = try transaction.add("lead", Self.ada)
            try transaction.act("lead", lead.id, "convert")
            return lead.id
        }
        let refusal = try await host.refusal { try $0.act("lead", lead, "convert") }
        #expect(refusal.code == .refused)
        #expect(try await host.read { try $0.count("customer", where: .everything) } == 1)
    }

    @Test func `two clicks at the same moment make one customer`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", Self.ada).id }
        let results = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { (try? await host.write { _ = try $0.act("lead", lead, "convert") }) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(results == 1)
        #expect(try await host.read { try $0.count("customer", where: .everything) } == 1)
    }

    @Test func `the form begins with what the lead says`() async throws {
        let host = try await SalesHost()
        let forms = try await host.write { transaction in
            let company = try transaction.add("company", ["name": .text("Otterbrook Labs")])
            let lead = try transaction.add("lead", Self.ada)
            let model = try transaction.registry.require("lead")
            let forms = try transaction.prefill(model, try #require(model.action("convert")), lead.id)
            #expect(forms[0]["company"] == .link(company))
            return forms
        }
        #expect(forms[0]["customer_name"] == .text("Ada Falk"))
        #expect(forms[0]["customer_email"] == .text("ada@x.example"))
        #expect(forms[0]["company_option"] == .text("none"))
        #expect(forms[1]["deal_title"] == .text("Pilot"))
        #expect(forms[1]["deal_value"] == .euro(9000))
        #expect(forms[1]["create_deal"] == .boolean(false))
    }

    @Test(arguments: ["existing", "new"])
    func `a company that is asked for must be given`(option: String) async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]).id }
        let refusal = try await host.refusal { try $0.act("lead", lead, "convert", ["company_option": .text(option)]) }
        #expect(refusal.problems.map(\.field) == [option == "new" ? "company_name" : "company"])
        #expect(try await host.read { try $0.count("customer", where: .everything) } == 0)
    }

    @Test func `a customer with the same e-mail is shown first and used when asked to`() async throws {
        let host = try await SalesHost()
        let (known, lead) = try await host.write { transaction in
            let known = try transaction.add("customer", ["name": .text("Ada F."), "email": .text("ada@x.example")])
            return (known, try transaction.add("lead", Self.ada).id)
        }
        let question = try await host.refusal { try $0.act("lead", lead, "convert") }
        #expect(question.problems.map(\.field) == ["existing_customer"])
        #expect(question.message.contains("Ada F."))
        try await host.write { transaction in
            let outcome = try transaction.act(
                "lead", lead, "convert", ["existing_customer": .text("link"), "company_option": .text("new")])
            #expect(outcome.results["customer"] == .link(known))
            #expect(try transaction.count("customer", where: .everything) == 1)
            let company = try transaction.link("company", "Otterbrook Labs")
            #expect(try transaction.get("customer", known.id)["company"] == company)
        }
    }

    @Test func `a colleague's customer with the same e-mail is neither shown nor used`() async throws {
        let host = try await SalesHost()
        try await host.write { try $0.add("customer", ["name": .text("Secret Ada"), "email": .text("ada@x.example")]) }
        let lead = try await host.write(as: .salesAgent) { try $0.add("lead", Self.ada).id }
        let refusal = try await host.refusal(as: .salesAgent) {
            try $0.act("lead", lead, "convert", ["existing_customer": .text("link")])
        }
        #expect(refusal.problems.map(\.field) == ["customer_email"])
        #expect(!refusal.description.contains("Secret"))
    }

    @Test func `finance may not convert`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", Self.ada).id }
        let refusal = try await host.refusal(as: .finance) { try $0.act("lead", lead, "convert") }
        #expect(refusal.code == .forbidden)
    }
}

@Suite struct CloseLeadTests {
    @Test func `a lost lead has a reason, and reopening takes it back`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { try $0.add("lead", ["title": .text("Pilot")]).id }
        let refusal = try await host.refusal { try $0.act("lead", lead, "mark-lost") }
        #expect(refusal.problems.map(\.field) == ["lost_reason"])
        try await host.write { transaction in
            let reason = try transaction.link("lost_reason", "No budget")
            try transaction.act("lead", lead, "mark-lost", ["lost_reason": reason])
            #expect(try transaction.get("lead", lead)["outcome"] == .text("lost"))
            #expect(try transaction.get("lead", lead)["lost_reason"] == reason)
            try transaction.act("lead", lead, "reopen")
            #expect(try transaction.get("lead", lead)["outcome"] == .text("open"))
            #expect(try transaction.get("lead", lead)["lost_reason"] == .null)
        }
    }

    @Test func `a converted lead is neither lost nor junk nor reopened`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot"), "contact_name": .text("Ada")])
            try transaction.act("lead", lead.id, "convert")
            return lead.id
        }
        for action in ["mark-junk", "reopen"] {
            #expect(try await host.refusal { try $0.act("lead", lead, action) }.code == .refused)
        }
    }

    @Test func `junk does not count as a new lead`() async throws {
        let host = try await SalesHost()
        let figures = try await host.write { transaction in
            try transaction.add("lead", ["title": .text("Real"), "value": .euro(100)])
            let junk = try transaction.add("lead", ["title": .text("Junk"), "value": .euro(900)])
            try transaction.act("lead", junk.id, "mark-junk")
            return try ["leads.created", "leads.open", "leads.open_value"].map { key in
                let metric = try #require(transaction.registry.metrics.first { $0.body.key == key }).body
                let entity = try transaction.registry.require(metric.entity)
                return try transaction.aggregate(entity, metric.measure, where: metric.filter).map { $0.sum == 0 ? Int64($0.count) : $0.sum }
            }
        }
        #expect(figures == [[1], [1], [10_000]])
    }
}
