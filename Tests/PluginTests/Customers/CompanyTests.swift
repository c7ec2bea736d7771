import PluginAPI
import Testing

@testable import Kernel

@Suite struct CompanyTests {
    @Test func `a company with customers cannot be deleted, and the answer says how many there are`() async throws {
        let host = try await SalesHost(["customers"])
        let company = try await host.write { transaction in
            let company = try transaction.add("company", ["name": .text("Halderwick")])
            for name in ["Ada", "Boris"] { try transaction.add("customer", ["name": .text(name), "company": .link(company)]) }
            return company.id
        }
        let refusal = try await host.refusal { try $0.delete("company", company) }
        #expect(refusal.code == .refused)
        #expect(refusal.message == "the company is still used by 2 customers")
        #expect(refusal.links.map(\.href) == ["/admin/customers?company=\(company)"])
    }

    @Test func `a company has its name, website, office phone and e-mail, address, industry, description, agent and state`() async throws {
        let host = try await SalesHost(["customers"])
        let company = try host.store.registry.require("company")
        let wanted = [
            "name", "website", "office_phone", "office_email", "street", "city", "state", "postal_code", "country", "industry", "description",
            "assigned_to", "active",
        ]
        #expect(wanted.allSatisfy { company.field($0) != nil })
        #expect(company.list.columns == ["name", "office_email", "office_phone", "website", "industry", "assigned_to", "active"])
        #expect(company.field("active")?.description.isToggle == true)
        #expect(company.fields.filter(\.description.isRequired).map(\.name) == ["name", "active"])
    }

    @Test(arguments: ["halder", "office@h", "+49 40 55", "halderwick.example"])
    func `a company is found by its name, e-mail, phone and website`(words: String) async throws {
        let host = try await SalesHost(["customers"])
        try await host.write { transaction in
            try transaction.add("company", [
                "name": .text("Halderwick"), "office_email": .text("office@halderwick.example"), "office_phone": .text("+49 40 555 12"),
                "website": .text("https://halderwick.example"),
            ])
            try transaction.add("company", ["name": .text("Other")])
        }
        let found = try await host.read { try $0.all("company", where: .search(words), sort: [], limit: 10).map { $0["name"] } }
        #expect(found == [.text("Halderwick")])
    }

    @Test func `a company's page has its contacts and its deals, with stage, value, agent and expected close`() async throws {
        let host = try await SalesHost()
        let related = RelatedLinks.all(try host.store.registry.require("company"), host.store.registry)
        let contacts = try #require(related.first)
        #expect(contacts.link.entity.name == "customer" && contacts.list?.title == "Contacts")
        let deals = try #require(related.first { $0.link.entity.name == "deal" })
        #expect(deals.list?.columns == ["stage", "value", "assigned_to", "expected_close_date"])
        let alone = try await SalesHost(["customers"])
        let others = RelatedLinks.all(try alone.store.registry.require("company"), alone.store.registry)
        #expect(!others.contains { $0.link.entity.name == "deal" }, "without Deals there are none")
    }

    @Test func `addresses that name no country are in the usual one, where a setting says which`() async throws {
        let host = try await SalesHost(["customers"])
        let plain = try await host.write { try $0.add("company", ["name": .text("A"), "city": .text("Wien")]) }
        #expect(plain["country"] == .null)
        var settings = host.store.settings
        settings.values["customers.default_country"] = .text("Austria")
        host.store.replace(settings: settings)
        try await host.write { transaction in
            #expect(try transaction.add("company", ["name": .text("B"), "city": .text("Wien")])["country"] == .text("Austria"))
            #expect(try transaction.add("company", ["name": .text("C"), "city": .text("Bern"), "country": .text("Switzerland")])["country"] == .text("Switzerland"))
            #expect(try transaction.add("company", ["name": .text("D")])["country"] == .null, "no address, no country")
            let person = try transaction.add("customer", ["name": .text("E"), "postal_code": .text("1010")])
            #expect(person["country"] == .text("Austria"))
            #expect(try transaction.change("customer", person.id, ["country": .null])["country"] == .null, "emptied by hand stays empty")
        }
    }

    @Test func `a company that is deleted while somebody gives it a customer leaves no customer behind without it`() async throws {
        let host = try await SalesHost(["customers"])
        let companies = try await host.write { transaction in
            try (0..<20).map { Value.link(try transaction.add("company", ["name": .text("C\($0)")])) }
        }
        let actor = try host.actor(.administrator)
        await withTaskGroup(of: Void.self) { group in
            for company in companies {
                guard case .integer(let id) = company else { continue }
                group.addTask { try? await host.store.write(as: actor) { try $0.delete("company", RecordID(id)) } }
                group.addTask { _ = try? await host.store.write(as: actor) { try $0.add("customer", ["name": .text("Late"), "company": company]) } }
            }
        }
        let orphans = try await host.store.engine.read {
            try $0.integer("SELECT count(*) FROM customer c LEFT JOIN company o ON o.id = c.company WHERE o.id IS NULL") ?? -1
        }
        #expect(orphans == 0)
        let (left, customers) = try await host.read { try ($0.count("company", where: .everything), $0.count("customer", where: .everything)) }
        #expect(left == customers, "each company either went, or stayed for its customer")
    }

    @Test func `an office e-mail belongs to one company, however it is written`() async throws {
        let host = try await SalesHost(["customers"])
        try await host.write { try $0.add("company", ["name": .text("A"), "office_email": .text("office@a.example")]) }
        let refusal = try await host.refusal {
            try $0.add("company", ["name": .text("B"), "office_email": .text("Office@A.example")])
        }
        #expect(refusal.problems.map(\.field) == ["office_email"])
    }

    @Test func `a company is not its own parent, however far up`() async throws {
        let host = try await SalesHost(["customers"])
        let (top, bottom) = try await host.write { transaction in
            let top = try transaction.add("company", ["name": .text("Top")])
            let middle = try transaction.add("company", ["name": .text("Middle"), "parent": .link(top)])
            let bottom = try transaction.add("company", ["name": .text("Bottom"), "parent": .link(middle)])
            return (top, bottom)
        }
        let own = try await host.refusal { try $0.change("company", top.id, ["parent": .link(top)]) }
        #expect(own.problems.map(\.field) == ["parent"])
        let circle = try await host.refusal { try $0.change("company", top.id, ["parent": .link(bottom)]) }
        #expect(circle.message == "companies would belong to each other in a circle")
        try await host.write { try $0.change("company", bottom.id, ["parent": .link(top)]) }
    }

    @Test func `a new company is active`() async throws {
        let host = try await SalesHost(["customers"])
        let company = try await host.write { try $0.add("company", ["name": .text("Halderwick")]) }
        #expect(company["active"] == .boolean(true))
    }
}

@Suite struct CustomerTests {
    @Test func `a customer has a name, an e-mail, a phone, a company or none, a group, an address and somebody to look after it`() async throws {
        let host = try await SalesHost(["customers"])
        let customer = try host.store.registry.require("customer")
        let wanted = ["name", "email", "phone", "company", "group", "street", "city", "state", "postal_code", "country", "assigned_to"]
        #expect(customer.fields.dropFirst(SystemSlots.count).map(\.name) == wanted)
        #expect(customer.fields.filter(\.description.isRequired).map(\.name) == ["name"])
        #expect(customer.list.columns == ["name", "email", "phone", "company", "group", "assigned_to"])
        #expect(customer.ownerField?.name == "assigned_to")
        try await host.write { transaction in
            let company = try transaction.add("company", ["name": .text("Halderwick")])
            let group = try transaction.add("customer_group", ["name": .text("Key"), "priority": .integer(1)])
            let whole: [String: Value] = [
                "name": .text("Ada Falk"), "email": .text("ada@x.example"), "phone": .text("+49 30 1234567"), "company": .link(company),
                "group": .link(group), "street": .text("Ring 1"), "city": .text("Kiel"), "state": .text("SH"), "postal_code": .text("24103"),
                "country": .text("Germany"), "assigned_to": .integer(try host.user(.salesAgent)),
            ]
            let stored = try transaction.get("customer", transaction.add("customer", whole).id)
            for (name, value) in whole { #expect(stored[name] == value, "\(name)") }
            // A person of no company is one as well.
            #expect(try transaction.add("customer", ["name": .text("Alone")])["company"] == .null)
        }
        for (field, value) in [("email", "no address"), ("phone", "call me")] {
            let refusal = try await host.refusal { try $0.add("customer", ["name": .text("X"), field: .text(value)]) }
            #expect(refusal.problems.map(\.field) == [field])
        }
        #expect(try await host.refusal { try $0.add("customer", [:]) }.problems.map(\.field) == ["name"])
    }
}

@Suite struct CustomerGroupTests {
    @Test func `a group has a name, a code, a description, a discount, a priority that is required, and is active at first`() async throws {
        let host = try await SalesHost(["customers"])
        let group = try host.store.registry.require("customer_group")
        #expect(
            group.fields.dropFirst(SystemSlots.count).map(\.name) == ["name", "code", "description", "discount_percent", "priority", "active"])
        #expect(group.fields.filter(\.description.isRequired).map(\.name) == ["name", "priority", "active"])
        #expect(group.fields.filter(\.description.isUnique).map(\.name) == ["name", "code"])
        let made = try await host.write { try $0.add("customer_group", ["name": .text("Key"), "priority": .integer(1)]) }
        #expect(made["active"] == .boolean(true) && made["discount_percent"] == .null)
    }

    @Test func `groups are filtered by whether they are active`() async throws {
        let host = try await SalesHost(["customers"])
        let group = try host.store.registry.require("customer_group")
        try await host.write { transaction in
            try transaction.add("customer_group", ["name": .text("Now"), "priority": .integer(1)])
            try transaction.add("customer_group", ["name": .text("Then"), "priority": .integer(2), "active": .boolean(false)])
        }
        for (value, expected) in [("true", "Now"), ("false", "Then")] {
            let found = try await host.read { transaction in
                let filter = try ListQuery([.init(name: "active", value: value)], entity: group, transaction: transaction).filter
                return try transaction.all("customer_group", where: filter, sort: [], limit: 9).map { $0["name"].text }
            }
            #expect(found == [expected])
        }
    }

    @Test func `a group with customers cannot be deleted`() async throws {
        let host = try await SalesHost(["customers"])
        let group = try await host.write { transaction in
            let group = try transaction.add("customer_group", ["name": .text("Key accounts"), "priority": .integer(1)])
            try transaction.add("customer", ["name": .text("Ada"), "group": .link(group)])
            return group.id
        }
        let refusal = try await host.refusal { try $0.delete("customer_group", group) }
        #expect(refusal.message == "the customer group is still used by 1 customer")
        #expect(refusal.links.map(\.title) == ["1 customer"])
    }

    @Test(arguments: [(0, true), (1250, true), (10000, true), (10001, false), (-1, false)])
    func `a discount is from 0 to 100 percent`(hundredths: Int, isAccepted: Bool) async throws {
        let host = try await SalesHost(["customers"])
        let discount = Value.decimal(FixedDecimal(units: Int64(hundredths), scale: 2))
        if isAccepted {
            let group = try await host.write { try $0.add("customer_group", ["name": .text("G"), "priority": .integer(1), "discount_percent": discount]) }
            #expect(group["discount_percent"] == discount)
        } else {
            let refusal = try await host.refusal { try $0.add("customer_group", ["name": .text("G"), "priority": .integer(1), "discount_percent": discount]) }
            #expect(refusal.problems.map(\.field) == ["discount_percent"])
        }
    }

    @Test func `a group needs a priority, and higher ones come first`() async throws {
        let host = try await SalesHost(["customers"])
        let refusal = try await host.refusal { try $0.add("customer_group", ["name": .text("G")]) }
        #expect(refusal.problems.map(\.field) == ["priority"])
        let group = try host.store.registry.require("customer_group")
        try await host.write { transaction in
            for (name, priority) in [("Low", 1), ("High", 30), ("Middle", 20)] {
                try transaction.add("customer_group", ["name": .text(name), "priority": .integer(Int64(priority))])
            }
        }
        let names = try await host.read { try $0.all("customer_group", where: .everything, sort: [group.list.sort], limit: 9).map { $0["name"].text } }
        #expect(names == ["High", "Middle", "Low"])
        #expect(group.presets.map(\.title) == ["Active", "Inactive"] && group.list.filters == ["active"])
    }

    @Test func `the list of groups counts their customers, as many as the reader may see, under cards with the totals`() async throws {
        let host = try await SalesHost(["customers"])
        let group = try host.store.registry.require("customer_group")
        try await host.write { transaction in
            let key = try transaction.add("customer_group", ["name": .text("Key"), "priority": .integer(2), "discount_percent": .decimal(FixedDecimal(units: 500, scale: 2))])
            let rest = try transaction.add("customer_group", ["name": .text("Rest"), "priority": .integer(1), "active": .boolean(false), "discount_percent": .decimal(FixedDecimal(units: 0, scale: 2))])
            for name in ["a", "b", "c"] { try transaction.add("customer", ["name": .text(name), "group": .link(key)]) }
            try transaction.add("customer", ["name": .text("d"), "group": .link(rest)])
            try transaction.add("customer", ["name": .text("e")])
        }
        try await host.write(as: .salesAgent) { try $0.add("customer", ["name": .text("mine"), "group": $0.link("customer_group", "Key")]) }
        func counts(_ role: DefaultRole) async throws -> [Int] {
            try await host.read(as: role) { transaction in
                let ids: [Int64] = try [transaction.named("customer_group", "Key").raw, transaction.named("customer_group", "Rest").raw]
                let counts = try #require(try RecordCounts(group, of: ids, in: transaction))
                return ids.map { counts.of($0, counts.columns[0]) }
            }
        }
        #expect(try await counts(.administrator) == [4, 1])
        #expect(try await counts(.salesAgent) == [1, 0])
        func cards(_ role: DefaultRole) async throws -> [String] {
            try await host.read(as: role) { transaction in
                try ListCardReader.readings(group, transaction).map { "\($0.metric.title): \($0.figure.count)" }
            }
        }
        #expect(try await cards(.administrator) == ["Groups: 2", "Active groups: 1", "Groups with a discount: 1", "Customers in groups: 5"])
        #expect(try await cards(.salesAgent).last == "Customers in groups: 1")
    }

    @Test func `names and codes of groups are unique`() async throws {
        let host = try await SalesHost(["customers"])
        try await host.write { try $0.add("customer_group", ["name": .text("Key accounts"), "code": .text("KEY"), "priority": .integer(1)]) }
        let refusal = try await host.refusal {
            try $0.add("customer_group", ["name": .text("Others"), "code": .text("key"), "priority": .integer(1)])
        }
        #expect(refusal.problems.map(\.field) == ["code"])
    }
}

@Suite struct CustomerRightsTests {
    @Test func `an agent sees all companies but only own customers`() async throws {
        let host = try await SalesHost(["customers"])
        try await host.write { transaction in
            try transaction.add("company", ["name": .text("Halderwick")])
            try transaction.add("customer", ["name": .text("Somebody's")])
        }
        try await host.write(as: .salesAgent) { try $0.add("customer", ["name": .text("Mine")]) }
        let seen = try await host.read(as: .salesAgent) { transaction in
            try (transaction.count("company", where: .everything), transaction.count("customer", where: .everything))
        }
        #expect(seen == (1, 1))
        let refusal = try await host.refusal(as: .finance) { try $0.add("customer", ["name": .text("New")]) }
        #expect(refusal.code == .forbidden)
    }
}
