import PluginAPI
import Testing

@testable import Kernel

/// A company's page as somebody in a browser sees it.
@Suite struct CompanyPageTests {
    /// A company with everything that stands on its page.
    private func filled(_ desk: SalesDesk, tasks: Bool) async throws -> RecordID {
        try await desk.write { transaction in
            let agent = try transaction.add("user", ["name": .text("Vera Falk"), "email": .text("vera@x.example")])
            let company = try transaction.add("company", [
                "name": .text("Halderwick"), "website": .text("https://halderwick.example"), "office_phone": .text("+49 40 555 12"),
                "office_email": .text("office@halderwick.example"), "industry": .text("Printing"), "city": .text("Hamburg"),
                "description": .text("Prints maps."), "assigned_to": .link(agent),
            ])
            try transaction.add("customer", ["name": .text("Ada Kontakt"), "email": .text("ada@halderwick.example"), "company": .link(company)])
            try transaction.add("deal", [
                "title": .text("New press"), "value": .euro(12_500), "company": .link(company), "expected_close_date": .day("2026-12-24"),
                "assigned_to": .link(agent), "stage": transaction.link("stage", "Proposal"),
            ])
            if tasks {
                try transaction.add("todo_task", ["title": .text("Send the samples"), "company": .link(company), "due": .day("2026-11-30")])
            }
            _ = try transaction.addNote(transaction.registry.require("company"), company.id, "They like blue.")
            return company.id
        }
    }

    /// The part of a page that begins with a heading, up to the next box.
    private func box(_ heading: String, of page: String) -> String? {
        guard let start = page.firstRange(of: "<h2>\(heading)") else { return nil }
        let rest = page[start.upperBound...]
        return String(rest[..<(rest.firstRange(of: "<section")?.lowerBound ?? rest.endIndex)])
    }

    @Test func `a company's page has its overview, contacts, deals with stage, value, agent and expected close, tasks, and its timeline`() async throws {
        let desk = try await SalesDesk(with: [TasksPlugin.part])
        let id = try await filled(desk, tasks: true)
        let page = await desk.page("/admin/companies/\(id)")
        #expect(page.status == 200)
        for words in ["Halderwick", "https://halderwick.example", "+49 40 555 12", "office@halderwick.example", "Printing", "Hamburg", "Prints maps.", "Vera Falk"] {
            #expect(page.text.contains(words), "the overview lacks \(words)")
        }
        let contacts = try #require(box("Contacts", of: page.text))
        #expect(contacts.contains("Ada Kontakt") && contacts.contains("ada@halderwick.example"))
        let deals = try #require(box("Deals", of: page.text))
        for words in ["New press", "Proposal", "12,500.00 EUR", "Vera Falk", "2026-12-24"] { #expect(deals.contains(words), "the deals lack \(words)") }
        let tasks = try #require(box("Tasks", of: page.text))
        #expect(tasks.contains("Send the samples") && tasks.contains("2026-11-30"))
        let timeline = try #require(box("Timeline", of: page.text))
        #expect(timeline.contains("added the company") && timeline.contains("They like blue."))
    }

    @Test func `tasks are on the company's page and on the dashboard only where a plugin has tasks`() async throws {
        let (with, without) = (try await SalesDesk(with: [TasksPlugin.part]), try await SalesDesk())
        let company = try await filled(with, tasks: true)
        let alone = try await filled(without, tasks: false)
        #expect(box("Tasks", of: await without.page("/admin/companies/\(alone)").text) == nil)
        let plain = await without.page("/admin/dashboards/crm").text
        #expect(!plain.contains("Upcoming tasks") && plain.contains("Recent deals"))
        let dashboard = await with.page("/admin/dashboards/crm").text
        let upcoming = try #require(box("Upcoming tasks", of: dashboard))
        #expect(upcoming.contains("Send the samples") && upcoming.contains("2026-11-30") && upcoming.contains("Halderwick"))
        #expect(dashboard.contains("Tasks"))
        #expect(await with.page("/admin/companies/\(company)").status == 200)
    }

    @Test func `a company whose tasks are gone keeps its page`() async throws {
        let desk = try await SalesDesk(["customers"])
        let id = try await desk.write { try $0.add("company", ["name": .text("Halderwick")]).id }
        let page = await desk.page("/admin/companies/\(id)")
        #expect(page.status == 200)
        #expect(box("Contacts", of: page.text) != nil && box("Deals", of: page.text) == nil)
    }
}
