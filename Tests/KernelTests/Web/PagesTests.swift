import PluginAPI
import Testing

@testable import Kernel

@Suite("Pages") struct PagesTests {
    @Test func `a stranger is led to the log-in and back to where he wanted to go`() async throws {
        let browser = try await Browser.open()
        let stranger = Browser(kernel: browser.kernel, cookie: "", csrf: "")
        let answer = await stranger.get("/admin/users?q=ada")
        #expect(answer.status == 303)
        #expect(answer.header("location") == "/login?next=%2Fadmin%2Fusers%3Fq%3Dada")
        let login = await stranger.get("/login?next=/admin/users")
        #expect(login.text.contains("name=\"next\" value=\"/admin/users\""))
    }

    @Test(arguments: ["/things", "/user/1", "/favicon.ico", "/api/v2/users", "/metricsx"])
    func `an address that is none answers a browser with a page and a program with JSON`(address: String) async throws {
        let browser = try await Browser.open()
        func ask(_ accept: String) async -> FrontResponse {
            var request = FrontRequest(method: "GET", path: address.split(separator: "/").map(String.init))
            request.headers["accept"] = accept
            return await browser.kernel.front.respond(request)
        }
        func type(_ answer: FrontResponse) -> String { answer.headers.first { $0.name == "content-type" }?.value ?? "" }
        let page = await ask("text/html,application/xhtml+xml,*/*;q=0.8")
        #expect(page.status == 404)
        let isInterface: Bool = address.hasPrefix("/api/")
        #expect(type(page).hasPrefix(isInterface ? "application/problem+json" : "text/html"))
        if !isInterface, case .bytes(let bytes) = page.body {
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.contains("There is no page \(address).") && text.contains("Go to the home page"), "\(text)")
        }
        for accept in ["application/json", "*/*"] {
            let answer = await ask(accept)
            #expect(answer.status == 404 && type(answer).hasPrefix("application/problem+json"))
        }
    }

    @Test func `a page that is not possible now says when to try again, unless it may have stored something`() {
        func wait(_ error: CRMError) -> String? { ErrorScreen.alone(error).headers.first { $0.name == "retry-after" }?.value }
        #expect(wait(CRMError(.unavailable, "the database is away")) == "1")
        #expect(wait(CRMError(.throttled, "too many attempts")) == "60")
        #expect(wait(CRMError(.unavailable, "the line broke", cause: UncertainCommit(cause: CRMError.refused("no")))) == nil)
        #expect(wait(CRMError(.notFound, "there is no page")) == nil)
    }

    @Test func `the log-in leads to no other site`() async throws {
        let browser = try await Browser.open()
        for next in ["https://elsewhere.example/", "//elsewhere.example", "/admin\\@elsewhere.example", "/adminx"] {
            let answer = await browser.post("/login", [("email", Browser.email), ("password", Browser.password), ("next", next)])
            #expect(answer.header("location") == "/admin")
        }
    }

    @Test func `a wrong password says so without saying which of both was wrong`() async throws {
        let browser = try await Browser.open()
        let known = await browser.post("/login", [("email", Browser.email), ("password", "wrong")])
        let unknown = await browser.post("/login", [("email", "nobody@example.com"), ("password", "wrong")])
        #expect(known.status == 401 && unknown.status == 401)
        #expect(known.text.replacing(Browser.email, with: "") == unknown.text.replacing("nobody@example.com", with: ""))
    }

    @Test func `a change without the form's token is refused`() async throws {
        let browser = try await Browser.open()
        let answer = await browser.post("/admin/teams/new", [("name", "North")], csrf: "forged")
        #expect(answer.status == 403)
        #expect(!(await browser.get("/admin/teams")).text.contains("North"))
    }

    @Test func `every page of the administration answers`() async throws {
        let browser = try await Browser.open()
        let pages = [
            "/admin/users", "/admin/users/new", "/admin/users/1", "/admin/users/1/edit", "/admin/users/1/delete", "/admin/users/1/password",
            "/admin/users/1/timeline", "/admin/teams", "/admin/roles", "/admin/roles/1", "/admin/roles/2", "/admin/settings", "/admin/settings/kernel",
            "/admin/explain", "/admin/explain?user=1&entity=user&right=edit", "/admin/search?q=ada", "/admin/notifications", "/admin/profile",
        ]
        for page in pages {
            let answer = await browser.get(page)
            #expect(answer.status == 200, "\(page)")
            #expect(answer.text.contains("<main"), "\(page)")
        }
    }

    @Test func `what is not there is a page that says so`() async throws {
        let browser = try await Browser.open()
        for page in ["/admin/nothing", "/admin/users/99999", "/admin/users/x", "/admin/users/1/actions/fly", "/admin/users/board"] {
            let answer = await browser.get(page)
            #expect(answer.status == 404, "\(page)")
            #expect(answer.text.contains("Not found"), "\(page)")
        }
    }

    @Test func `a record's text is never markup, on any page that shows it`() async throws {
        let browser = try await Browser.open()
        let evil = "<img src=x onerror=alert(1)>\"'"
        let made = await browser.post("/admin/teams/new", [("name", evil)])
        #expect(made.status == 303)
        let href = try #require(made.header("location"))
        for page in ["/admin/teams", href, href + "/edit", href + "/timeline", href + "/delete", "/admin/search?q=onerror", "/admin/teams?q=" + evil.percentEncoded] {
            let text = await browser.get(page).text
            #expect(!text.contains("<img"), "\(page)")
        }
        #expect(await browser.get(href).text.contains("&lt;img"))
    }

    @Test func `a form that does not fit comes back with what was typed and what is wrong`() async throws {
        let browser = try await Browser.open()
        let answer = await browser.post("/admin/users/new", [("name", "Grace"), ("email", "grace(at)example"), ("active", "true")])
        #expect(answer.status == 422)
        #expect(answer.text.contains("value=\"grace(at)example\""))
        #expect(answer.text.contains("id=\"email-problem\""))
        #expect(answer.text.contains("aria-invalid=\"true\""))
    }

    @Test func `the same form opens as a part for dialogs, and a saved one says where to go`() async throws {
        let browser = try await Browser.open()
        let form = await browser.get("/admin/teams/new", fragment: "dialog")
        #expect(form.text.hasPrefix("<article>"))
        let saved = await browser.post("/admin/teams/new", [("name", "South")], fragment: "dialog")
        #expect(saved.status == 200)
        #expect(saved.header("tenon-location")?.hasPrefix("/admin/teams/") == true)
    }

    @Test func `two people change the same field, and the second is asked which value stays`() async throws {
        let browser = try await Browser.open()
        let made = await browser.post("/admin/teams/new", [("name", "East")])
        let href = try #require(made.header("location"))
        _ = await browser.post(href + "/edit", [("name", "Far East"), ("version", "1")])
        let clash = await browser.post(href + "/edit", [("name", "Near East"), ("version", "1")])
        #expect(clash.status == 409)
        for value in ["Near East", "Far East", "East"] { #expect(clash.text.contains(value)) }
        #expect(await browser.get(href).text.contains("<h1>Far East</h1>"))

        let theirs = await browser.post(href + "/resolve", [("name", "Near East"), ("keep.name", "theirs"), ("original.name", "East"), ("version", "2")])
        #expect(theirs.status == 303)
        #expect(await browser.get(href).text.contains("<h1>Far East</h1>"))
        _ = await browser.post(href + "/resolve", [("name", "Near East"), ("keep.name", "original"), ("original.name", "East"), ("version", "2")])
        #expect(await browser.get(href).text.contains("<h1>East</h1>"))
        _ = await browser.post(href + "/resolve", [("name", "Near East"), ("keep.name", "yours"), ("original.name", "East"), ("version", "3")])
        #expect(await browser.get(href).text.contains("<h1>Near East</h1>"))
    }

    @Test func `a change is taken back, unless it was changed again since`() async throws {
        let browser = try await Browser.open()
        let made = await browser.post("/admin/teams/new", [("name", "West")])
        let href = try #require(made.header("location"))
        _ = await browser.post(href + "/edit", [("name", "Wild West"), ("version", "1")])
        #expect(await browser.post(href + "/undo?version=2", []).status == 303)
        #expect(await browser.get(href).text.contains("<h1>West</h1>"))
        _ = await browser.post(href + "/edit", [("name", "Midwest"), ("version", "3")])
        _ = await browser.post(href + "/edit", [("name", "Outback"), ("version", "4")])
        #expect(await browser.post(href + "/undo?version=4", []).status == 409)
        #expect(await browser.get(href).text.contains("<h1>Outback</h1>"))
    }

    @Test func `the rights of a role are saved from the grid, and what the grid does not show stays`() async throws {
        let browser = try await Browser.open()
        let made = await browser.post("/admin/roles/new", [("name", "Helper")])
        let href = try #require(made.header("location"))
        let id = try #require(Int64(href.split(separator: "/").last ?? ""))
        let role = try #require(browser.kernel.store.registry.entity("role"))
        let administrator = Actor.system("test", rights: browser.kernel.rights)
        try await browser.kernel.store.write(as: administrator) { transaction in
            var record = try transaction.require(role, RecordID(id))
            record["grants"] = .text(#"{"entities": {"sleeping": {"view": "own"}}}"#)
            _ = try transaction.save("role", record)
        }
        let saved = await browser.post(
            href + "/rights",
            [("version", "2"), ("grant.team.view", "team"), ("grant.team.edit", "none"), ("mask.team.manager", "hidden"), ("special", "see_operations")])
        #expect(saved.status == 303)
        let record = try await browser.kernel.store.read(as: administrator) { try $0.require(role, RecordID(id)) }
        let document = RoleDocument(tolerating: ValueText.plain(record["grants"]))
        #expect(document.entities["team"] == ["view": .team])
        #expect(document.entities["sleeping"] == ["view": .own])
        #expect(document.masks["team"] == ["manager": .hidden])
        #expect(document.specials == ["see_operations"])
    }

    @Test func `a view of a list is saved with its filters and opened by its tab`() async throws {
        let browser = try await Browser.open()
        let saved = await browser.post("/admin/users/views", [("title", "Called Ada"), ("query", "name.contains=Ada&sort=-name"), ("target", "/admin/users")])
        let href = try #require(saved.header("location"))
        #expect(href.hasPrefix("/admin/users?name.contains=Ada&sort=-name&saved="))
        let list = await browser.get(href)
        #expect(list.text.contains("aria-current=\"page\">Called Ada</a>"))
        #expect(list.text.contains("aria-sort=\"descending\""))
        #expect(list.text.contains("data-href=\"/admin/users/1\""))
        #expect(await browser.get("/admin/users?name.contains=Zoe").text.contains("Nothing matches"))
    }

    @Test func `columns are the reader's own choice`() async throws {
        let browser = try await Browser.open()
        let set = await browser.post("/admin/users/columns", [("col", "email"), ("back", "/admin/users?q=ada")])
        #expect(set.header("location") == "/admin/users?q=ada")
        let list = await browser.get("/admin/users")
        #expect(list.text.contains("<td data-label=\"Email\"") || list.text.contains("<td data-label=\"E-mail\""))
        #expect(!list.text.contains("<td data-label=\"Teams\""))
        let away = await browser.post("/admin/users/columns", [("reset", "1"), ("back", "https://elsewhere.example")])
        #expect(away.header("location") == "/admin/users")
    }
}
