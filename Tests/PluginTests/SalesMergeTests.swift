import PluginAPI
import Testing

@testable import Kernel

@Suite("Duplicates and merges in sales") struct SalesMergeTests {
    private func found(_ host: SalesHost, _ entity: String, _ id: RecordID, as role: DefaultRole? = .administrator) async throws -> [String] {
        try await host.read(as: role) { transaction in
            let model = try transaction.registry.require(entity)
            return try transaction.duplicates(model, of: transaction.get(entity, id)).map { duplicate in
                "\(RecordChoices.label(duplicate.record, model)): \(duplicate.reasons.joined(separator: ", "))"
            }
        }
    }

    private func undo(_ host: SalesHost, _ change: Int64) async throws -> UndoReport { try await host.write { try $0.takeBack(change) } }

    @Test func `a lead is found by e-mail, phone, and similar name and company`() async throws {
        let host = try await SalesHost()
        let id = try await host.write { transaction in
            try transaction.add("lead", ["title": .text("By phone"), "contact_phone": .text("+49 30 1234567")])
            try transaction.add("lead", ["title": .text("By name"), "contact_name": .text("Jürgen Müller"), "company_name": .text("Otterbrook Labs GmbH")])
            try transaction.add("lead", ["title": .text("Another Müller"), "contact_name": .text("Jürgen Müller"), "company_name": .text("Nordwind AG")])
            let closed = try transaction.add("lead", ["title": .text("By e-mail"), "contact_email": .text("jm@otterbrook.example")])
            try transaction.act("lead", closed.id, "mark-junk")
            return try transaction.add(
                "lead",
                [
                    "title": .text("New"), "contact_email": .text("JM@otterbrook.example"), "contact_phone": .text("030 / 123 45 67"),
                    "contact_name": .text("Mueller, Juergen"), "company_name": .text("Otterbrook Labs"),
                ]).id
        }
        #expect(Set(try await found(host, "lead", id)) == [
            "By e-mail: same e-mail", "By name: similar contact name and company", "By phone: same phone",
        ])
        // One that is closed says so.
        let marks = try await host.read { transaction in
            let model = try transaction.registry.require("lead")
            return try transaction.marks(transaction.get("lead", RecordID(4)), model).map(\.text)
        }
        #expect(marks == ["Junk"])
    }

    @Test func `an agent is not told of a colleague's lead`() async throws {
        let host = try await SalesHost()
        try await host.write { try $0.add("lead", ["title": .text("Hidden"), "contact_phone": .text("+49 30 1234567")]) }
        let id = try await host.write(as: .salesAgent) { try $0.add("lead", ["title": .text("Mine"), "contact_phone": .text("030 1234567")]).id }
        #expect(try await found(host, "lead", id, as: .salesAgent).isEmpty)
        #expect(try await found(host, "lead", id) == ["Hidden: same phone"])
    }

    @Test func `companies are found whatever their legal form and web address look like`() async throws {
        let host = try await SalesHost()
        let id = try await host.write { transaction in
            try transaction.add("company", ["name": .text("Söhne & Partner GmbH & Co. KG")])
            try transaction.add("company", ["name": .text("Elsewhere"), "website": .text("http://www.soehne.example/")])
            try transaction.add("company", ["name": .text("Sohn Technik")])
            return try transaction.add("company", ["name": .text("SOEHNE und Partner"), "website": .text("https://soehne.example")]).id
        }
        #expect(Set(try await found(host, "company", id)) == ["Elsewhere: same website", "Söhne & Partner GmbH & Co. KG: similar name"])
    }

    @Test func `a merge moves the references of every plugin to the one that is kept, and its undo moves them back`() async throws {
        let host = try await SalesHost()
        struct Records { var keep, gone, company, goneCompany, lead, deal, child: RecordID }
        let made = try await host.write { transaction -> [RecordID] in
            let company = try transaction.add("company", ["name": .text("Otterbrook Labs")])
            let other = try transaction.add("company", ["name": .text("Otterbrook Labs GmbH"), "office_email": .text("hello@otterbrook.example")])
            let child = try transaction.add("company", ["name": .text("Otterbrook Sub"), "parent": .link(other)])
            let keep = try transaction.add("customer", ["name": .text("Ada Falk"), "company": .link(company)])
            let gone = try transaction.add("customer", ["name": .text("Ada Falck"), "email": .text("ada@x.example"), "company": .link(other)])
            let lead = try transaction.add("lead", ["title": .text("Pilot"), "contact_name": .text("Ada Falck"), "contact_email": .text("ada@x.example")])
            try transaction.act("lead", lead.id, "convert", ["existing_customer": .text("link"), "create_deal": .boolean(true), "deal_title": .text("Pilot")])
            var deal = try #require(try transaction.all("deal", where: .everything, sort: [], limit: 1).first)
            deal["company"] = .link(other)
            deal = try transaction.save("deal", deal)
            return [keep.id, gone.id, company.id, other.id, lead.id, deal.id, child.id]
        }
        let records = Records(keep: made[0], gone: made[1], company: made[2], goneCompany: made[3], lead: made[4], deal: made[5], child: made[6])
        let before = try await links(host, records.lead, records.deal, records.child, records.keep)
        #expect(before.lead == .integer(records.gone.raw))
        let customers = try await host.write {
            try $0.merge($0.registry.require("customer"), MergeRequest(survivor: records.keep, others: [records.gone]))
        }
        let companies = try await host.write {
            try $0.merge($0.registry.require("company"), MergeRequest(survivor: records.company, others: [records.goneCompany]))
        }
        let after = try await links(host, records.lead, records.deal, records.child, records.keep)
        #expect(after.lead == .integer(records.keep.raw))
        #expect(after.dealCustomer == .integer(records.keep.raw))
        #expect(after.dealCompany == .integer(records.company.raw))
        #expect(after.childParent == .integer(records.company.raw))
        try await host.read { transaction throws in
            #expect(try transaction.get("customer", records.keep)["email"] == .text("ada@x.example"))
            #expect(try transaction.get("company", records.company)["office_email"] == .text("hello@otterbrook.example"))
        }
        for change in [companies.change, customers.change] {
            let report = try await undo(host, change)
            #expect(report.kept.isEmpty, "\(report.kept)")
        }
        let back = try await links(host, records.lead, records.deal, records.child, records.keep)
        #expect(back == before)
        try await host.read { transaction throws in
            #expect(try transaction.get("customer", records.keep)["email"].isEmpty)
            #expect(try transaction.get("customer", records.gone)["email"] == .text("ada@x.example"))
        }
    }

    private struct Links: Equatable { var lead, dealCustomer, dealCompany, childParent, company: Value }

    private func links(_ host: SalesHost, _ lead: RecordID, _ deal: RecordID, _ child: RecordID, _ customer: RecordID) async throws -> Links {
        try await host.read { transaction in
            let deal = try transaction.get("deal", deal)
            return Links(
                lead: try transaction.get("lead", lead)["converted_customer"], dealCustomer: deal["customer"], dealCompany: deal["company"],
                childParent: try transaction.get("company", child)["parent"], company: try transaction.get("customer", customer)["company"])
        }
    }

    @Test func `leads assigned in bulk, marked in bulk and deleted in bulk come back`() async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            try (1...20).map { try transaction.add("lead", ["title": .text("Lead \($0)")]).id.raw }
        }
        let lead = try host.store.registry.require("lead")
        let owner = try await host.read { try $0.actor.rights.people.first { $0.value.name == DefaultRole.salesAgent.rawValue }?.key }
        let changes = [
            BulkChange.set(["assigned_to": .integer(try #require(owner))], of: lead),
            .action(try #require(lead.action("mark-junk")), of: lead) { _ in [:] }, .delete(lead),
        ]
        var sets: [Int64] = []
        for change in changes {
            let outcome = try await change.run(ids, in: host.store, as: host.actor(.administrator))
            #expect(outcome.failed.isEmpty, "\(outcome.failed)")
            sets.append(try #require(outcome.change))
        }
        #expect(try await host.read { try $0.count("lead", where: .everything) } == 0)
        for set in sets.reversed() {
            let report = try await undo(host, set)
            #expect(report.done == 20)
            #expect(report.kept.isEmpty, "\(report.kept)")
        }
        try await host.read { transaction in
            let leads = try transaction.all("lead", where: .everything, sort: [], limit: 50)
            #expect(leads.map(\.id.raw) == ids)
            #expect(leads.allSatisfy { $0["outcome"] == .text("open") && $0["assigned_to"].isEmpty })
        }
    }

    @Test func `leads converted in bulk are leads again, and what the conversion made is gone`() async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            try (1...5).map { try transaction.add("lead", ["title": .text("Lead \($0)"), "contact_name": .text("Person \($0)")]).id.raw }
        }
        let lead = try host.store.registry.require("lead")
        let outcome = try await BulkChange.action(try #require(lead.action("convert")), of: lead) { _ in ["create_deal": .boolean(true)] }
            .run(ids, in: host.store, as: host.actor(.administrator))
        #expect(outcome.failed.isEmpty, "\(outcome.failed)")
        #expect(try await host.read { try $0.count("customer", where: .everything) } == 5)
        #expect(try await host.read { try $0.count("deal", where: .everything) } == 5)
        let report = try await undo(host, try #require(outcome.change))
        #expect(report.kept.isEmpty, "\(report.kept)")
        #expect(try await host.read { try $0.count("customer", where: .everything) } == 0)
        #expect(try await host.read { try $0.count("deal", where: .everything) } == 0)
        #expect(try await host.read { try $0.count("lead", where: .compare("outcome", .equal, .value(.text("open")))) } == 5)
    }

    @Test func `a company that is merged with its own parent belongs to the parent's parent`() async throws {
        let host = try await SalesHost()
        let made = try await host.write { transaction -> [RecordID] in
            let top = try transaction.add("company", ["name": .text("Top")])
            let parent = try transaction.add("company", ["name": .text("Otterbrook"), "parent": .link(top), "office_email": .text("o@x.example")])
            let child = try transaction.add("company", ["name": .text("Otter Brook"), "parent": .link(parent)])
            return [top.id, parent.id, child.id]
        }
        let outcome = try await host.write { try $0.merge($0.registry.require("company"), MergeRequest(survivor: made[2], others: [made[1]])) }
        #expect(outcome.record["office_email"] == .text("o@x.example"))
        #expect(outcome.record["parent"] == .integer(made[0].raw))
        let report = try await undo(host, outcome.change)
        #expect(report.kept.isEmpty, "\(report.kept)")
        try await host.read { transaction throws in
            #expect(try transaction.get("company", made[2])["parent"] == .integer(made[1].raw))
            #expect(try transaction.get("company", made[2])["office_email"].isEmpty)
            #expect(try transaction.get("company", made[1])["parent"] == .integer(made[0].raw))
            #expect(try transaction.get("company", made[1])["office_email"] == .text("o@x.example"))
        }
    }
}
