import Testing
@testable import Kernel

@Suite struct RecordCommandTests {
    @Test func `a list is a table with amounts to the right`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects", FakeDeployment.page)
        #expect(await crm.run("projects", "list") == .success)
        #expect(crm.out == """
            ID  Title            Status          Value
             7  Harbour wall     New     12,500.00 EUR
            12  北海 lighthouse  Done

            """)
        #expect(crm.requests == ["GET /api/v1/projects?limit=50"])
    }

    @Test func `JSON is printed as the server wrote it`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects", FakeDeployment.page)
        await crm.run("projects", "list", "--json")
        #expect(crm.out == FakeDeployment.page + "\n")
    }

    @Test func `filters, order and columns become query parameters`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects", FakeDeployment.page)
        let status = await crm.run(
            "projects", "list", "--status", "new", "--value.gte", "1000", "--where", "title~wall", "-w", "due<=2026-12-31",
            "--assigned_to", "me", "--due", "", "-q", "north sea", "--sort", "-value", "--columns", "title,due", "--limit", "10")
        #expect(status == .success)
        #expect(crm.requests == [
            "GET /api/v1/projects?status=new&value.gte=1000&due.empty=true&assigned_to=me&title.contains=wall&due.lte=2026-12-31"
                + "&q=north%20sea&sort=-value&columns=title%2Cdue&limit=10"
        ])
        #expect(crm.out.hasPrefix("Title            Due\n"))
    }

    @Test func `all pages are fetched by their cursors`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects", #"{"data":[{"id":1,"title":"A"}],"next":"abc"}"#)
        crm.answer("GET /api/v1/projects", #"{"data":[{"id":2,"title":"B"}],"next":null}"#)
        await crm.run("projects", "list", "--all", "--json")
        #expect(crm.requests == ["GET /api/v1/projects?limit=200", "GET /api/v1/projects?cursor=abc&limit=200"])
        #expect(crm.out == #"{"data":[{"id":1,"title":"A"},{"id":2,"title":"B"}],"next":null}"# + "\n")
    }

    @Test func `values are sent in the form of their field`() async {
        let crm = FakeDeployment()
        crm.answer("POST /api/v1/projects", status: 201, #"{"id":9,"title":"Pier"}"#)
        let status = await crm.run(
            "project", "add", "--title", "Pier", "--value", "1250.50 USD", "--assigned-to", "4", "--no-active", "--due", "2026-12-31",
            "--idempotency-key", "k1")
        #expect(status == .success)
        #expect(crm.lastBody == #"{"title":"Pier","value":{"amount":"1250.50","currency":"USD"},"due":"2026-12-31","assigned_to":4,"active":false}"#)
        #expect(crm.lastRequest?.headers["idempotency-key"] == "k1")
        #expect(crm.out == "added project 9: Pier\n")
    }

    @Test func `a record is read from standard input, and options beat it`() async {
        let crm = FakeDeployment(input: #"{"title": "From a file", "status": "new"}"#)
        crm.answer("POST /api/v1/projects", status: 201, #"{"id":9,"title":"x"}"#)
        await crm.run("projects", "add", "--file", "-", "--status", "done")
        #expect(crm.lastBody == #"{"title":"From a file","status":"done"}"#)
    }

    @Test func `several records are changed, and one that is refused does not hide`() async {
        let crm = FakeDeployment()
        crm.answer(
            "POST /api/v1/projects/bulk",
            #"{"done":1,"change":7,"failed":[{"id":2,"message":"it is closed","hint":"Open it first.","errors":[]}]}"#)
        #expect(await crm.run("projects", "edit", "1", "2", "--status", "done") == .partial)
        #expect(crm.lastBody == #"{"update":{"status":"done"},"ids":[1,2]}"#)
        #expect(crm.out == "changed: 1 project\n")
        #expect(crm.errors == "project 2: error: it is closed\nhint: Open it first.\nerror: 1 of 2 were refused\n")
    }

    @Test func `an edit may insist on the version that was seen`() async {
        let crm = FakeDeployment()
        crm.answer("PATCH /api/v1/projects/1", status: 409, #"{"type":"x/conflict","detail":"changed","conflicts":[{"field":"title","original":"A","stored":"B","yours":"C"}]}"#)
        #expect(await crm.run("projects", "edit", "1", "--title", "C", "--if-version", "3") == .conflict)
        #expect(crm.lastRequest?.headers["if-match"] == "\"3\"")
        #expect(crm.errors.contains("title: was A, now B, yours C"))
    }

    @Test func `a record is found by its name`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects", #"{"data":[{"id":7}],"next":null}"#)
        crm.answer("DELETE /api/v1/projects/7", status: 204, "")
        #expect(await crm.run("projects", "delete", "Harbour wall", "--yes") == .success)
        #expect(crm.requests == ["GET /api/v1/projects?title=Harbour%20wall&limit=2", "DELETE /api/v1/projects/7"])
    }

    @Test func `nothing is deleted without a yes when there is nobody to ask`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects/7", #"{"id":7,"title":"Pier"}"#)
        #expect(await crm.run("projects", "delete", "7") == .usage)
        #expect(crm.requests == ["GET /api/v1/projects/7"])
        #expect(crm.errors.contains("--yes"))
    }

    @Test func `an action asks for its own fields`() async {
        let crm = FakeDeployment()
        crm.answer("POST /api/v1/projects/7/actions/close-down", #"{"message":"The project is closed.","results":{"task":4}}"#)
        #expect(await crm.run("projects", "close-down", "7", "--closing-reason", "done") == .success)
        #expect(crm.lastBody == #"{"closing_reason":"done"}"#)
        #expect(crm.out == "The project is closed.\n  task: 4\n")
    }

    @Test func `an export streams what the server sends`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects/export", "title\r\nPier\r\n")
        await crm.run("projects", "export", "--columns", "title", "--status", "new")
        #expect(crm.out == "title\r\nPier\r\n")
        #expect(crm.requests == ["GET /api/v1/projects/export?format=csv&columns=title&status=new"])
    }
}
