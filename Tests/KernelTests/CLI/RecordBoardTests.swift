import Testing

@testable import Kernel

@Suite struct RecordBoardTests {
    /// Projects with a board by phase within a programme, and one by months.
    private static let schema = """
        {"currency": "EUR", "entities": [
          {"name": "project", "path": "projects", "title": "Project", "plural_title": "Projects", "group": "Work", "label_field": "title",
           "list": {"columns": ["title", "value"], "filters": [], "sort": "-created_at"}, "sections": [],
           "boards": [
            {"name": "board", "title": "Board", "by": "phase", "is_by_month": false, "within": "programme", "sums": ["value", "expected"], "rows": ["assigned_to"]},
            {"name": "forecast", "title": "Forecast", "by": "due", "is_by_month": true, "within": "programme", "sums": ["expected"], "rows": ["assigned_to"]}],
           "marks": [{"name": "stale", "title": "Stale"}],
           "fields": [
            {"name": "title", "label": "Title", "type": "text", "required": true},
            {"name": "phase", "label": "Phase", "type": "reference", "target": "phase"},
            {"name": "programme", "label": "Programme", "type": "reference", "target": "programme"},
            {"name": "value", "label": "Value", "type": "money"}, {"name": "expected", "label": "Expected", "type": "money"},
            {"name": "due", "label": "Due", "type": "day"},
            {"name": "assigned_to", "label": "Assigned to", "type": "reference", "target": "user"}], "actions": []},
          {"name": "programme", "path": "programmes", "title": "Programme", "plural_title": "Programmes", "label_field": "name",
           "fields": [{"name": "name", "label": "Name", "type": "text"}, {"name": "is_default", "label": "Default", "type": "boolean"}]}]}
        """

    private static func eur(_ amount: String) -> String { #"[{"amount":"\#(amount)","currency":"EUR"}]"# }

    private func deployment(width: Int? = 80) -> FakeDeployment {
        let crm = FakeDeployment(width: width, schema: Self.schema)
        crm.answer("GET /api/v1/programmes", #"{"data":[{"id":3,"name":"North"}],"next":null}"#)
        return crm
    }

    @Test func `a board reads in eighty columns: a row for each column with count and sums, then its cards with their marks`() async {
        let crm = deployment()
        crm.answer(
            "GET /api/v1/projects/board",
            """
            {"board":"board","title":"Board","data":[
              {"key":1,"title":"Survey","color":"","count":2,"sums":[],"totals":{"value":\(Self.eur("12500.00")),"expected":\(Self.eur("1250.00"))},
               "cards":[{"id":7,"title":"Harbour wall","value":{"amount":"12500.00","currency":"EUR"},"assigned_to_label":"Anna","assigned_to":1,"marks":["stale"]}],"has_more":true},
              {"key":2,"title":"Building","color":"","count":0,"sums":[],"totals":{"value":[],"expected":[]},"cards":[],"has_more":false}]}
            """)
        #expect(await crm.run("projects", "board", "--cards", "1") == .success)
        #expect(
            crm.out == """
                Projects  Board, North

                Phase     Projects          Value      Expected
                Survey           2  12,500.00 EUR  1,250.00 EUR
                Building         0

                Survey
                ID  Project               Value  Assigned to
                 7  Harbour wall  12,500.00 EUR  Anna         Stale

                """)
        #expect(crm.requests == ["GET /api/v1/programmes?limit=1&sort=-is_default", "GET /api/v1/projects/board?board=board&within=3&limit=1"])
    }

    @Test func `a board by months takes all unless one is named, and its figures stand by a field`() async {
        let crm = deployment()
        crm.answer(
            "GET /api/v1/projects/board",
            """
            {"board":"forecast","title":"Forecast","columns":[
              {"key":null,"title":"No date","count":0,"totals":{"expected":[]}},{"key":"2026-11","title":"Nov 2026","count":2,"totals":{"expected":\(Self.eur("751250.00"))}},
              {"key":"2026-12","title":"Dec 2026","count":1,"totals":{"expected":\(Self.eur("999.00"))}}],
             "data":[{"key":1,"title":"Anna","count":2,"totals":{"expected":\(Self.eur("2252249.00"))},"cells":[{"count":0,"totals":{"expected":[]}},
               {"count":1,"totals":{"expected":\(Self.eur("12500.00"))}},{"count":1,"totals":{"expected":\(Self.eur("999.00"))}}]}]}
            """)
        #expect(await crm.run("projects", "board", "forecast", "--rows", "assigned-to", "--programme", "North") == .success)
        #expect(crm.requests == ["GET /api/v1/projects/board?programme=North&board=forecast&rows=assigned_to"])
        #expect(
            crm.out == """
                Projects  Forecast

                Assigned to  Total  Nov 2026  Dec 2026
                Anna         2.25M       12k       999
                Total                   751k       999

                """)
        #expect(crm.errors.contains("k stands for thousands"))
    }

    @Test func `a board that there is not is told with those that there are`() async {
        let crm = deployment()
        #expect(await crm.run("projects", "board", "forcast") == .usage)
        #expect(crm.errors.contains("forecast"))
        #expect(await crm.run("programmes", "board") != .success)
    }

    @Test func `lists show marks and filter by them`() async {
        let crm = deployment(width: nil)
        crm.answer("GET /api/v1/projects", #"{"data":[{"id":7,"title":"Wall","value":null,"marks":["stale"]},{"id":8,"title":"Pier","value":null,"marks":[]}],"next":null}"#)
        #expect(await crm.run("projects", "list", "--mark", "stale") == .success)
        #expect(crm.requests == ["GET /api/v1/projects?mark=stale&limit=50"])
        #expect(crm.out.hasPrefix("ID  Title  Marks  Value\n 7  Wall   Stale\n 8  Pier\n"), "\(crm.out)")
    }
}
