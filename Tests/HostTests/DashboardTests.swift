import Testing

@testable import Kernel

/// The dashboard of sales through the program itself, with the plugins as libraries.
@Suite(.serialized) struct DashboardTests {
    @Test func `the dashboard reads well in a terminal, and follows what happens`() throws {
        let tenon = try TenonProgram.prepared()
        #expect(try tenon.run("dashboard", "list").output == """
            Name  Title  Plugin
            crm   CRM    customers

            """)
        for (title, value) in [("Harbour wall", "1000 EUR"), ("Pier", "250 EUR")] {
            #expect(try tenon.run("deals", "add", "--title", title, "--value", value).status == 0)
        }
        #expect(try tenon.run("leads", "add", "--title", "Quay", "--source", "Website").status == 0)
        #expect(try tenon.run("deals", "edit", "1", "--stage", "Won").status == 0)

        let shown = try tenon.run("dashboard", "show", "crm")
        #expect(shown.status == 0, "\(shown)")
        for line in ["CRM  all time", "  Deals ", "Revenue", "Deals by month", "Leads by source", "Pipeline overview", "Recent deals", "Harbour wall"] {
            #expect(shown.output.contains(line), "\(line) is missing in\n\(shown.output)")
        }
        #expect(shown.output.split(separator: "\n").allSatisfy { String($0).columns <= 80 }, "\(shown.output)")
        let json = try tenon.run("dashboard", "show", "crm", "--json", "--period", "month").json
        let won = try #require(json["widgets"].elements.first { $0["metric"].scalar == "deals.won" })
        #expect(won["value"].int == 1 && won["period"].scalar == "month")
        #expect(won["list"].scalar.hasPrefix("/admin/deals?outcome=won&actual_close_date.gte="))
        #expect(try tenon.run("dashboard", "show", "nothing").status == 3)
        #expect(try tenon.run("dashboard", "show", "crm", "--period", "fortnight").status == 2)
    }

    @Test func `a metric by groups is a chart, a table, and a document`() throws {
        let tenon = try TenonProgram.prepared()
        for title in ["Harbour wall", "Pier", "Quay"] { #expect(try tenon.run("deals", "add", "--title", title).status == 0) }
        #expect(try tenon.run("deals", "edit", "3", "--stage", "Won").status == 0)
        let chart = try tenon.run("metrics", "show", "deals.total", "--group", "outcome")
        #expect(chart.output.contains("  Open  2  ████") && chart.output.contains("  Won   1  ██"), "\(chart)")
        let table = try tenon.run("metrics", "show", "deals.created", "--group", "outcome", "--by", "month", "--periods", "2", "--table")
        #expect(table.output.contains("Total"), "\(table)")
        let json = try tenon.run("metrics", "show", "deals.total", "--group", "pipeline,stage", "--json").json
        #expect(json["groups"].elements.map { $0["count"].int } == [2, 1])
        let wrong = try tenon.run("metrics", "show", "deals.total", "--group", "value")
        #expect(wrong.status == 1 && wrong.errors.contains("nothing to group by"), "\(wrong)")
    }

    @Test func `without Deals the dashboard stays, without the deals`() throws {
        let tenon = try TenonProgram.prepared(["Customers", "Leads"])
        let shown = try tenon.run("dashboard", "show", "crm")
        #expect(shown.status == 0 && shown.output.contains("Leads by source") && !shown.output.contains("Deals"), "\(shown)")
    }
}
