import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct NotePagesTests {
    private let browser: Browser
    private let desk: FrontDesk

    init() async throws {
        desk = try await FrontDesk()
        let session = try await desk.kernel.authenticator.login(
            email: FrontDesk.boss, password: "a long walk by the sea", address: "", agent: "test")
        browser = Browser(kernel: desk.kernel, cookie: "\(SessionCookie.name)=\(session.secret)", csrf: session.csrf)
    }

    @Test func `a note is written in the box above the timeline, with and without script`() async throws {
        let chore = try await desk.chore("Rake")
        let page = await browser.get("/admin/chores/\(chore)").text
        #expect(page.contains("action=\"/admin/chores/\(chore)/notes\""))
        let plain = await browser.post("/admin/chores/\(chore)/notes", [("text", "Bring <gloves>")])
        #expect(plain.header("location") == "/admin/chores/\(chore)#timeline")
        let part = await browser.post("/admin/chores/\(chore)/notes", [("text", "Windy")], fragment: "timeline")
        #expect(part.status == 200)
        #expect(part.text.contains("<div class=\"note\">Windy</div>"))
        #expect(part.text.contains("<div class=\"note\">Bring &lt;gloves&gt;</div>"))
        #expect(!part.text.contains("<main"))
        let empty = await browser.post("/admin/chores/\(chore)/notes", [("text", " ")])
        #expect(empty.status == 422 && empty.text.contains("required"))
        #expect(await browser.get("/admin/search?q=windy").text.contains("/admin/chores/\(chore)#timeline"))
        #expect(await browser.get("/admin/search?q=windy", fragment: "palette").text.contains("Rake"))
    }

    @Test func `a note is changed in a dialog and deleted with one press`() async throws {
        let chore = try await desk.chore("Rake")
        let note = try await desk.ask("POST", "chores/\(chore)/notes", #"{"text": "Windy"}"#).id
        let base = "/admin/chores/\(chore)/notes/\(note)"
        #expect(await browser.get(base + "/edit", fragment: "dialog").text.contains("Windy"))
        let saved = await browser.post(base + "/edit", [("text", "Calm")])
        #expect(saved.header("location") == "/admin/chores/\(chore)#timeline")
        #expect(await browser.get("/admin/chores/\(chore)").text.contains("<div class=\"note\">Calm</div>"))
        _ = await browser.post(base + "/delete", [])
        let page = await browser.get("/admin/chores/\(chore)").text
        #expect(!page.contains("Calm") && page.contains("deleted a note"))
    }

    @Test func `the timeline of a follower names and links the record that an entry is of`() async throws {
        let (old, new) = (try await desk.chore("Rake & co"), try await desk.chore("Mow"))
        let system = desk.kernel.system("test")
        try await desk.kernel.store.write(as: system) {
            try $0.continueTimeline(from: ("chore", RecordID(old)), to: ("chore", RecordID(new)))
        }
        let page = await browser.get("/admin/chores/\(new)").text
        #expect(page.contains("added the chore <a href=\"/admin/chores/\(old)\">Rake &amp; co</a>"))
        let entries = try await desk.ask("GET", "chores/\(new)/timeline").json["data"]?.array ?? []
        #expect(entries[0]["of"] == nil)
        #expect(entries[1]["of"]?["id"]?.int == old)
        #expect(entries[1]["of"]?["label"] == .string("Rake & co"))
    }

    @Test func `a panel is a box on the record's page, and a broken one does not take the page with it`() async throws {
        let chore = try await desk.chore("Rake", #""points": 3"#)
        let page = await browser.get("/admin/chores/\(chore)").text
        #expect(page.contains("<h2>What it is worth</h2>"))
        #expect(page.contains("It counts 3 points."))
        #expect(page.contains(">1 d 3 h<"))
        let broken = try await desk.chore("broken panel", #""points": 3"#)
        let other = await browser.get("/admin/chores/\(broken)")
        #expect(other.status == 200)
        #expect(other.text.contains("This panel does not work today."))
        #expect(!(await browser.get("/admin/chores/\(try await desk.chore("Plain"))")).text.contains("What it is worth"))
    }
}
