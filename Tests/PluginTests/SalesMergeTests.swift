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

    @Test(arguments: [DefaultRole.salesAgent, .sdr])
    func `an agent merges two own leads without the right to delete any, and takes it back`(role: DefaultRole) async throws {
        let host = try await SalesHost()
        let ids = try await host.write(as: role) { transaction in
            [
                try transaction.add("lead", ["title": .text("Pilot"), "contact_phone": .text("030 1234567")]).id,
                try transaction.add("lead", ["title": .text("Pilot once more"), "contact_email": .text("ada@x.example")]).id,
            ]
        }
        #expect(try await host.refusal(as: role) { try $0.delete("lead", ids[1]) }.code == .forbidden)
        let outcome = try await host.write(as: role) { try $0.merge($0.registry.require("lead"), MergeRequest(survivor: ids[0], others: [ids[1]])) }
        #expect(outcome.record["contact_email"] == .text("ada@x.example"))
        let report = try await host.write(as: role) { try $0.takeBack(outcome.change) }
        #expect(report.kept.isEmpty, "\(report.kept)")
        try await host.read(as: role) { transaction throws in
            #expect(try transaction.get("lead", ids[0])["contact_email"] == .null)
            #expect(try transaction.get("lead", ids[1])["contact_email"] == .text("ada@x.example"))
        }
    }

    @Test func `an agent neither merges with a colleague's lead nor learns of it`() async throws {
        let host = try await SalesHost()
        let hidden = try await host.write { try $0.add("lead", ["title": .text("Hidden"), "contact_email": .text("ada@x.example")]).id }
        let mine = try await host.write(as: .salesAgent) { try $0.add("lead", ["title": .text("Mine")]).id }
        let refusal = try await host.refusal(as: .salesAgent) { _ = try $0.merge($0.registry.require("lead"), MergeRequest(survivor: mine, others: [hidden])) }
        let nothing = try await host.refusal(as: .salesAgent) { _ = try $0.merge($0.registry.require("lead"), MergeRequest(survivor: mine, others: [RecordID(999)])) }
        #expect(refusal.code == .notFound && refusal.message == nothing.message.replacing("999", with: "\(hidden)"), "as if there were none")
        let taken = try await host.refusal(as: .salesAgent) { try $0.change("lead", mine, ["contact_email": .text("ada@x.example")]) }
        #expect(taken.links.isEmpty, "neither the way there nor the offer")
        #expect(!"\(taken)".contains("Hidden") && !"\(taken)".contains(" \(hidden)"))
        #expect(!taken.hint.contains("merge"))
    }

    @Test func `a second open lead with an e-mail is refused with a link to the first, and an offer to merge to whoever may`() async throws {
        let host = try await SalesHost()
        let first = try await host.write(as: .salesAgent) { try $0.add("lead", ["title": .text("First"), "contact_email": .text("ada@x.example")]).id }
        func ways(_ role: DefaultRole) async throws -> [String] {
            try await host.refusal(as: role) { try $0.add("lead", ["title": .text("Second"), "contact_email": .text("ADA@x.example")]) }.links.map { "\($0.kind) \($0.title)" }
        }
        let both = ["record Lead First", "merge Merge into First"]
        #expect(try await ways(.salesAgent) == both)
        #expect(try await ways(.administrator) == both)
        // Marketing sees every lead and changes none; the SDR does not see it.
        #expect(try await ways(.marketing) == ["record Lead First"])
        #expect(try await ways(.sdr).isEmpty)
        let told = try await host.refusal(as: .salesAgent) { try $0.add("lead", ["title": .text("Second"), "contact_email": .text("ada@x.example")]) }
        #expect(told.hint == "Work on lead \(first) instead, or close it first.")
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

    @Test func `the timeline of a customer names the records that were merged into it, to whoever sees the customer`() async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            [try transaction.add("customer", ["name": .text("Ada Falk")]).id, try transaction.add("customer", ["name": .text("Ada Falck")]).id]
        }
        let outcome = try await host.write { try $0.merge($0.registry.require("customer"), MergeRequest(survivor: ids[0], others: [ids[1]])) }
        func told(_ role: DefaultRole) async throws -> [String] {
            try await host.read(as: role) { transaction in
                let entries = try transaction.timeline(transaction.registry.require("customer"), ids[0])
                let labels = try TimelineLabels(entries, transaction)
                return entries.map { entry in
                    "\(entry.action) \(labels.record(entry) ?? "?")" + labels.merged(entry).map { " < \($0.label ?? "?")" }.joined()
                }
            }
        }
        let expected = ["created Ada Falck", "created Ada Falk", "deleted Ada Falck", "merged Ada Falk < Ada Falck"]
        #expect(try await told(.administrator).sorted() == expected)
        #expect(try await told(.management).sorted() == expected)
        // Back and given to a colleague, it is no longer everybody's to know.
        _ = try await undo(host, outcome.change)
        try await host.write { transaction in
            try transaction.change("customer", ids[0], ["assigned_to": .integer(host.user(.salesAgent))])
            try transaction.change("customer", ids[1], ["assigned_to": .integer(host.user(.administrator))])
        }
        #expect(try await told(.salesAgent).contains("merged Ada Falk < ?"))
        #expect(try await told(.administrator).contains("merged Ada Falk < Ada Falck"))
    }

    @Test func `leads assigned in bulk, marked in bulk and deleted in bulk come back`() async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            try (1...20).map { try transaction.add("lead", ["title": .text("Lead \($0)")]).id.raw }
        }
        let lead = try host.store.registry.require("lead")
        let owner = try await host.read { $0.actor.rights.people.first { $0.value.name == DefaultRole.salesAgent.rawValue }?.key }
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

    @Test func `a converted lead that is merged stays converted, whichever survives`() async throws {
        for convertedSurvives in [true, false] {
            let host = try await SalesHost()
            let ids = try await host.write { transaction -> [RecordID] in
                let first = try transaction.add("lead", ["title": .text("Pilot"), "contact_name": .text("Ada Falk")]).id
                let second = try transaction.add("lead", ["title": .text("Pilot once more"), "contact_name": .text("Ada Falk")]).id
                try transaction.act("lead", first, "convert", [:])
                return [first, second]
            }
            let (survivor, other) = convertedSurvives ? (ids[0], ids[1]) : (ids[1], ids[0])
            let outcome = try await host.write { try $0.merge($0.registry.require("lead"), MergeRequest(survivor: survivor, others: [other])) }
            #expect(outcome.record["outcome"] == .text("converted"))
            #expect(!outcome.record["converted_customer"].isEmpty && !outcome.record["converted_at"].isEmpty)
            let again = try await host.refusal { try $0.act("lead", survivor, "convert", [:]) }
            #expect([.refused, .conflict].contains(again.code), "\(again)")
            let report = try await undo(host, outcome.change)
            #expect(report.kept.isEmpty, "\(report.kept)")
            let states = try await host.read { transaction in try ids.map { try transaction.get("lead", $0)["outcome"] } }
            #expect(states == [.text("converted"), .text("open")])
        }
    }

    @Test func `leads marked junk in bulk come back, but for one whose e-mail was taken meanwhile: that one is told, and stays junk whole`() async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            try ["ada", "bea", "cem"].map { name in
                try transaction.add("lead", ["title": .text(name), "contact_email": .text("\(name)@x.example")]).id
            }
        }
        let lead = try host.store.registry.require("lead")
        let junk = BulkChange.action(try #require(lead.action("mark-junk")), of: lead) { _ in [:] }
        let outcome = try await junk.run(ids.map(\.raw), in: host.store, as: host.actor(.administrator))
        #expect(outcome.failed.isEmpty)
        let taken = try await host.write { try $0.add("lead", ["title": .text("Bea again"), "contact_email": .text("BEA@x.example")]).id }
        let before = try await host.read { try $0.get("lead", ids[1]) }

        let report = try await undo(host, try #require(outcome.change))
        #expect(report.done == 2)
        #expect(report.kept.map(\.record) == [ids[1].raw], "a line for each that stays")
        #expect(report.kept.first?.message.contains("the open lead \(taken), Bea again, has this address already") == true, "\(report.kept)")
        let (outcomes, after) = try await host.read { transaction in
            (try (ids + [taken]).map { try transaction.get("lead", $0)["outcome"].text }, try transaction.get("lead", ids[1]))
        }
        #expect(outcomes == ["open", "junk", "open", "open"])
        #expect(after.version == before.version && after.values == before.values, "nothing of it is half done")
        // Whoever sees own leads only is not told which lead has the address.
        #expect(try await host.read { try $0.count("lead", where: .compare("contact_email", .equal, .value(.text("bea@x.example")))) } == 2)
    }

    @Test func `who takes own junk back is not told which colleague's lead has the e-mail by now`() async throws {
        let host = try await SalesHost()
        let mine = try await host.write(as: .salesAgent) { try $0.add("lead", ["title": .text("Mine"), "contact_email": .text("ada@x.example")]).id }
        let lead = try host.store.registry.require("lead")
        let junk = BulkChange.action(try #require(lead.action("mark-junk")), of: lead) { _ in [:] }
        let outcome = try await junk.run([mine.raw], in: host.store, as: host.actor(.salesAgent))
        try await host.write { try $0.add("lead", ["title": .text("Hidden"), "contact_email": .text("ada@x.example")]) }
        let report = try await host.write(as: .salesAgent) { try $0.takeBack(try #require(outcome.change)) }
        #expect(report.done == 0 && report.kept.map(\.record) == [mine.raw])
        #expect(!"\(report.kept)".contains("Hidden"), "\(report.kept)")
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

    @Test func `what a plugin works out comes back as well: since when a lead is in its status, when somebody last worked on it`() async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            try (1...2).map { try transaction.add("lead", ["title": .text("Lead \($0)")]).id }
        }
        let before = try await host.read { transaction in try ids.map { try transaction.get("lead", $0) } }
        host.clock.advance(days: 3)
        let lead = try host.store.registry.require("lead")
        let status = try await host.read { try $0.link("lead_status", "Contacted") }
        let actor = try host.actor(.administrator)
        let moved = try await BulkChange.set(["status": status], of: lead).run(ids.map(\.raw), in: host.store, as: actor)
        let deleted = try await BulkChange.delete(lead).run(ids.map(\.raw), in: host.store, as: actor)
        host.clock.advance(days: 1)
        for outcome in [deleted, moved] {
            let report = try await undo(host, try #require(outcome.change))
            #expect(report.kept.isEmpty, "\(report.kept)")
        }
        let after = try await host.read { transaction in try ids.map { try transaction.get("lead", $0) } }
        for (old, new) in zip(before, after) {
            for name in ["status", "status_since", "last_activity_at", "activities", "created_at", "score"] {
                #expect(old[name] == new[name], "\(name)")
            }
        }
    }

    @Test func `deals won in bulk are open again, with the day on which they came to their stage`() async throws {
        let host = try await SalesHost()
        let (ids, won) = try await host.write { transaction in
            let ids = try (1...3).map { try transaction.add("deal", ["title": .text("Deal \($0)"), "value": .euro(1000)]).id }
            let stages = try transaction.all("stage", where: .compare("is_won", .equal, .value(.boolean(true))), sort: [], limit: 1)
            return (ids, Value.integer(try #require(stages.first).id.raw))
        }
        let before = try await host.read { transaction in try ids.map { try transaction.get("deal", $0) } }
        host.clock.advance(days: 5)
        let deal = try host.store.registry.require("deal")
        let outcome = try await BulkChange.set(["stage": won], of: deal).run(ids.map(\.raw), in: host.store, as: host.actor(.administrator))
        #expect(outcome.failed.isEmpty, "\(outcome.failed)")
        #expect(try await host.read { try $0.get("deal", ids[0])["actual_close_date"] } != .null)
        let report = try await undo(host, try #require(outcome.change))
        #expect(report.kept.isEmpty, "\(report.kept)")
        let after = try await host.read { transaction in try ids.map { try transaction.get("deal", $0) } }
        for (old, new) in zip(before, after) {
            for name in ["stage", "stage_since", "outcome", "actual_close_date", "probability", "expected_revenue"] {
                #expect(old[name] == new[name], "\(name)")
            }
        }
    }
}
