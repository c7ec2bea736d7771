import Testing

@testable import Kernel

@Suite("Charts in a terminal") struct ChartTextTests {
    private let chart = ChartText(style: .plain, width: 80)

    private func money(_ amounts: (String, String)...) -> JSONValue {
        .array(amounts.map { .fields(["amount": .string($0.0), "currency": .string($0.1)]) })
    }
    private func row(_ label: String, _ values: JSONValue..., section: String = "") -> ChartText.Row {
        ChartText.Row(section: section, label: label, values: values)
    }

    @Test func `groups are lying bars, as long as their figures`() {
        #expect(chart.ranking([row("Website", .number("12")), row("Trade fair", .number("6")), row("None", .number("0"))], columns: ["Leads"]) == """
              Website     12  ████████████████████████████████████████████████
              Trade fair   6  ████████████████████████
              None         0
            """)
    }

    @Test func `a second figure stands behind the bar, and parts have headings`() {
        let rows = [
            row("New", .number("2"), money(("1500.00", "EUR")), section: "Sales"), row("Won", .number("1"), money(), section: "Sales"),
            row("Offer", .number("4"), money(("2.00", "EUR"), ("3.00", "USD")), section: "Service"),
        ]
        let text = ChartText(style: .plain, width: 60).ranking(rows, columns: ["Deals", "Value"])
        #expect(text == """
                     Deals                                         Value
              Sales
              New        2  ███████████▌                    1,500.00 EUR
              Won        1  █████▊                                     0

              Service
              Offer      4  ███████████████████████  2.00 EUR + 3.00 USD
            """)
    }

    @Test func `what runs over time has a line a series, and a currency a line`() {
        let rows = [
            row("Won", .number("3"), .number("12"), .number("0")),
            row("Revenue", money(("1200.50", "EUR")), money(("2500000.00", "EUR"), ("80.00", "USD")), money()),
        ]
        #expect(chart.series(rows, spans: ["Jan 2026", "Feb 2026", "Mar 2026"]) == """
                           Jan 2026  Feb 2026  Mar 2026
              Won                 3        12         0  ▂█▁
              Revenue EUR     1,200    2.50 M         –  ▁█▁
              Revenue USD         –        80         –  ▁█▁
            """)
    }

    @Test(arguments: [40, 60, 80, 120])
    func `nothing is wider than the terminal`(width: Int) {
        let spans = (1...12).map { "Mon \(2000 + $0)" }
        let rows = (1...5).map { place in
            ChartText.Row(label: "A rather long label of number \(place)", values: spans.map { _ in .number("123456") })
        }
        let chart = ChartText(style: .plain, width: width)
        let groups = rows.map { ChartText.Row(label: $0.label, values: [$0.values[0]]) }
        for text in [chart.series(rows, spans: spans), chart.ranking(groups, columns: ["Figure"])] {
            let lines = text.split(separator: "\n").map(String.init)
            #expect(lines.allSatisfy { $0.columns <= width }, "\(text)")
            for place in 1...5 { #expect(lines.contains { $0.contains("number \(place)") || $0.contains("…") }) }
        }
        // All months are there, in as many parts as it takes.
        for span in spans { #expect(chart.series(rows, spans: spans).contains(span)) }
    }

    @Test func `a table has all figures exactly, and their whole`() {
        let rows = [row("Jan 2026", .number("1234"), money(("1200.50", "EUR"))), row("Feb 2026", .number("1"), money())]
        let table = ChartText.table("Month", rows, columns: ["Won", "Revenue"], totals: [.number("1235"), money(("1200.50", "EUR"))])
        #expect(table.text(style: .plain, width: nil) == """
            Month       Won       Revenue
            Jan 2026  1,234  1,200.50 EUR
            Feb 2026      1             0
            Total     1,235  1,200.50 EUR

            """)
    }
}

@Suite("Metrics and dashboards on the command line") struct DashboardCommandTests {
    @Test func `a metric by groups is a chart of bars, or a table`() async {
        let deployment = FakeDeployment(width: 80)
        deployment.answer("GET /api/v1/metrics/projects.won", """
            {"key":"projects.won","title":"Won","period":"month","from":"2026-03-01","to":"2026-03-31","value":9,"count":9,"group":["assigned_to"],
             "groups":[{"label":"Anna","color":"","value":6,"count":6},{"label":"Ben","color":"","value":3,"count":3}]}
            """)
        #expect(await deployment.run("metrics", "show", "projects.won", "--group", "assigned_to") == .success)
        #expect(deployment.requests == ["GET /api/v1/metrics/projects.won?period=month&group=assigned_to&top=20"])
        #expect(deployment.out == """
            Won  projects.won, 2026-03-01 to 2026-03-31

              9

              Anna  6  ████████████████████████████████████████████████
              Ben   3  ████████████████████████

            """)
        let other = FakeDeployment(width: 80)
        other.answer("GET /api/v1/metrics/projects.won", """
            {"key":"projects.won","title":"Won","by":"month","from":"2026-02-01","to":"2026-03-31","value":9,"count":9,"group":["assigned_to"],
             "series":[{"label":"Feb 2026","value":2},{"label":"Mar 2026","value":7}],
             "groups":[{"label":"Anna","value":6,"cells":[{"value":1},{"value":5}]},{"label":"Ben","value":3,"cells":[{"value":1},{"value":2}]}]}
            """)
        await other.run("metrics", "show", "projects.won", "--group", "assigned_to", "--by", "month", "--periods", "2", "--table")
        #expect(other.requests == ["GET /api/v1/metrics/projects.won?period=month&group=assigned_to&top=20&by=month&periods=2"])
        #expect(other.out.hasSuffix("""
            Assigned to  Feb 2026  Mar 2026  Total
            Anna                1         5      6
            Ben                 1         2      3
            Total               2         7      9

            """), "\(other.out)")
    }

    private static let dashboard = """
        {"name":"work","title":"Work","period":"all","from":null,"to":null,"widgets":[
         {"kind":"figure","title":"Projects","section":"","value":85,"beside":{"title":"active","value":80}},
         {"kind":"figure","title":"Tasks","section":"","value":1200,"beside":null},
         {"kind":"figure","title":"Earned","section":"Money","value":[{"amount":"1250.00","currency":"EUR"}],"previous":[],"beside":null},
         {"kind":"chart","title":"By month","shape":"bars","over_time":true,"row_title":"Month","columns":[{"title":"New"},{"title":"Done"}],
          "rows":[{"section":"","label":"Feb 2026","cells":[{"value":1,"count":1},{"value":0,"count":0}]},
                  {"section":"","label":"Mar 2026","cells":[{"value":4,"count":4},{"value":2,"count":2}]}],
          "totals":[{"value":5},{"value":2}]},
         {"kind":"chart","title":"By kind","shape":"ranking","over_time":false,"row_title":"Kind","when_empty":"No project yet.",
          "columns":[{"title":"Projects"}],"rows":[],"totals":[{"value":0}]},
         {"kind":"records","title":"Latest","entity":"project","path":"projects","columns":[{"name":"title","label":"Title"},{"name":"status","label":"Status"}],
          "data":[{"id":7,"title":"Harbour wall","status":"new"}]}]}
        """

    @Test func `a dashboard is read from top to bottom`() async {
        let deployment = FakeDeployment(width: 80)
        deployment.answer("GET /api/v1/dashboards/work", Self.dashboard)
        #expect(await deployment.run("dashboard", "show", "work") == .success, "\(deployment.errors)")
        #expect(deployment.requests == ["GET /api/v1/dashboards/work?period=all"])
        #expect(deployment.out == """
            Work  all time

              Projects     85  80 active
              Tasks     1,200

            Money
              Earned  1,250.00 EUR  before: 0

            By month
                    Feb 2026  Mar 2026
              New          1         4
              Done         0         2

            By kind
              No project yet.

            Latest
              ID  Title         Status
              7   Harbour wall  New

            """)
    }

    @Test func `its charts have tables, and its document goes to scripts as it is`() async {
        let deployment = FakeDeployment(width: 80)
        deployment.answer("GET /api/v1/dashboards/work", Self.dashboard)
        await deployment.run("dashboard", "show", "work", "--table")
        #expect(deployment.out.contains("""
            By month
              Month     New  Done
              Feb 2026    1     0
              Mar 2026    4     2
              Total       5     2

            """), "\(deployment.out)")
        let script = FakeDeployment(width: 80)
        script.answer("GET /api/v1/dashboards/work", #"{"name":"work","widgets":[]}"#)
        await script.run("dashboard", "show", "work", "--json", "--period", "quarter", "--date", "2026-02-01")
        #expect(script.out == #"{"name":"work","widgets":[]}"# + "\n")
        #expect(script.requests == ["GET /api/v1/dashboards/work?period=quarter&date=2026-02-01"])
    }

    @Test func `dashboards are listed`() async {
        let deployment = FakeDeployment()
        deployment.answer("GET /api/v1/dashboards", #"{"data":[{"name":"work","title":"Work","plugin":"projects"}]}"#)
        await deployment.run("dashboard", "list")
        #expect(deployment.out == """
            Name  Title  Plugin
            work  Work   projects

            """)
    }
}
