import PluginAPI
import Testing

@testable import Kernel

@Suite("Lists in the browser") struct ListPagesTests {
    private func open() async throws -> (FrontDesk, Browser) {
        let desk = try await FrontDesk(with: .aroundSteps)
        return (desk, try await browser(desk, FrontDesk.boss))
    }

    private func browser(_ desk: FrontDesk, _ email: String) async throws -> Browser {
        let password = "a long walk by the sea"
        let users = try await desk.ask("GET", "users?email=\(email)").json["data"]?.array ?? []
        if email != FrontDesk.boss { try await desk.ask("POST", "users/\(users[0]["id"]?.int ?? 0)/password", #"{"password": "\#(password)"}"#) }
        let session = try await desk.kernel.authenticator.login(email: email, password: password, address: "", agent: "test")
        return Browser(kernel: desk.kernel, cookie: "\(SessionCookie.name)=\(session.secret)", csrf: session.csrf)
    }

    private func steps(_ desk: FrontDesk) async throws -> [Int64] {
        var steps: [Int64] = []
        for (place, name) in ["Open", "Doing", "Done"].enumerated() {
            steps.append(try await desk.ask("POST", "steps", #"{"name": "\#(name)", "position": \#(place + 1)}"#).id)
        }
        return steps
    }

    @Test func `a switch in a list is turned over in place, with one press`() async throws {
        let (desk, browser) = try await open()
        let id = try await desk.chore("Sweep", #""urgent": false"#)
        let list = await browser.get("/admin/chores?columns=title,urgent").text
        #expect(list.contains(#"formaction="/admin/chores/\#(id)/toggle/urgent" name="value" value="true""#))
        #expect(list.contains(#"role="switch" aria-checked="false" aria-label="Urgent: Sweep""#))
        let cell = await browser.post("/admin/chores/\(id)/toggle/urgent", [("value", "true")], fragment: "cell")
        #expect(cell.status == 200)
        #expect(cell.text.hasPrefix("<td") && cell.text.contains(#"aria-checked="true""#))
        #expect(try await desk.ask("GET", "chores/\(id)").json["urgent"]?.bool == true)
    }

    @Test func `without script the switch is a form that comes back to the list as it was`() async throws {
        let (desk, browser) = try await open()
        let id = try await desk.chore("Sweep", #""urgent": true"#)
        let answer = await browser.post("/admin/chores/\(id)/toggle/urgent", [("value", "false"), ("back", "/admin/chores?urgent=true")])
        #expect(answer.status == 303)
        #expect(answer.header("location") == "/admin/chores?urgent=true")
        #expect(try await desk.ask("GET", "chores/\(id)").json["urgent"]?.bool == false)
        let away = await browser.post("/admin/chores/\(id)/toggle/urgent", [("value", "true"), ("back", "//evil.example/")])
        #expect(away.header("location") == "/admin/chores")
        #expect(await browser.post("/admin/chores/\(id)/toggle/title", [("value", "true")]).status == 404)
    }

    @Test func `whoever may change own records only merges those alone, in every front`() async throws {
        let (desk, _) = try await open()
        let mate = try await desk.ask(
            "POST", "roles", #"{"name": "Mate", "grants": {"entities": {"chore": {"view": "all", "edit": "own", "create": "all"}}}}"#).id
        let user = try await desk.ask("POST", "users", #"{"name": "Mo", "email": "mo@example.org", "roles": [\#(mate)]}"#).id
        var own: [Int64] = []
        for name in ["One", "Two"] { own.append(try await desk.chore(name, #""assigned_to": \#(user)"#)) }
        let other = try await desk.chore("Other")
        let mo = try await browser(desk, "mo@example.org")
        let list = await mo.get("/admin/chores").text
        #expect(list.contains("data-several>Merge…"))
        // By this the page knows not to offer it.
        for id in own { #expect(list.contains(#"name="id" value="\#(id)" aria-label="Select \#(id == own[0] ? "One" : "Two")">"#)) }
        #expect(list.contains(#"name="id" value="\#(other)" aria-label="Select Other" data-apart>"#))

        #expect(await mo.get("/admin/chores/merge?id=\(own[0])&id=\(own[1])").status == 200)
        #expect(await mo.get("/admin/chores/merge?id=\(own[0])&id=\(other)").status == 403)
        for (survivor, gone) in [(own[0], other), (other, own[0])] {
            let fields: [(String, String)] = [("id", "\(survivor)"), ("id", "\(gone)"), ("survivor", "\(survivor)")]
            #expect(await mo.post("/admin/chores/merge", fields).status == 403)
            let answer = try await desk.ask("POST", "chores/\(survivor)/merge", #"{"records": [\#(gone)]}"#, as: "mo@example.org")
            #expect(answer.status == 403, "\(answer.text)")
        }
        #expect(try await desk.ask("POST", "chores/\(own[0])/merge", #"{"records": [\#(own[1])]}"#, as: "mo@example.org").status == 200)
    }

    @Test func `whoever may change own records only has switches on those alone`() async throws {
        let (desk, _) = try await open()
        let mate = try await desk.ask(
            "POST", "roles", #"{"name": "Mate", "grants": {"entities": {"chore": {"view": "all", "edit": "own", "create": "all"}}}}"#).id
        let user = try await desk.ask("POST", "users", #"{"name": "Mo", "email": "mo@example.org", "roles": [\#(mate)]}"#).id
        let own = try await desk.chore("Own", #""assigned_to": \#(user)"#)
        let other = try await desk.chore("Other")
        let mo = try await browser(desk, "mo@example.org")
        let list = await mo.get("/admin/chores?columns=title,urgent").text
        #expect(list.contains("/admin/chores/\(own)/toggle/urgent"))
        #expect(!list.contains("/admin/chores/\(other)/toggle/urgent"))
        let refused = await mo.post("/admin/chores/\(other)/toggle/urgent", [("value", "true")], fragment: "cell")
        #expect(refused.status == 403)
    }

    @Test func `a list has its figures above it and its counts in it, each a way to the records`() async throws {
        let (desk, browser) = try await open()
        let ids = try await steps(desk)
        for title in ["a", "b"] { try await desk.chore(title, #""step": \#(ids[0]), "urgent": true"#) }
        let page = await browser.get("/admin/steps").text
        #expect(page.contains(#"<a class="tile" href="/admin/chores?urgent=true"><span class="name">Urgent chores</span><span class="value">2</span></a>"#))
        #expect(page.contains(#"<td data-label="Chores" class="num"><a href="/admin/chores?step=\#(ids[0])">2</a></td>"#))
        #expect(page.contains(#"<td data-label="Chores" class="num muted">0</td>"#))
    }

    @Test func `rows are put in another order by a drag, and by a step without script`() async throws {
        let (desk, browser) = try await open()
        let ids = try await steps(desk)
        #expect(await browser.get("/admin/steps").text.contains(#"<tbody data-order="/admin/steps/order">"#))
        let dragged = await browser.post("/admin/steps/order", [ids[2], ids[0], ids[1]].map { ("id", String($0)) }, fragment: "json")
        #expect(dragged.status == 204)
        func order() async throws -> [Int64] { (try await desk.ask("GET", "steps?sort=position").json["data"]?.array ?? []).compactMap { $0["id"]?.int } }
        #expect(try await order() == [ids[2], ids[0], ids[1]])
        let step = await browser.post("/admin/steps/order?id=\(ids[1])&by=-1", [("back", "/admin/steps")])
        #expect(step.header("location") == "/admin/steps")
        #expect(try await order() == [ids[2], ids[1], ids[0]])
        _ = await browser.post("/admin/steps/order?id=\(ids[0])&by=1", [("back", "/admin/steps")])
        #expect(try await order() == [ids[2], ids[1], ids[0]], "the last one has nowhere to go")
        #expect(!(await browser.get("/admin/steps?sort=name").text.contains("data-order")), "only in its own order")
    }

    @Test func `what points at a record stands on its page with the columns that were chosen`() async throws {
        let (desk, browser) = try await open()
        let ids = try await steps(desk)
        try await desk.chore("Sweep", #""step": \#(ids[0]), "points": 42, "urgent": true"#)
        let page = await browser.get("/admin/steps/\(ids[0])").text
        #expect(page.contains("<h2>Work</h2>"))
        #expect(page.contains(#"<td data-label="Points" class="num">42</td><td data-label="Urgent">Yes</td>"#))
    }

    @Test func `a refused deletion shows the way to what is in its way`() async throws {
        let (desk, browser) = try await open()
        let ids = try await steps(desk)
        try await desk.chore("Sweep", #""step": \#(ids[0])"#)
        let answer = await browser.post("/admin/steps/\(ids[0])/delete", [], fragment: "dialog")
        #expect(answer.status == 409)
        #expect(answer.text.contains("The step is still used by 1 chore."))
        #expect(answer.text.contains(#"<a class="button compact" href="/admin/chores?step=\#(ids[0])">1 chore</a>"#))
    }
}
