import PluginAPI
import Testing

@testable import Kernel

@Suite struct ErrorWaysTests {
    @Test func `a refused deletion says in JSON how many records are in its way, with their page and address`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("Sweep")
        for name in ["a", "b"] { try await desk.ask("POST", "receipts", #"{"name": "\#(name)", "chore": \#(id)}"#) }
        let answer = try await desk.ask("DELETE", "chores/\(id)")
        #expect(answer.status == 409)
        #expect(answer.detail == "the chore is still used by 2 receipts")
        let links = answer.json["links"]?.array ?? []
        #expect(links.map { $0["kind"]?.text } == ["list"])
        #expect(links.first?["title"]?.text == "2 receipts")
        #expect(links.first?["href"]?.text == "/admin/receipts?chore=\(id)")
        let list = try await desk.ask("GET", String((links.first?["api"]?.text ?? "").dropFirst("/api/v1/".count)) + "&count=true")
        #expect(list.json["total"]?.int == 2, "the link leads to just those")
    }

    @Test func `a failure without links has none in JSON`() async throws {
        let desk = try await FrontDesk()
        #expect(try await desk.ask("DELETE", "chores/999").json["links"] == nil)
    }

    @Test func `the terminal shows a line for each link, with the command that goes there`() async {
        let crm = FakeDeployment()
        crm.answer(
            "DELETE /api/v1/projects/7", status: 409,
            #"""
            {"type": "x/refused", "detail": "the project is still used by 2 tasks", "hint": "Move or delete them first.", "links": [
             {"kind": "list", "title": "2 tasks", "href": "/admin/tasks?project=7", "api": "/api/v1/tasks?project=7"},
             {"kind": "record", "title": "Task Dig", "href": "/admin/tasks/3", "api": "/api/v1/tasks/3"},
             {"kind": "merge", "title": "Merge into Dig", "href": "/admin/tasks/3/merge-in", "api": "/api/v1/tasks/3/merge"}]}
            """#)
        await crm.run("projects", "delete", "7", "--yes")
        #expect(crm.errors == """
            error: the project is still used by 2 tasks
              2 tasks: tenon tasks list --project 7
              Task Dig: tenon tasks show 3
              Merge into Dig: tenon tasks edit 3 …, with what is to be added
            hint: Move or delete them first.

            """)
    }

    @Test func `a merge is offered where what was typed stands in a form, and nowhere else`() {
        var link = CRMError.Link(.merge(entity: "chore", into: RecordID(4)), title: "Merge into Sweep")
        link.path = "chores"
        let error = CRMError.refused("it is there already", links: [link])
        let form = text(FieldForm.summary(error, fields: [], merging: .typed))
        #expect(form.contains(#"<button class="button compact" formaction="/admin/chores/4/merge-in" formnovalidate>Merge into Sweep</button>"#))
        #expect(!text(FieldForm.summary(error, fields: [])).contains("merge-in"))
        let unseen = CRMError.refused("no", links: [.init(.record(entity: "chore", id: RecordID(4)))])
        #expect(!text(FieldForm.summary(unseen, fields: [])).contains("<a"), "a link that nobody looked at is not told")
    }

    @Test func `a record that is there is merged as it stands, in the browser and in the terminal`() async {
        var link = CRMError.Link(.merge(entity: "project", into: RecordID(3)), title: "Merge into Dig")
        link.path = "projects"
        let form = text(FieldForm.summary(CRMError.refused("it is there already", links: [link]), fields: [], merging: .record(RecordID(7))))
        #expect(form.contains(#"href="/admin/projects/merge?id=3&amp;id=7" data-dialog"#), "\(form)")
        let crm = FakeDeployment()
        crm.answer(
            "PATCH /api/v1/projects/7", status: 409,
            #"""
            {"type": "x/refused", "detail": "it is there already", "links": [
             {"kind": "merge", "title": "Merge into Dig", "href": "/admin/projects/3/merge-in", "api": "/api/v1/projects/3/merge"}]}
            """#)
        await crm.run("projects", "edit", "7", "--title", "Dig")
        #expect(crm.errors.contains("Merge into Dig: tenon projects merge 3 7"), "\(crm.errors)")
    }

    private func text(_ html: HTML) -> String { String(decoding: html.bytes, as: UTF8.self) }
}
