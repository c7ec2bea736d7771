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

@Suite struct CustomerGroupTests {
    @Test func `a group with customers cannot be deleted`() async throws {
        let host = try await SalesHost(["customers"])
        let group = try await host.write { transaction in
            let group = try transaction.add("customer_group", ["name": .text("Key accounts")])
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
            let group = try await host.write { try $0.add("customer_group", ["name": .text("G"), "discount_percent": discount]) }
            #expect(group["discount_percent"] == discount)
        } else {
            let refusal = try await host.refusal { try $0.add("customer_group", ["name": .text("G"), "discount_percent": discount]) }
            #expect(refusal.problems.map(\.field) == ["discount_percent"])
        }
    }

    @Test func `names and codes of groups are unique`() async throws {
        let host = try await SalesHost(["customers"])
        try await host.write { try $0.add("customer_group", ["name": .text("Key accounts"), "code": .text("KEY")]) }
        let refusal = try await host.refusal {
            try $0.add("customer_group", ["name": .text("Others"), "code": .text("key")])
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
