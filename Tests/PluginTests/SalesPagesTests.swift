import PluginAPI
import Testing

@testable import Kernel

/// Pages of sales as somebody in a browser sees them.
@Suite("Pages of sales") struct SalesPagesTests {
    private func failed(_ desk: SalesDesk, _ count: Int) async throws {
        try await desk.write { transaction in
            for number in 0..<count {
                try transaction.add("failed_submission", [
                    "sender": .text("Somebody \(number)"), "state": .text("waiting"), "reason": .text("no"), "channel": .text("form"),
                    "values": .text("x: \(number)"), "mark": .text("\(number)"),
                ])
            }
        }
    }

    /// The menu's groups, each with its entries and what is counted beside them.
    private func menu(_ page: String) -> [String: [String]] {
        guard let start = page.firstRange(of: "<nav class=\"side\""), let end = page.firstRange(of: "</nav>") else { return [:] }
        var groups: [String: [String]] = [:]
        for part in page[start.upperBound..<end.lowerBound].split(separator: "<h2>").dropFirst() {
            let title = String(part.prefix { $0 != "<" })
            groups[title] = part.split(separator: "<li>").dropFirst().map { item in
                var words = ""
                var isTag = false
                for character in item.prefix(item.firstRange(of: "</li>").map { item.distance(from: item.startIndex, to: $0.lowerBound) } ?? item.count) {
                    if character == "<" { isTag = true } else if character == ">" { isTag = false } else if !isTag { words.append(character) }
                }
                return words
            }
        }
        return groups
    }

    @Test func `home and the main menu are about the reader's work: what failed stands under administration, with a count while there is some`() async throws {
        let desk = try await SalesDesk()
        let quiet = await desk.page("/admin").text
        #expect(menu(quiet)["Sales"] == ["Companies", "Customers", "Leads", "Deals"])
        #expect(menu(quiet)["Administration"]?.contains("Failed submissions") == true)
        try await failed(desk, 3)
        let busy = await desk.page("/admin").text
        #expect(menu(busy)["Administration"]?.contains("Failed submissions3 waiting") == true, "\(menu(busy))")
        for words in ["Spam through forms", "<span class=\"name\">Failed submissions"] { #expect(!busy.contains(words), "\(words)") }
        #expect(busy.contains("<span class=\"name\">New leads</span>"))
        try await failed(desk, 120)
        #expect(menu(await desk.page("/admin/leads").text)["Administration"]?.contains("Failed submissions99+ waiting") == true)
    }

    @Test func `a converted lead bears the word once`() async throws {
        let desk = try await SalesDesk()
        let (converted, lost) = try await desk.write { transaction in
            let first = try transaction.add("lead", ["title": .text("Pilot")]).id
            try transaction.act("lead", first, "convert")
            let second = try transaction.add("lead", ["title": .text("Other")]).id
            try transaction.act("lead", second, "mark-lost", ["lost_reason": try transaction.link("lost_reason", "No need")])
            return (first, second)
        }
        func head(_ page: String) -> String { page.firstRange(of: "<h1").map { start in String(page[start.lowerBound...].prefix { $0 != "\n" }.split(separator: "<section").first ?? "") } ?? "" }
        let page = head(await desk.page("/admin/leads/\(converted)").text)
        #expect(page.split(separator: "Converted").count == 2, "\(page)")
        // What says two things says both.
        let other = head(await desk.page("/admin/leads/\(lost)").text)
        #expect(other.contains("New") && other.contains("Lost"), "\(other)")
    }

    @Test func `the address of a form is a link on its page and in JSON`() async throws {
        let desk = try await SalesDesk()
        let form = try await desk.write { try $0.add("lead_form", ["name": .text("Contact"), "title": .text("Contact us")]) }
        let address = "/plugins/leads/forms/\(form["key"].text)"
        #expect(await desk.page("/admin/lead-forms/\(form.id)").text.contains("<a href=\"\(address)\" target=\"_blank\" rel=\"noopener\">\(address)</a>"))
    }

    @Test func `a form is made of fields that make sense to a visitor, custom ones among them`() async throws {
        let desk = try await SalesDesk()
        let page = await desk.page("/admin/lead-forms/new").text
        func offered(_ field: String) -> Bool { page.contains("name=\"fields\" value=\"\(field)\"") }
        let sensible = [
            "title", "description", "contact_name", "contact_email", "contact_phone", "company_name", "value", "industry", "function",
            "company_size", "area", "source",
        ]
        #expect(sensible.filter { !offered($0) } == [])
        let ours = [
            "status", "outcome", "assigned_to", "score", "given_points", "score_adjustment", "next_follow_up", "lost_reason", "campaign", "lead_form",
            "converted_customer", "converted_at", "status_since", "qualified_at", "last_activity_at", "activities", "assignment",
        ]
        #expect(ours.filter(offered) == [])
        // Whoever names one all the same is told which.
        let sent = await desk.post("/admin/lead-forms/new", ["name": "A", "title": "A", "fields": "contact_name,status"])
        #expect(sent.status == 422 && sent.text.contains("status"))
    }

    @Test func `a new lead is typed in the order of a call: title, contact, e-mail and phone before the status; the title has the focus`() async throws {
        let desk = try await SalesDesk()
        let page = await desk.page("/admin/leads/new").text
        let places = ["title", "contact_name", "contact_email", "contact_phone", "status"].map { page.firstRange(of: "id=\"\($0)\"")?.lowerBound }
        #expect(places.allSatisfy { $0 != nil })
        #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
        let focused = page.split(separator: "<").filter { $0.contains(" autofocus") }
        #expect(focused.count == 1 && focused.first?.contains("id=\"title\"") == true, "\(focused)")
        // What has to be mended comes first.
        let sent = await desk.post("/admin/leads/new", ["title": ""])
        #expect(sent.status == 422 && !sent.text.contains(" autofocus"))
    }

    @Test func `what can be done with ticked leads stands in one line, the rest in a menu`() async throws {
        let desk = try await SalesDesk()
        try await desk.write { _ = try $0.add("lead", ["title": .text("Pilot")]) }
        let page = await desk.page("/admin/leads").text
        let bar = try #require(page.firstRange(of: "<div class=\"bulk\"").map { String(page[$0.lowerBound...]) })
        let open = bar.split(separator: "<details").first ?? "", menu = bar.split(separator: "<details").dropFirst().first ?? ""
        for title in ["Change…", "Convert…", "Mark lost…", "Mark junk…"] { #expect(open.contains(title), "\(title)") }
        for title in ["Reopen…", "Assign by rules…", "Adjust score…", "Merge…", "Delete…"] { #expect(menu.contains(title), "\(title)") }
    }

    @Test func `an open lead whose e-mail is given that of another is offered to be merged with it`() async throws {
        let desk = try await SalesDesk()
        let (first, second) = try await desk.write { transaction in
            (
                try transaction.add("lead", ["title": .text("First"), "contact_email": .text("ada@x.example")]).id,
                try transaction.add("lead", ["title": .text("Second")]).id
            )
        }
        let edited = await desk.post("/admin/leads/\(second)/edit", ["title": "Second", "contact_email": "ada@x.example", "version": "1"])
        #expect(edited.status == 422)
        #expect(edited.text.contains("href=\"/admin/leads/merge?id=\(first)&amp;id=\(second)\""), "\(edited.text.suffix(3000))")
        let made = await desk.post("/admin/leads/new", ["title": "Third", "contact_email": "ada@x.example"])
        #expect(made.text.contains("formaction=\"/admin/leads/\(first)/merge-in\""))
    }
}
