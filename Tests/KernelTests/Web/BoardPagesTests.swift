import PluginAPI
import Testing

@testable import Kernel

@Suite final class BoardPagesTests {
    private let desk: FrontDesk
    private let browser: Browser

    init() async throws {
        desk = try await BoardAPITests.desk()
        let session = try await desk.kernel.authenticator.login(email: FrontDesk.boss, password: "a long walk by the sea", address: "", agent: "test")
        browser = Browser(kernel: desk.kernel, cookie: "\(SessionCookie.name)=\(session.secret)", csrf: session.csrf)
    }

    @Test func `each board is a tab beside the list, and months offer all harbors`() async throws {
        let page = await browser.get("/admin/hauls/board?board=calendar")
        #expect(page.status == 200, "\(page.text.prefix(500))")
        for part in [
            "href=\"/admin/hauls/board?board=calendar\" aria-current=\"page\"", "Under way</a>", "<option value=\"\">All harbors</option>", "data-ordered",
            "data-value=\"2026-04\"", ">No date</h2>", "By assigned to</a>", "Late</span>",
        ] {
            #expect(page.text.contains(part), "\(part)")
        }
        #expect(await browser.get("/admin/hauls/board?board=nothing").status == 404)
        let first = await browser.get("/admin/hauls/board")
        #expect(first.text.contains("<option value=\"1\" selected>Kiel</option>"), "the default is picked")
        #expect(!first.text.contains("data-ordered"))
    }

    @Test func `a board's figures as a table open the lists that make them up`() async throws {
        let page = await browser.get("/admin/hauls/board?board=calendar&rows=harbor")
        #expect(page.status == 200, "\(page.text.prefix(500))")
        #expect(page.text.contains("/admin/hauls?state=open&amp;due.gte=2026-04-01&amp;due.lt=2026-05-01&amp;harbor=1"), "\(page.text)")
        let list = await browser.get("/admin/hauls?state=open&due.gte=2026-04-01&due.lt=2026-05-01&harbor=1")
        #expect(list.text.contains(">fresh</a>"))
        #expect(!list.text.contains(">late</a>"))
    }

    @Test func `a card dropped where something is missing opens a form that asks for it, and the form moves it`() async throws {
        let dropped = await browser.post("/admin/hauls/2/move", [("to", "2"), ("after", ""), ("board", "")], fragment: "json")
        #expect(dropped.status == 200, "\(dropped.text)")
        let dialog = try #require(try JSONValue(parsing: Array(dropped.text.utf8))["dialog"]?.text)
        let form = await browser.get(dialog, fragment: "dialog")
        #expect(form.status == 200)
        #expect(form.text.contains("To Sealed: fresh"), "\(form.text)")
        #expect(form.text.contains("name=\"seal\""))
        #expect(form.text.contains("Seal is needed in this lane."))
        // To look at the form has changed nothing.
        let fields = [("to", "2"), ("after", ""), ("board", ""), ("asked", "seal")]
        let empty = await browser.post("/admin/hauls/2/move", fields + [("seal", "")], fragment: "dialog")
        #expect(empty.status == 422)
        #expect(empty.text.contains("name=\"asked\" value=\"seal\""))
        let sent = await browser.post("/admin/hauls/2/move", fields + [("seal", "A-17")], fragment: "dialog")
        #expect(sent.header("tenon-location") == "/admin/hauls/board", "\(sent.text)")
        let record = await browser.get("/admin/hauls/2")
        #expect(record.text.contains("A-17"))
        #expect(record.text.contains("Sealed"))
    }

    @Test func `a card dropped on another month tells its place, its figures and the way back`() async throws {
        let moved = await browser.post("/admin/hauls/2/move", [("to", "2026-02"), ("after", ""), ("board", "board=calendar")], fragment: "json")
        let json = try JSONValue(parsing: Array(moved.text.utf8))
        #expect(json["above"]?.text == "1", "\(moved.text)")
        #expect(json["columns"]?.array?.compactMap { $0["count"]?.text } == ["2", "0"])
        #expect(json["columns"]?.array?.first?["sums"]?.array?.compactMap(\.text) == ["1.5", "16 EUR"])
        let undo = try #require(json["undo"]?.text)
        #expect(await browser.post(undo, [], fragment: "json").status == 200)
        #expect(await browser.get("/admin/hauls/2").text.contains("2026-04-20"))
    }

    @Test func `rows of a list and the record's head show marks, and a chip filters by them`() async throws {
        let list = await browser.get("/admin/hauls")
        #expect(list.text.contains(">late</a><span class=\"marks\"><span class=\"mark\" title=\"Beyond patience.\">"), "\(list.text)")
        #expect(list.text.contains("name=\"mark\" value=\"late\""))
        #expect(await browser.get("/admin/hauls/1").text.contains("title=\"Beyond patience.\""))
        let filtered = await browser.get("/admin/hauls?mark=late")
        #expect(filtered.text.contains(">late</a>"))
        #expect(!filtered.text.contains(">fresh</a>"))
    }
}
