import Testing

@testable import Kernel

@Suite struct DealsInTheTerminalTests {
    @Test func `deals stand on their boards in the terminal, and losing one asks for the reason`() throws {
        let tenon = try TenonProgram.prepared()
        #expect(try tenon.run("deals", "add", "--title", "Harbour wall", "--value", "1000").status == 0)
        #expect(try tenon.run("deals", "add", "--title", "Pier", "--value", "500", "--probability", "50", "--expected-close-date", "+3d").status == 0)
        let board = try tenon.run("deals", "board", "--cards", "2")
        #expect(board.status == 0, "\(board)")
        #expect(board.output.contains("Board, Sales"))
        let row = board.output.split(separator: "\n").first { $0.hasPrefix("Prospecting") } ?? ""
        #expect(row.split(whereSeparator: \.isWhitespace).joined(separator: " ") == "Prospecting 2 1,500.00 EUR 350.00 EUR")
        #expect(board.output.contains("Harbour wall"))
        let forecast = try tenon.run("deals", "board", "forecast", "--json").json["data"].elements
        #expect(forecast.count == 7)
        #expect(forecast.compactMap { $0["count"].int }.reduce(0, +) == 2)
        let table = try tenon.run("deals", "board", "forecast", "--rows", "pipeline")
        #expect(table.output.contains("Sales") && table.output.contains("350"), "\(table)")

        let refused = try tenon.run("deals", "edit", "1", "--stage", "Lost")
        #expect(refused.status != 0)
        #expect(refused.errors.contains("is needed for a lost deal"), "\(refused)")
        #expect(try tenon.run("deals", "edit", "1", "--stage", "Lost", "--lost-reason", "No budget").status == 0)
        let shown = try tenon.run("deals", "show", "1", "--json").json
        #expect(shown["outcome"].scalar == "lost")
        #expect(!shown["actual_close_date"].scalar.isEmpty)
        #expect(try tenon.run("deals", "edit", "1", "--stage", "Proposal").status == 0)
        let back = try tenon.run("deals", "show", "1", "--json").json
        #expect(back["lost_reason"].isNull && back["actual_close_date"].isNull)
    }

    @Test func `a stage asks for fields, and what cannot be deleted says why`() throws {
        let tenon = try TenonProgram.prepared()
        #expect(try tenon.run("stages", "edit", "Proposal", "--required-fields", "value,expected_close_date").status == 0)
        #expect(try tenon.run("deals", "add", "--title", "Pier").status == 0)
        let refused = try tenon.run("deals", "edit", "1", "--stage", "Proposal")
        #expect(refused.errors.contains("is needed to enter Proposal"), "\(refused)")
        let wrong = try tenon.run("stages", "edit", "Proposal", "--required-fields", "colour")
        #expect(wrong.status != 0 && wrong.errors.contains("colour"), "\(wrong)")
        let kept = try tenon.run("pipelines", "delete", "Sales", "--yes")
        #expect(kept.errors.contains("the default pipeline cannot be deleted"), "\(kept)")
        let used = try tenon.run("stages", "delete", "Prospecting", "--yes")
        #expect(used.errors.contains("the default stage cannot be deleted while the pipeline has 5 others"), "\(used)")
    }
}
