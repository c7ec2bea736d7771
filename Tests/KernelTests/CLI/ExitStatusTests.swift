import PluginAPI
import Testing
@testable import Kernel

/// Scripts tell outcomes apart by their numbers.
@Suite struct ExitStatusTests {
    @Test(arguments: [
        (422, "invalid", 1), (400, "malformed", 1), (409, "refused", 1), (500, "internal", 1), (404, "not_found", 3), (401, "unauthenticated", 4),
        (403, "forbidden", 4), (409, "conflict", 5), (503, "unavailable", 7), (429, "throttled", 7),
    ])
    func `an answer of the server becomes an exit status`(status: Int, code: String, exit: Int32) async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects/7", status: status, #"{"type":"https://example.com/problems/\#(code)","detail":"no"}"#)
        #expect(await crm.run("projects", "show", "7").rawValue == exit)
    }

    @Test func `fields that break a rule are named under the message`() async {
        let crm = FakeDeployment()
        crm.answer("POST /api/v1/projects", status: 422, """
            {"type":"x/invalid","detail":"the project has 1 problem","hint":"Mend it.","errors":[{"field":"title","message":"is required"}]}
            """)
        #expect(await crm.run("projects", "add", "--title", "") == .failure)
        #expect(crm.errors == "error: the project has 1 problem\n  title: is required\nhint: Mend it.\n")
        #expect(crm.out.isEmpty)
    }

    @Test func `with JSON the problem is printed as the server sent it, beside the result`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects/7", status: 404, #"{"type":"x/not_found","detail":"no"}"#)
        await crm.run("projects", "show", "7", "--json")
        #expect(crm.errors == #"{"type":"x/not_found","detail":"no"}"# + "\n")
    }

    @Test(arguments: [
        (["projcets", "list"], "Did you mean `projects`?"), (["projects", "lsit"], "Did you mean `list`?"),
        (["projects", "close-dwon", "7"], "Did you mean `close-down`?"), (["projects", "add", "--titel", "x"], "Did you mean `--title`?"),
        (["projects", "list", "--where", "staus=new"], "Did you mean `status`?"), (["plugin", "lits"], "Did you mean `list`?"),
        (["projects", "list", "--where", "zzzz=1"], "projects list --help` names the fields"),
        (["setings", "list"], "Did you mean `settings`?"),
    ])
    func `what is misspelt is a usage error that says what was meant`(arguments: [String], hint: String) async {
        let crm = FakeDeployment()
        #expect(await crm.run(arguments) == .usage)
        #expect(crm.errors.contains(hint))
    }

    @Test func `an option of a declared command that is missing is a usage error`() async {
        let crm = FakeDeployment()
        #expect(await crm.run("token", "create", "--user", "4") == .usage)
        #expect(crm.errors.contains("--name") && crm.errors.contains("See `tenon token create --help`."))
    }

    @Test func `global options may stand before the command`() async {
        let crm = FakeDeployment()
        crm.answer("GET /api/v1/projects", FakeDeployment.page)
        #expect(await crm.run("--json", "--data", "x", "projects", "list") == .success)
        #expect(crm.out == FakeDeployment.page + "\n")
    }

    @Test func `an import that left rows out says so in its status`() async {
        let crm = FakeDeployment(input: "a,b\n1,2\n")
        crm.answer("POST /api/v1/imports", status: 201, #"{"id":3,"state":"uploaded"}"#)
        crm.answer("PATCH /api/v1/imports/3", #"{"id":3,"missing":[],"questions":[]}"#)
        crm.answer("POST /api/v1/imports/3/run", status: 202, #"{"id":3}"#)
        crm.answer("GET /api/v1/imports/3", #"{"id":3,"state":"running","total":10,"done":5}"#)
        crm.answer("GET /api/v1/imports/3", """
            {"id":3,"state":"done","total":10,"done":10,"created":9,"updated":0,"failed":1,"error":null,
             "errors":[{"row":4,"column":"b","field":"title","message":"is required"}]}
            """)
        #expect(await crm.run("projects", "import", "-", "--map", "b=title", "--skip-errors") == .partial)
        #expect(crm.out == """
            projects: 9 created
            1 row has errors
            Row  Column  Problem
              4  b       is required

            `tenon imports problems 3` shows all of them; `tenon imports show 3 --errors FILE` writes them, each
            with its reason, to be corrected and imported again
            import 3; `tenon imports revert 3` takes it back

            """)
    }
}
