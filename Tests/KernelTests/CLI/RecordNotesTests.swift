import Testing

@testable import Kernel

@Suite struct RecordNotesTests {
    @Test func `a note is written, listed, changed and deleted in the terminal`() async {
        let crm = FakeDeployment()
        let note = #"{"id": 7, "text": "Calls back\non Tuesday", "at": "2026-11-22T09:30:00Z", "user_label": "Anna", "edited_at": null}"#
        crm.answer("POST /api/v1/projects/4/notes", status: 201, note)
        crm.answer("GET /api/v1/projects/4/notes?limit=50", #"{"data": [\#(note)], "next": null}"#)
        crm.answer("PATCH /api/v1/projects/4/notes/7", note)
        crm.answer("DELETE /api/v1/projects/4/notes/7", status: 204, "")
        #expect(await crm.run("projects", "note", "4", "Calls back", "on Tuesday") == .success)
        #expect(crm.lastBody.contains("Calls back on Tuesday"))
        #expect(await crm.run("projects", "notes", "4") == .success)
        #expect(await crm.run("projects", "note", "4", "--edit", "7", "Calls back on Friday") == .success)
        #expect(await crm.run("projects", "note", "4", "--delete", "7", "--yes") == .success)
        #expect(crm.out.contains("wrote note 7 on project 4\n"))
        #expect(crm.out.contains("  Anna  note 7\n  Calls back\n  on Tuesday\n"))
        #expect(crm.out.hasSuffix("changed note 7\ndeleted note 7\n"))
        #expect(crm.requests.contains("POST /api/v1/projects/4/notes"))
    }

    @Test func `a note without a text is a mistake of whoever typed it`() async {
        let crm = FakeDeployment()
        #expect(await crm.run("projects", "note", "4") == .usage)
        #expect(await crm.run("projects", "note") == .usage)
        #expect(await crm.run("projects", "note", "4", "--delete", "7", "text") == .usage)
        #expect(!crm.requests.contains { !$0.hasPrefix("GET") })
    }

    @Test func `a panel is a table, its records by name and its numbers at the right`() async {
        let crm = FakeDeployment(width: 80)
        crm.answer(
            "GET /api/v1/projects/4/panels/worth",
            #"""
            {"name": "worth", "title": "Worth", "sentence": "It counts 1250 points.",
             "columns": [{"title": "Part", "numeric": false}, {"title": "Points", "numeric": true}, {"title": "Who", "numeric": false}],
             "rows": [["Size", 1250, {"entity": "user", "path": "users", "id": 3, "label": "Anna"}], ["Age", null, {"seconds": 90, "text": "1 min 30 s"}]]}
            """#)
        #expect(await crm.run("projects", "panel", "4", "worth") == .success)
        #expect(crm.out == """
            Worth
            It counts 1250 points.
            Part  Points  Who
            Size   1,250  Anna
            Age           1 min 30 s

            """)
    }
}
