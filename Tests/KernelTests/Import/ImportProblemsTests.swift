import PluginAPI
import Testing

@testable import Kernel

@Suite("What is wrong with a file")
struct ImportProblemsTests {
    @Test("the same problem is told once, with how many rows have it, the first of them, what they say, and what to do")
    func grouped() async throws {
        let room = try await StockRoom()
        var text: String = "title,price,maker\n"
        for row in 2...41 { text += "A \(row),\(row % 2 == 0 ? "cheap" : "5"),\(row % 4 == 1 ? "Nobody" : "")\n" }
        text += "short,1\nforbidden,1,\n,1,\n"
        let checked: ImportRecord = try await room.finish(.checking, room.upload(text))
        #expect(checked.counts.failed == 20 + 10 + 3)
        let groups: [ProblemGroup] = try #require(checked.details.groups)
        #expect(groups.map { "\($0.column ?? "-"): \($0.message), \($0.count)" } == [
            "price: is not a number, 20", "maker: there is no maker of this name, 10", "-: has 2 cells where the header has 3, 1",
            "title: may not be called so, 1", "title: is required, 1",
        ])
        #expect(groups[0].rows == Array(stride(from: 2, through: 20, by: 2)))
        #expect(groups[0].values == [ProblemGroup.Sample(text: "cheap", count: 20)])
        #expect(groups[1].values == [ProblemGroup.Sample(text: "Nobody", count: 10)])
        #expect(groups[0].hint == "Say how the numbers of this column are written, or correct these cells.")
        #expect(groups[1].hint?.hasPrefix("Let the import add the makers that are missing") == true)
        #expect(groups[4].hint == "Choose a column that fills it, or give a value for every row.")

        let shown = try JSONValue(parsing: Array(try await room.ask("GET", "imports/\(checked.id)").body.utf8))
        let first: JSONValue? = shown["problem_groups"]?.array?.first
        #expect(first?["count"]?.int == 20 && first?["values"]?.array?.first?["text"]?.text == "cheap")
        #expect(first?["rows"]?.array?.count == ProblemGroup.keptRows)
    }

    @Test("all bad rows can be looked through, a page at a time")
    func paged() async throws {
        let room = try await StockRoom()
        let text: String = "title,stock\n" + (2...251).map { "piece \($0),x\n" }.joined()
        let checked: ImportRecord = try await room.finish(.checking, room.upload(text))
        var rows: [Int] = []
        var cursor: String? = "0"
        var pages: Int = 0
        while let next = cursor {
            let answer = try await room.ask("GET", "imports/\(checked.id)/problems", query: [("cursor", next), ("limit", "100")])
            let page = try JSONValue(parsing: Array(answer.body.utf8))
            for row in page["data"]?.array ?? [] {
                rows.append(Int(row["row"]?.int ?? 0))
                #expect(row["cells"]?["title"]?.text == "piece \(rows.last ?? 0)")
                #expect(row["problem"]?.text == "stock: “x” is not a number")
            }
            cursor = page["next"]?.text
            pages += 1
        }
        #expect(rows == Array(2...251) && pages == 3)
        await #expect(throws: CRMError.self) {
            try await room.ask("GET", "imports/\(checked.id)/problems", as: StockRoom.guest)
        }
    }

    @Test("a row that is the same as an earlier one names that row of the file, not a record that nobody could find")
    func sameRows() async throws {
        let room = try await StockRoom()
        try await room.add("piece", ["title": .text("There"), "code": .text("old")])
        let text: String = "title,code\nA,x\nB,y\nC,x\nD,old\nE,x\n"
        let checked: ImportRecord = try await room.finish(.checking, room.upload(text))
        #expect(checked.details.faults.map { "\($0.row) \($0.text)" } == [
            "4 code: is the same as in row 2 of this file", "5 code: is already taken by another piece",
            "6 code: is the same as in row 2 of this file",
        ])
        let groups: [ProblemGroup] = try #require(checked.details.groups)
        #expect(groups.map { "\($0.message) \($0.rows)" } == [
            "is the same as in an earlier row of this file [4, 6]", "is already taken by another piece [5]",
        ])
        #expect(groups[1].hint == "Leave these rows out, or have the import change the records that match.")
        #expect(try await room.titles() == ["There"])
    }

    @Test("the bad rows, corrected in their file, come in with what was decided for the first one")
    func corrected() async throws {
        let room = try await StockRoom()
        let plan: String = #"{"mapping": {"what": "title", "how many": "stock", "title": null}, "currency": "USD", "bad_rows": "skip"}"#
        let first: ImportRecord = try await room.run("what,how many,title\nLamp,3,x\nTable,many,y\nChair,2000,z\n", plan)
        #expect(first.counts.created == 1 && first.counts.failed == 2)
        let file: String = try await room.ask("GET", "imports/\(first.id)/problems.csv").body
        let mended: String = file.replacing("many,y", with: "7,y").replacing("2000", with: "20")
        #expect(mended.contains("Import problem"))
        let second: ImportRecord = try await room.upload(mended)
        #expect(second.details.plan.columns.map { "\($0.header)→\($0.field)" } == ["what→title", "how many→stock"])
        #expect(second.details.plan.currency == "USD" && second.details.plan.badRows == .refuseAll)
        let done: ImportRecord = try await room.finish(.running, second)
        #expect(done.state == .done && done.counts.created == 2)
        #expect(try await room.titles() == ["Chair", "Lamp", "Table"])
        // Somebody else's file with these columns is planned by itself.
        let other: ImportRecord = try await room.upload(mended, as: StockRoom.clerk)
        #expect(!other.details.plan.columns.contains { ProblemFile.isOwn($0.header) })
        #expect(other.details.plan.currency == nil)
    }

    @Test("one answer settles all days of a file, and what each value says by itself is not overruled")
    func days() async throws {
        let room = try await StockRoom()
        let text: String = "title,bought on\nA,2026-03-01\nB,01.03.2026\nC,3/1/26\nD,3/25/26\nE,25/3/26\n"
        let record: ImportRecord = try await room.upload(text)
        let shown = try JSONValue(parsing: Array(try await room.ask("GET", "imports/\(record.id)").body.utf8))
        let question: JSONValue? = shown["questions"]?.array?.first
        #expect(question?["options"]?.array?.compactMap(\.text).sorted() == ["day-first", "month-first"])
        #expect(question?["examples"]?.array?.compactMap(\.text) == ["3/1/26"])
        await #expect(throws: CRMError.self) { try await room.importer.begin(.running, record.id, actor: room.actor()) }
        let answered = try await room.ask("POST", "imports/\(record.id)/run", body: #"{"date_order": "day-first"}"#, query: [("wait", "true")])
        #expect(answered.status == 200)
        #expect(try await room.pieces().map { $0["bought_on"].description } == [
            "2026-03-01", "2026-03-01", "2026-01-03", "2026-03-25", "2026-03-25",
        ])
        await #expect(throws: CRMError.self) { try await room.upload(text, #"{"date_order": "year-first"}"#) }
    }

    @Test("taking an import back says how many records are kept, however many they are")
    func kept() async throws {
        let room = try await StockRoom()
        let done: ImportRecord = try await room.run("title\n" + (1...150).map { "piece \($0)\n" }.joined())
        try await room.store.write(as: room.actor()) { tx in
            for piece in try tx.all("piece", where: .everything, sort: [], limit: 149) {
                var changed: RecordData = piece
                changed["secret"] = .text("work")
                _ = try tx.save("piece", changed)
            }
        }
        let taken: ImportRecord = try await room.finish(.reverting, done)
        #expect(taken.error == "149 records were changed since and kept")
        #expect(taken.details.faults.count == ImportRecord.keptFaults)
        #expect(try await room.titles().count == 149)
    }
}
