import Testing

@testable import Kernel

/// `--trace` of every command, and what became of an event.
@Suite struct TraceOptionTests {
    private static let trace = """
        {"id": "00ab", "request": "POST /api/v1/projects", "at": "2026-03-01T09:00:00.000Z", "user": 1, "status": 201, "took_us": 5100,
         "statements": 3, "statements_us": 900, "calls": 1, "writes": 1, "left_out": 0, "steps": [
          {"kind": "write", "plugin": null, "name": "", "record": null, "took_us": 5000, "waited_us": 400, "statements": 0, "statements_us": 0,
           "outcome": "done", "changes": [], "queued": [], "steps": [
            {"kind": "create", "plugin": null, "name": "project", "record": 7, "took_us": 4000, "statements": 3, "statements_us": 900,
             "outcome": "done", "changes": [{"field": "title", "old": null, "new": "Harbour"}],
             "queued": [{"event": 12, "plugin": "desk", "name": "project_created"}], "steps": [
              {"kind": "validate", "plugin": "desk", "name": "project", "record": null, "took_us": 60, "statements": 0, "statements_us": 0,
               "outcome": "done", "changes": [], "queued": [], "steps": []}]}]}]}
        """
    private static let tree = """
        POST /api/v1/projects → 201  5.1 ms, 3 statements 0.9 ms, trace 00ab
        └─ write  5.0 ms, waited 0.4 ms
           └─ create project 7  4.0 ms, 3 statements 0.9 ms
              │  title: – → Harbour
              │  queued event 12 for desk: project_created  tenon hooks trace 12
              └─ desk: validate project  0.1 ms

        """

    private func deployment() -> FakeDeployment {
        let crm = FakeDeployment()
        crm.answer("POST /api/v1/projects", status: 201, #"{"id": 7, "title": "Harbour"}"#, trace: "00ab")
        crm.answer("GET /api/v1/traces/00ab", TraceOptionTests.trace)
        return crm
    }

    @Test func `a traced command shows below its result what its request set off`() async {
        let crm = deployment()
        #expect(await crm.run("projects", "add", "--title", "Harbour", "--trace") == .success)
        #expect(crm.out == "added project 7: Harbour\n\n" + TraceOptionTests.tree)
        #expect(crm.traced == ["GET /api/v1/schema", "POST /api/v1/projects"])
    }

    @Test func `with JSON the traces go to standard error, as JSON`() async throws {
        let crm = deployment()
        #expect(await crm.run("projects", "add", "--title", "Harbour", "--trace", "--json") == .success)
        #expect(crm.out == "{\"id\": 7, \"title\": \"Harbour\"}\n")
        let told = try JSONValue(parsing: Array(crm.errors.utf8))
        #expect(told["traces"]?.array?.map { $0["id"]?.text } == ["00ab"])
    }

    @Test func `a refused command shows its trace, too`() async {
        let crm = FakeDeployment()
        crm.answer("POST /api/v1/projects", status: 422, #"{"type": "x/invalid", "detail": "the project cannot be saved as it is"}"#, trace: "00ab")
        crm.answer("GET /api/v1/traces/00ab", TraceOptionTests.trace)
        #expect(await crm.run("projects", "add", "--title", "Harbour", "--trace") != .success)
        #expect(crm.out == "\n" + TraceOptionTests.tree)
        #expect(crm.errors.contains("the project cannot be saved as it is"))
    }

    @Test func `without the option nothing is traced`() async {
        let crm = deployment()
        await crm.run("projects", "add", "--title", "Harbour")
        #expect(crm.traced.isEmpty)
        #expect(crm.requests == ["POST /api/v1/projects"])
    }

    @Test func `an event is followed by its id`() async {
        let crm = FakeDeployment()
        crm.answer(
            "GET /api/v1/hooks/events/12",
            """
            {"id": 12, "hook": "project_created", "plugin": "desk", "listener": "project_created", "state": "failed", "attempts": 3,
             "error": "refused: no room", "next_at": null, "trace": null, "steps": [
              {"kind": "after", "plugin": "desk", "name": "project_created", "record": null, "took_us": 2100, "statements": 0, "event": 12,
               "statements_us": 0, "outcome": "vetoed", "error": {"code": "refused", "message": "no room", "errors": []}, "changes": [],
               "queued": [], "steps": []}]}
            """)
        #expect(await crm.run("hooks", "trace", "12") == .success)
        #expect(crm.out == """
            event 12, project_created for desk: failed after 3 attempts
            └─ desk: after project_created, event 12  2.1 ms  ✗ vetoed: no room

            """)
    }
}
