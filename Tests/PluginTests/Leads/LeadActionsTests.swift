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

    @Test(arguments: [(0, "new"), (1, "existing"), (2, "existing")])
    func `the dialog begins with the company that the lead names; what is left out in JSON is none`(known: Int, option: String) async throws {
        let host = try await SalesHost()
        let (dialog, rest, lead) = try await host.write { transaction in
            let companies = try (0..<known).map { _ in try transaction.add("company", ["name": .text("Otterbrook Labs")]) }
            let lead = try transaction.add("lead", Self.ada)
            let model = try transaction.registry.require("lead")
            let action = try #require(model.action("convert"))
            let dialog = try transaction.prefill(model, action, lead.id, isDialog: true)[0]
            // Which of several, somebody has to say.
            #expect(dialog["company"] == (known == 1 ? .link(companies[0]) : .null))
            return (dialog, try transaction.prefill(model, action, lead.id)[0], lead.id)
        }
        #expect(dialog["company_option"] == .text(option))
        #expect(dialog["company_name"] == .text("Otterbrook Labs"))
        #expect(rest["company_option"] == .text("none"))
        let customer = try await host.write { transaction in
            let made = try #require(try transaction.act("lead", lead, "convert").opens)
            return try transaction.get("customer", made.id)
        }
        #expect(customer["company"] == .null)
    }

    @Test func `the dialog begins without a company where the lead names none`() async throws {
        let host = try await SalesHost()
        let dialog = try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot")])
            let model = try transaction.registry.require("lead")
            return try transaction.prefill(model, try #require(model.action("convert")), lead.id, isDialog: true)[0]
        }
        #expect(dialog["company_option"] == .text("none"))
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

    @Test func `the question links the customer, and another one is made when that is the answer`() async throws {
        let host = try await SalesHost()
        let (known, lead) = try await host.write { transaction in
            let known = try transaction.add("customer", ["name": .text("Ada F."), "email": .text("ADA@x.example")])
            return (known, try transaction.add("lead", Self.ada).id)
        }
        let question = try await host.refusal { try $0.act("lead", lead, "convert") }
        #expect(question.code == .refused)
        #expect(question.links.map(\.target) == [.record(entity: "customer", id: known.id)])
        #expect(question.links.first?.path == "customers")
        #expect(question.hint.contains("existing_customer"))
        try await host.write { transaction in
            let outcome = try transaction.act("lead", lead, "convert", ["existing_customer": .text("new")])
            #expect(outcome.results["customer"] != .link(known))
            #expect(try transaction.count("customer", where: .everything) == 2)
        }
    }

    @Test func `when several customers have the e-mail, one of them must be chosen`() async throws {
        let host = try await SalesHost()
        let (known, lead) = try await host.write { transaction in
            let known = try ["One", "Two"].map {
                try transaction.add("customer", ["name": .text($0), "email": .text("ada@x.example")])
            }
            return (known, try transaction.add("lead", Self.ada).id)
        }
        for option in ["ask", "link"] {
            let question = try await host.refusal { try $0.act("lead", lead, "convert", ["existing_customer": .text(option)]) }
            #expect(question.problems.map(\.field) == ["existing_customer", "customer"])
            #expect(question.links.map(\.title) == ["Customer One", "Customer Two"])
        }
        try await host.write { transaction in
            let outcome = try transaction.act(
                "lead", lead, "convert", ["existing_customer": .text("link"), "customer": .link(known[1])])
            #expect(outcome.results["customer"] == .link(known[1]))
        }
    }

    @Test func `a lead may become a customer whose e-mail is another one, when that one is chosen`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let known = try transaction.add("customer", ["name": .text("Ada at home"), "email": .text("home@x.example")])
            let lead = try transaction.add("lead", Self.ada)
            let outcome = try transaction.act(
                "lead", lead.id, "convert", ["existing_customer": .text("link"), "customer": .link(known)])
            #expect(outcome.results["customer"] == .link(known))
            // Where nobody has the address, there is nobody to use, and a customer is made.
            let other = try transaction.add("lead", ["title": .text("Other"), "contact_email": .text("new@x.example")])
            try transaction.act("lead", other.id, "convert", ["existing_customer": .text("link")])
            #expect(try transaction.count("customer", where: .everything) == 2)
        }
    }

    @Test func `a colleague's customer with the same e-mail is neither shown nor used nor told of`() async throws {
        let host = try await SalesHost()
        let secret = try await host.write { try $0.add("customer", ["name": .text("Secret Ada"), "email": .text("ada@x.example")]) }
        for option in ["ask", "link", "new"] {
            let (lead, outcome) = try await host.write(as: .salesAgent) { transaction in
                let lead = try transaction.add("lead", Self.ada).id
                return (lead, try transaction.act("lead", lead, "convert", ["existing_customer": .text(option)]))
            }
            #expect(outcome.results["customer"] != .link(secret))
            #expect(!outcome.message.contains("Secret"))
            try await host.write { transaction in
                #expect(try transaction.get("lead", lead)["outcome"] == .text("converted"))
                // The next one begins without a customer of the agent's own.
                let made = try #require(outcome.opens).id
                try transaction.change("customer", made, ["email": .null])
            }
        }
        // Nor can it be named by its number.
        let refusal = try await host.refusal(as: .salesAgent) { transaction in
            let lead = try transaction.add("lead", ["title": .text("Guess")]).id
            try transaction.act("lead", lead, "convert", ["existing_customer": .text("link"), "customer": .link(secret)])
        }
        #expect(refusal.problems.map(\.field) == ["customer"])
        #expect(!refusal.description.contains("Secret"))
    }

    @Test func `the timeline goes along to the customer, as far as the reader may see the lead`() async throws {
        let host = try await SalesHost()
        let (lead, customer) = try await host.write(as: .salesAgent) { transaction in
            let lead = try transaction.add("lead", Self.ada)
            _ = try transaction.addNote("lead", lead.id, "Calls back on Tuesday")
            let outcome = try transaction.act("lead", lead.id, "convert")
            return (lead.id, try #require(outcome.opens).id)
        }
        func trail(as role: DefaultRole) async throws -> [String] {
            try await host.read(as: role) { transaction in
                try transaction.timeline(transaction.registry.require("customer"), customer).map { "\($0.entity.name) \($0.action)" }
            }
        }
        #expect(try await trail(as: .salesAgent) == [
            "lead convert", "lead updated", "customer created", "lead note_added", "lead created",
        ])
        // The account manager sees every customer and own leads only.
        #expect(try await trail(as: .accountManager) == ["customer created"])
        #expect(try await trail(as: .management).contains("lead note_added"))
        try await host.read { transaction throws in
            // Links both ways: the lead names its customer, and the customer's page lists what points at it.
            #expect(try transaction.get("lead", lead)["converted_customer"] == .integer(customer.raw))
            let filter = Filter.compare("converted_customer", .equal, .value(.integer(customer.raw)))
            #expect(try transaction.all("lead", where: filter, sort: [], limit: 2).map(\.id) == [lead])
        }
    }

    @Test func `the status is the final one that is called converted, else the first final one`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            try transaction.add("lead_status", ["name": .text("Parked"), "is_final": .boolean(true), "position": .integer(0)])
            let first = try transaction.add("lead", ["title": .text("One")])
            try transaction.act("lead", first.id, "convert")
            #expect(try transaction.get("lead", first.id)["status"] == (try transaction.link("lead_status", "Converted")))
            try transaction.change("lead_status", transaction.named("lead_status", "Converted"), ["name": .text("Won over")])
            let second = try transaction.add("lead", ["title": .text("Two")])
            try transaction.act("lead", second.id, "convert")
            #expect(try transaction.get("lead", second.id)["status"] == (try transaction.link("lead_status", "Parked")))
        }
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

    @Test func `where no reason of a loss is active, marking a lead lost says what to do`() async throws {
        let host = try await SalesHost()
        let lead = try await host.write { transaction in
            #expect(try transaction.count("lost_reason", where: .everything) == 6, "a new deployment has some")
            for reason in try transaction.all("lost_reason", where: .everything, sort: [], limit: 20) {
                try transaction.change("lost_reason", reason.id, ["active": .boolean(false)])
            }
            return try transaction.add("lead", ["title": .text("Pilot")]).id
        }
        let refusal = try await host.refusal { try $0.act("lead", lead, "mark-lost") }
        #expect(refusal.message == "there is no active lost reason to choose")
        #expect(refusal.hint.contains("Settings") && refusal.hint.contains("tenon lost-reasons add"))
        // The dialog says so before anybody looks into an empty list.
        let dialog = try await host.refusal { transaction in
            let model = try transaction.registry.require("lead")
            _ = try transaction.prefill(model, try #require(model.action("mark-lost")), lead, isDialog: true)
        }
        #expect(dialog.message == refusal.message)
        // With one that is active the reason is asked for, by its field.
        try await host.write { _ = try $0.change("lost_reason", $0.named("lost_reason", "No need"), ["active": .boolean(true)]) }
        #expect(try await host.refusal { try $0.act("lead", lead, "mark-lost") }.problems.map(\.field) == ["lost_reason"])
    }

    @Test(arguments: ["mark-junk", "mark-lost"])
    func `neither deletes, and reopening undoes both`(action: String) async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot")])
            let input = action == "mark-lost" ? ["lost_reason": try transaction.link("lost_reason", "No need")] : [:]
            try transaction.act("lead", lead.id, action, input)
            #expect(try transaction.get("lead", lead.id)["status"] == lead["status"])
            try transaction.act("lead", lead.id, "reopen")
            let again = try transaction.get("lead", lead.id)
            #expect(again["outcome"] == .text("open") && again["lost_reason"] == .null && again["status"] == lead["status"])
        }
    }

    @Test func `lists and exports show junk only when asked, whoever asks`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            try transaction.add("lead", ["title": .text("Real")])
            let junk = try transaction.add("lead", ["title": .text("Junk")])
            try transaction.act("lead", junk.id, "mark-junk")
        }
        func titles(_ query: [(String, String)], as role: DefaultRole = .administrator) async throws -> [RecordID] {
            try await host.read(as: role) { transaction in
                let entity = try transaction.registry.require("lead")
                let list = try ListQuery(query.map { .init(name: $0.0, value: $0.1) }, entity: entity, transaction: transaction).leavingAside(entity)
                #expect(try transaction.count("lead", where: list.filter) == transaction.all("lead", where: list.filter, sort: [], limit: 9).count)
                return try transaction.all("lead", where: list.filter, sort: [], limit: 9).map(\.id)
            }
        }
        #expect(try await titles([]).count == 1)
        #expect(try await titles([], as: .management).count == 1)
        #expect(try await titles([("outcome", "junk")]).count == 1)
        #expect(try await titles([("outcome.in", "open,junk")]).count == 2)
        #expect(try await titles([("where", "outcome = \"junk\" or value > 5")]).count == 1)
        #expect(try await titles([("set_aside", "true")]).count == 2)
        #expect(try await titles([("q", "jun")]).isEmpty)
    }

    @Test func `every number over leads leaves junk out, and opens the list that makes it up`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            try transaction.add("lead", ["title": .text("Real")])
            let junk = try transaction.add("lead", ["title": .text("Junk")])
            try transaction.act("lead", junk.id, "mark-junk")
        }
        try await host.read { transaction in
            let entity = try transaction.registry.require("lead")
            for metric in transaction.registry.metrics.map(\.body) where metric.entity == "lead" {
                let reading = try MetricReader(transaction: transaction).read(metric, .all)
                let list = try ListQuery(reading.query, entity: entity, transaction: transaction).leavingAside(entity)
                #expect(try transaction.count("lead", where: list.filter) == reading.figure.count, "\(metric.key)")
                let junk = try transaction.all("lead", where: .all([metric.filter, .compare("outcome", .equal, .value(.text("junk")))]), sort: [], limit: 1)
                #expect(junk.isEmpty, "\(metric.key)")
            }
        }
    }

    @Test func `a final status takes a lead off the board, and closes nothing`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot")])
            let model = try transaction.registry.require("lead")
            try transaction.change("lead", lead.id, ["status": transaction.link("lead_status", "Converted")])
            #expect(try transaction.get("lead", lead.id)["outcome"] == .text("open"))
            #expect(try transaction.boardColumns(model, filter: .everything, within: nil, limit: 5).allSatisfy { $0.count == 0 })
            // It can still be converted, lost or taken back to an earlier status.
            try transaction.change("lead", lead.id, ["status": transaction.link("lead_status", "New")])
            #expect(try transaction.boardColumns(model, filter: .everything, within: nil, limit: 5).map(\.count).reduce(0, +) == 1)
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
