import PluginAPI
import Testing

@testable import Kernel

/// Undo, merging and duplicates as the fronts show them.
@Suite("Undo, merging and duplicates in JSON and on pages") struct ChangeFrontTests {
    private func desk() async throws -> FrontDesk {
        let desk = try await FrontDesk()
        desk.kernel.store.replace(
            registry: try registry(.of("chores", ChoresPlugin()), .of("receipts", ReceiptsPlugin()), .of("finder", FinderPlugin())))
        return desk
    }

    private func browser(_ desk: FrontDesk) async throws -> Browser {
        let session = try await desk.kernel.authenticator.login(email: FrontDesk.boss, password: "a long walk by the sea", address: "", agent: "test")
        return Browser(kernel: desk.kernel, cookie: "\(SessionCookie.name)=\(session.secret)", csrf: session.csrf)
    }

    @Test func `a bulk change in JSON says under which number it can be taken back`() async throws {
        let desk = try await desk()
        let ids = [try await desk.chore("one", #""grade": 1"#), try await desk.chore("two", #""grade": 2"#)]
        let answer = try await desk.ask("POST", "chores/bulk", #"{"ids": [\#(ids[0]), \#(ids[1]), \#(ids[0])], "update": {"grade": 5}}"#)
        #expect(answer.json["done"]?.int == 2)
        let change = try #require(answer.json["change"]?.int)
        let list = try await desk.ask("GET", "changes")
        #expect(list.json["data"]?.array?.first?["title"]?.text == "Changed grade of 2 chores")
        #expect(list.json["data"]?.array?.first?["can_undo"]?.bool == true)
        let shown = try await desk.ask("GET", "changes/\(change)")
        #expect(shown.json["records"]?.array?.map { $0["label"]?.text } == ["one", "two"])
        #expect(shown.json["until"]?.text?.hasPrefix("2026-04-01T10:00:00") == true)
        let undone = try await desk.ask("POST", "changes/\(change)/undo")
        #expect(undone.status == 200)
        #expect(undone.json["done"]?.int == 2)
        #expect(undone.json["kept"]?.array?.isEmpty == true)
        #expect(try await desk.ask("GET", "chores/\(ids[1])").json["grade"]?.int == 2)
        #expect(try await desk.ask("POST", "changes/\(change)/undo").status == 409)
        #expect(try await desk.ask("GET", "changes/\(change)").json["undone_by_label"]?.text == "Berta Boss")
        #expect(try await desk.ask("GET", "changes/\(change)", as: FrontDesk.agent).status == 404)
    }

    @Test func `an action in bulk tells what it came to record by record`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one", #""points": 3"#), two = try await desk.chore("two", #""points": 0"#)
        let body = #"{"ids": [\#(one), \#(two)], "action": "end", "input": {"with_remark": true, "remark": "fine"}}"#
        let answer = try await desk.ask("POST", "chores/bulk", body)
        #expect(answer.json["done"]?.int == 1)
        #expect(answer.json["failed"]?.array?.map { $0["id"]?.int } == [two])
        #expect(answer.json["outcomes"]?.array?.first?["message"]?.text == "The chore has ended.")
        #expect(answer.json["outcomes"]?.array?.first?["results"]?["remark"]?.int == 1)
    }

    @Test func `a record that was deleted by itself comes back as well`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one", #""grade": 3"#), two = try await desk.chore("two")
        let gone = try await desk.ask("DELETE", "chores/\(one)")
        #expect(gone.status == 204)
        let change = try #require(gone.headers["tenon-change"])
        #expect(try await desk.ask("POST", "changes/\(change)/undo").json["done"]?.int == 1)
        #expect(try await desk.ask("GET", "chores/\(one)").json["grade"]?.int == 3)
        let browser = try await browser(desk)
        let deleted = await browser.post("/admin/chores/\(two)/delete", [])
        #expect(deleted.header("set-cookie")?.contains("%2Fadmin%2Fchanges%2F3%2Fundo") == true)
        #expect((await browser.post("/admin/changes/3/undo", [])).header("location") == "/admin/chores/\(two)")
    }

    @Test func `people are not merged`() async throws {
        let desk = try await desk()
        let answer = try await desk.ask("POST", "users/1/merge", #"{"records": [2]}"#)
        #expect(answer.status == 409)
        #expect(answer.detail == "users cannot be merged")
    }

    @Test func `ticked rows are exported as a file`() async throws {
        let desk = try await desk()
        let ids = [try await desk.chore("one"), try await desk.chore("two"), try await desk.chore("three")]
        let answer = try await desk.ask("GET", "chores/export?format=csv&columns=title&id=\(ids[0])&id=\(ids[2])&sort=id")
        #expect(answer.text == "title\r\none\r\nthree\r\n")
        #expect(try await desk.ask("GET", "chores/export?format=csv&columns=title&id=\(ids[1]),\(ids[2])&sort=id").text == "title\r\ntwo\r\nthree\r\n")
        #expect(try await desk.ask("GET", "chores/export?id=x").fields == ["id"])
    }

    @Test func `records are compared and merged in JSON`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one", #""points": 1, "notes": "same""#), two = try await desk.chore("two", #""points": 2, "notes": "same""#)
        let compared = try await desk.ask("GET", "chores/\(one)/merge?records=\(two)")
        #expect(compared.json["fields"]?.array?.compactMap { $0["field"]?.text } == ["title", "points"])
        #expect(compared.json["fields"]?.array?.first?["suggested"]?.int == two)
        let answer = try await desk.ask("POST", "chores/\(one)/merge", #"{"records": [\#(two)], "take": {"points": \#(two)}, "values": {"title": "both"}}"#)
        #expect(answer.status == 200)
        #expect(answer.json["record"]?["points"]?.int == 2)
        #expect(answer.json["record"]?["title"]?.text == "both")
        #expect(try await desk.ask("GET", "chores/\(two)").status == 404)
        let change = try #require(answer.json["change"]?.int)
        #expect(try await desk.ask("POST", "changes/\(change)/undo").json["done"]?.int == 2)
        #expect(try await desk.ask("GET", "chores/\(two)").json["title"]?.text == "two")
        for (body, field) in [(#"{}"#, "records"), (#"{"records": [2], "take": {"moon": 2}}"#, "moon"), (#"{"records": [2], "values": {"score": 1}}"#, "score")] {
            let answer = try await desk.ask("POST", "chores/\(one)/merge", body)
            #expect(answer.status == 422)
            #expect(answer.fields == [field])
        }
    }

    @Test func `what was refused as a new record is added to the one that is there, where that has nothing yet`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one", #""points": 1"#)
        let answer = try await desk.ask("POST", "chores/\(one)/merge", #"{"values": {"title": "two", "points": 2, "notes": "careful", "contact_email": null}}"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["kept"]?.array?.compactMap(\.text) == ["title", "points"])
        #expect(answer.json["record"]?["notes"]?.text == "careful")
        #expect(answer.json["record"]?["title"]?.text == "one")
        for (body, field) in [(#"{"values": {"moon": 2}}"#, "moon"), (#"{"values": {"score": 1}}"#, "score"), (#"{"values": {}}"#, "records")] {
            let answer = try await desk.ask("POST", "chores/\(one)/merge", body)
            #expect(answer.status == 422 && answer.fields == [field], "\(answer.text)")
        }
        let other = try await desk.ask("POST", "chores/\(one)/merge", #"{"values": {"notes": "hm"}}"#, as: FrontDesk.agent)
        #expect(other.status == 404, "nobody adds to what is out of sight")
    }

    @Test func `a new record that may be there already says so in a header`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one", #""contact_email": "a@x.example""#)
        let answer = try await desk.ask("POST", "chores", #"{"title": "two", "contact_email": "A@x.example"}"#)
        #expect(answer.status == 201)
        #expect(answer.headers["tenon-duplicates"] == "\(one)")
        #expect(try await desk.ask("POST", "chores", #"{"title": "three"}"#).headers["tenon-duplicates"] == nil)
        let of = try await desk.ask("GET", "chores/\(answer.id)/duplicates")
        #expect(of.json["data"]?.array?.first?["reasons"]?.array?.compactMap(\.text) == ["same contact email"])
        let check = try await desk.ask("POST", "chores/duplicates", #"{"contact_email": "a@x.example"}"#)
        #expect(check.json["data"]?.array?.count == 2)
        let groups = try await desk.ask("GET", "chores/duplicates")
        #expect(groups.json["data"]?.array?.first?["records"]?.array?.compactMap { $0["label"]?.text } == ["two", "one"])
        // Anton sees none of them.
        #expect(try await desk.ask("POST", "chores", #"{"title": "four", "contact_email": "a@x.example"}"#, as: FrontDesk.agent).headers["tenon-duplicates"] == nil)
    }

    @Test func `a form asks before it makes what may be there already, and makes it when told to`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one", #""contact_email": "a@x.example""#)
        let browser = try await browser(desk)
        let fields = [("title", "two"), ("contact_email", "a@x.example")]
        let asked = await browser.post("/admin/chores/new", fields, fragment: "dialog")
        #expect(asked.status == 409)
        #expect(asked.text.contains("href=\"/admin/chores/\(one)\""))
        #expect(asked.text.contains("formaction=\"/admin/chores/\(one)/merge-in\""))
        #expect(asked.text.contains("name=\"title\" value=\"two\""))
        #expect(try await desk.count() == 1)
        let back = await browser.post("/admin/chores/new", fields + [("revise", "1")], fragment: "dialog")
        #expect(back.text.contains("value=\"two\""))
        #expect(try await desk.count() == 1)
        // What is wrong with the record is told first.
        let wrong = await browser.post("/admin/chores/new", [("title", ""), ("contact_email", "a@x.example")], fragment: "dialog")
        #expect(wrong.status == 422)
        let made = await browser.post("/admin/chores/new", fields + [("anyway", "1")])
        #expect(made.status == 303)
        #expect(try await desk.count() == 2)
        let two = try #require(try await desk.ask("GET", "chores?q=two").json["data"]?.array?.first?["id"]?.int)
        let page = await browser.get("/admin/chores/\(one)")
        #expect(page.text.contains("Possible duplicates"))
        #expect(page.text.contains("/admin/chores/merge?id=\(one)&amp;id=\(two)") || page.text.contains("/admin/chores/merge?id=\(one)&id=\(two)"))
        #expect(await browser.get("/admin/chores/duplicates").text.contains("Same contact email"))
    }

    @Test func `what was typed is added to the record that is there, field by field`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one", #""contact_email": "a@x.example", "points": 4"#)
        let browser = try await browser(desk)
        let typed = [("title", "two"), ("contact_email", "a@x.example"), ("points", "7"), ("grade", "3"), ("cost", "12"), ("cost.currency", "USD")]
        let asked = await browser.post("/admin/chores/\(one)/merge-in", typed, fragment: "dialog")
        #expect(asked.status == 200)
        #expect(asked.text.contains("name=\"pick.points\" value=\"old\" checked"))
        #expect(asked.text.contains("name=\"pick.grade\" value=\"new\" checked"))
        #expect(!asked.text.contains("pick.contact_email"))
        let sent = typed.map { ("typed." + $0.0, $0.1) } + [
            ("apply", "1"), ("version", "1"), ("pick.title", "old"), ("pick.points", "new"), ("pick.grade", "new"), ("pick.cost", "new"),
        ]
        let saved = await browser.post("/admin/chores/\(one)/merge-in", sent)
        #expect(saved.header("location") == "/admin/chores/\(one)")
        let record = try await desk.ask("GET", "chores/\(one)").json
        #expect(record["title"]?.text == "one")
        #expect(record["points"]?.int == 7)
        #expect(record["grade"]?.int == 3)
        #expect(record["cost"]?["currency"]?.text == "USD")
    }

    @Test func `ticked rows are merged on a page, and the corner of the next page takes it back`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one", #""points": 1"#), two = try await desk.chore("two", #""points": 2"#)
        let browser = try await browser(desk)
        let asked = await browser.get("/admin/chores/merge?id=\(two)&id=\(one)", fragment: "dialog")
        #expect(asked.text.contains("name=\"survivor\" value=\"\(one)\" checked"))
        #expect(asked.text.contains("name=\"take.points\" value=\"\(two)\" checked"))
        let fields = [("id", "\(two)"), ("id", "\(one)"), ("survivor", "\(one)"), ("take.title", "\(one)"), ("take.points", "\(two)"), ("version.\(one)", "1"), ("version.\(two)", "1")]
        let merged = await browser.post("/admin/chores/merge", fields)
        #expect(merged.header("location") == "/admin/chores/\(one)")
        #expect(merged.header("set-cookie")?.contains("%2Fadmin%2Fchanges%2F1%2Fundo") == true)
        #expect(try await desk.ask("GET", "chores/\(one)").json["points"]?.int == 2)
        // Whoever was slower is told.
        let late = await browser.post("/admin/chores/merge", fields, fragment: "dialog")
        #expect(late.status == 409)
        #expect(late.text.contains("merged or deleted"))
        let back = await browser.post("/admin/changes/1/undo", [])
        #expect(back.header("location") == "/admin/chores/\(one)")
        #expect(try await desk.ask("GET", "chores/\(two)").json["points"]?.int == 2)
        #expect(await browser.get("/admin/changes").text.contains("Merged 1 chore into another"))
    }

    @Test func `a bulk change on a page can be undone from its corner and from the list of changes`() async throws {
        let desk = try await desk()
        let one = try await desk.chore("one"), two = try await desk.chore("two"), kept = try await desk.chore("kept")
        let browser = try await browser(desk)
        let done = await browser.post("/admin/chores/bulk/edit", [("id", "\(one)"), ("id", "\(two)"), ("field", "grade"), ("grade", "4")])
        #expect(done.header("set-cookie")?.contains("%2Fadmin%2Fchanges%2F1%2Fundo") == true)
        let list = await browser.get("/admin/changes")
        #expect(list.text.contains("Changed grade of 2 chores"))
        #expect(list.text.contains("action=\"/admin/changes/1/undo\""))
        #expect((await browser.get("/admin/changes/1")).text.contains("href=\"/admin/chores/\(two)\""))
        #expect((await browser.post("/admin/changes/1/undo", [])).header("location") == "/admin/chores")
        #expect(try await desk.ask("GET", "chores/\(one)").json["grade"] == .null)
        let part = await browser.post("/admin/chores/bulk/delete", [("id", "\(one)"), ("id", "\(kept)")], fragment: "dialog")
        #expect(part.text.contains("<b>kept</b>: this chore is kept"))
        #expect(part.text.contains("/admin/changes/3/undo"))
        _ = try await desk.ask("POST", "chores", #"{"title": "new", "code": "Z"}"#)
        let again = await browser.post("/admin/changes/3/undo", [])
        #expect(again.status == 303)
        #expect(try await desk.ask("GET", "chores/\(one)").status == 200)
        #expect((await browser.get("/admin/changes")).text.contains("Taken back"))
    }

    @Test func `an import stands among the changes, and is taken back there as well`() async throws {
        let desk = try await desk()
        let answer = try await desk.ask("POST", "imports?entity=chores&file_name=chores.csv", "title,grade\r\nOne,1\r\nTwo,2\r\n")
        let id = try #require(answer.json["id"]?.int)
        _ = try await desk.ask("POST", "imports/\(id)/run?wait=true", "{}")
        let list = try await desk.ask("GET", "changes")
        let set = try #require(list.json["data"]?.array?.first)
        #expect(set["title"]?.text == "Imported chores.csv")
        #expect(set["kind"]?.text == "import")
        #expect(set["count"]?.int == 2)
        #expect(try await desk.count() == 2)
        let undone = try await desk.ask("POST", "changes/\(set["id"]?.int ?? 0)/undo")
        #expect(undone.status == 200, "\(undone.text)")
        #expect(try await desk.count() == 0)
        #expect(try await desk.ask("GET", "changes").json["data"]?.array?.first?["can_undo"]?.bool == false)
    }
}

@Suite("Undo, merging and duplicates on the command line") struct ChangeCommandTests {
    @Test func `several records are changed as one, which can be taken back`() async {
        let crm = FakeDeployment()
        crm.answer("POST /api/v1/projects/bulk", #"{"done":2,"change":7,"failed":[]}"#)
        #expect(await crm.run("projects", "delete", "1", "2", "--yes") == .success)
        #expect(crm.lastBody == #"{"delete":true,"ids":[1,2]}"#)
        #expect(crm.out == "deleted: 2 projects\n")
    }

    @Test func `an action on several records tells each outcome`() async {
        let crm = FakeDeployment()
        crm.answer(
            "POST /api/v1/projects/bulk",
            #"{"done":2,"change":7,"failed":[],"outcomes":[{"id":1,"message":"Closed.","results":{}},{"id":2,"message":"Closed.","results":{}}]}"#)
        #expect(await crm.run("projects", "close-down", "1", "2", "--closing-reason", "done") == .success)
        #expect(crm.lastBody == #"{"action":"close-down","input":{"closing_reason":"done"},"ids":[1,2]}"#)
        #expect(crm.out == "project 1: Closed.\nproject 2: Closed.\nClose down: 2 projects\n")
    }

    @Test func `changes are listed, shown and taken back`() async {
        let crm = FakeDeployment()
        let change = #"{"id":7,"title":"Deleted 2 projects","user_label":"Anna","at":"2026-03-02T10:00:00Z","can_undo":true,"obstacle":null,"undone_at":null"#
        crm.answer("GET /api/v1/changes", #"{"data":[\#(change)}],"next":null}"#)
        crm.answer("GET /api/v1/changes/7", #"\#(change),"kept":[],"records":[{"entity":"project","path":"projects","id":1,"label":null,"deeds":["deleted"]}]}"#)
        crm.answer(
            "POST /api/v1/changes/7/undo",
            #"{"id":7,"done":1,"change":8,"kept":[{"entity":"project","path":"projects","id":2,"label":"Pier","field":"code","field_label":"Code","message":"was changed again since"}]}"#)
        #expect(await crm.run("changes", "list") == .success)
        #expect(crm.out.contains("Deleted 2 projects"))
        #expect(await crm.run("changes", "show", "7") == .success)
        #expect(crm.out.contains("deleted"))
        #expect(await crm.run("changes", "undo", "7", "--yes") == .partial)
        #expect(crm.out.hasSuffix("took back change 7: 1 record is as before\n"))
        #expect(crm.errors.hasPrefix("project 2 Pier: Code was changed again since\n"))
    }

    @Test func `records are merged by their ids, with values from any of them`() async {
        let crm = FakeDeployment()
        crm.answer("POST /api/v1/projects/7/merge", #"{"change":3,"record":{"id":7,"title":"Pier"}}"#)
        #expect(await crm.run("projects", "merge", "7", "9", "--take", "value=9", "--set", "title=Pier", "--yes") == .success)
        #expect(crm.lastBody == #"{"records":[9],"take":{"value":9},"values":{"title":"Pier"}}"#)
        #expect(crm.out == "merged into project 7: Pier\n")
        #expect(await crm.run("projects", "merge", "7", "--yes") == .usage)
    }

    @Test func `a record that may be there already is named when it is added`() async {
        let crm = FakeDeployment()
        crm.answer("POST /api/v1/projects", status: 201, #"{"id":9,"title":"Pier"}"#, duplicates: "7")
        crm.answer("GET /api/v1/projects/9/duplicates", #"{"data":[{"id":7,"label":"Pier","reasons":["similar title"],"marks":{}}]}"#)
        #expect(await crm.run("projects", "add", "--title", "Pier") == .success)
        #expect(crm.out == "added project 9: Pier\n")
        #expect(crm.errors == "maybe the same as project 7: Pier (similar title)\n")
        #expect(await crm.run("projects", "duplicates", "9") == .success)
        #expect(crm.out.contains("similar title"))
    }
}
