import Foundation
import Testing

@testable import Kernel

/// A file of a stranger's on the command line, from the first look to the way back.
@Suite struct ImportCommandTests {
    /// Six hundred leads in the encoding of an older spreadsheet, with days and persons that nobody can make sense of alone.
    private static func rows() -> [UInt8] {
        var text = "Betreff;E-Mail;Wert;Wiedervorlage\n"
        for row in 1...600 {
            let mail = row % 20 == 0 ? "p\(row - 10)@x.example" : row % 50 == 1 ? "keine" : "p\(row)@x.example"
            text += "Möbel \(row);\(mail);\(row % 25 == 2 ? "auf Anfrage" : "1.234,50");\(["2026-03-01", "3/1/26", ""][row % 3])\n"
        }
        return text.unicodeScalars.map { UInt8($0.value) }
    }

    @Test func `what is unclear is asked with the answer to give, each problem is told once, and the bad rows come back corrected`() throws {
        let tenon = try TenonProgram.prepared(["Customers", "Leads"])
        let file = tenon.folder.appendingPathComponent("anfragen.csv")
        try Data(Self.rows()).write(to: file)

        let asked = try tenon.run("leads", "import", file.path, "--dry-run")
        #expect(asked.status == 2)
        #expect(asked.errors.contains("the column Wiedervorlage can be read in several ways: month-first or day-first, as in “3/1/26”"), "\(asked)")
        #expect(asked.errors.contains("--date-order month-first"))

        let trial = try tenon.run("leads", "import", file.path, "--dry-run", "--date-order", "month-first", environment: ["COLUMNS": "80"])
        #expect(trial.status == 6, "\(trial)")
        #expect(trial.output.contains("text in windows-1252 (a guess; --encoding corrects it), cells between semicolons"))
        #expect(trial.output.contains("E-Mail: is the same as in an earlier row of this file  30 rows\n"), "\(trial)")
        #expect(trial.output.contains("Wert: is not a number  24 rows\n  cells “auf Anfrage” (24)\n  rows  3, 28, 53, 78, 103, 128, 153, 178, 203, 228, …\n"), "\(trial)")
        #expect(trial.output.split(separator: "\n").allSatisfy { String($0).columns <= 80 }, "\(trial)")

        let done = try tenon.run("leads", "import", file.path, "--date-order", "month-first", "--skip-errors", "--json")
        #expect(done.status == 6 && done.json["created"].int == 600 - 30 - 24 - 12, "\(done.json["problem_groups"])")
        let id = done.json["id"].scalar
        let all = try tenon.run("imports", "problems", id, "--json").json["data"].elements
        #expect(all.count == 66 && all.first?["row"].int == 2)
        #expect(try tenon.run("imports", "problems", id).output.split(separator: "\n").count == 67)

        let left = tenon.folder.appendingPathComponent("left.csv")
        #expect(try tenon.run("imports", "show", id, "--errors", left.path).output.contains("30 rows"))
        var text = try String(contentsOf: left, encoding: .utf8)
        #expect(text.contains("Möbel"))
        for row in stride(from: 20, through: 600, by: 20) { text.replace("Möbel \(row);p\(row - 10)@", with: "Möbel \(row);second\(row)@") }
        try text.replacing("auf Anfrage", with: "").replacing("keine;", with: ";").write(to: left, atomically: true, encoding: .utf8)
        let rest = try tenon.run("leads", "import", left.path, "--json")
        #expect(rest.status == 0 && rest.json["created"].int == 66, "\(rest)")
        #expect(try tenon.run("leads", "export", "--columns", "title").output.split(whereSeparator: \.isNewline).count == 601)
        #expect(try tenon.run("imports", "revert", id, "--yes").status == 0)
        #expect(try tenon.run("imports", "revert", rest.json["id"].scalar, "--yes").status == 0)
        #expect(try tenon.run("leads", "list", "--json").json["data"].elements.isEmpty)
    }

    @Test func `a table in a pipe is whole, unless COLUMNS says how wide it may be`() throws {
        let tenon = try TenonProgram.prepared(["Customers", "Leads"])
        let title = String(repeating: "A long title ", count: 12)
        #expect(try tenon.run("leads", "add", "--title", title).status == 0)
        #expect(try tenon.run("leads", "list").output.contains(title.dropLast()))
        for width in [80, 120] {
            let narrow = try tenon.run("leads", "list", environment: ["COLUMNS": "\(width)"])
            #expect(narrow.output.split(separator: "\n").allSatisfy { String($0).columns <= width } && narrow.output.contains("…"), "\(narrow)")
        }
        #expect(try tenon.run("leads", "list", environment: ["COLUMNS": "wide"]).output.contains(title.dropLast()))
    }
}
