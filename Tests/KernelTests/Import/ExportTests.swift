import PluginAPI
import Testing

@testable import Kernel

@Suite("Exporting a list")
struct ExportTests {
    @Test("what is exported can be imported again and means the same")
    func roundTrip() async throws {
        let room = try await StockRoom()
        try await room.add("maker", ["name": .text("Acme")], ["name": .text("=Bolt")])
        try await room.add(
            "piece",
            [
                "title": .text("=Lamp, \"big\""), "code": .text("c1"), "price": .money(Money(minor: -1250, .eur)), "maker": .integer(2),
                "other_makers": .list([RecordID(1), RecordID(2)]), "bought_on": .day(Day(number: 20_000)), "assigned_to": .integer(2),
            ],
            ["title": .text("Table"), "code": .text("c2"), "price": .money(Money(minor: 300, .usd)), "stock": .integer(4)])
        let before: [RecordData] = try await room.pieces()
        let answer = try await room.ask("GET", "pieces/export", query: [("columns", "title,code,price,stock,maker,other_makers,bought_on,assigned_to"), ("sort", "title")])
        #expect(answer.status == 200)
        #expect(answer.body == """
            title,code,price,stock,maker,other_makers,bought_on,assigned_to\r
            "'=Lamp, ""big""\",c1,-12.50,,'=Bolt,Acme; =Bolt,2024-10-04,Carl\r
            Table,c2,3.00 USD,4,,,,\r\n
            """)
        let again: ImportRecord = try await room.run(answer.body, #"{"mode": "update", "match": "code"}"#)
        #expect(again.counts == ImportRecord.Counts(total: 2, done: 2, unchanged: 2))
        #expect(try await room.pieces().map(\.values) == before.map(\.values))
    }

    @Test("filters, order and every page are kept, and JSON is whole")
    func pages() async throws {
        let room = try await StockRoom()
        var text: String = "title,stock\n"
        for number in 1000..<2300 { text += "piece \(number),\(number % 2)\n" }
        _ = try await room.run(text)
        let filtered = try await room.ask("GET", "pieces/export", query: [("stock", "1"), ("columns", "title"), ("sort", "-title")])
        let rows: [[String]] = try csvRows(filtered.body)
        #expect(rows.count == 651)
        #expect(rows[1] == ["piece 2299"])
        #expect(rows[650] == ["piece 1001"])
        let json = try await room.ask("GET", "pieces/export", query: [("format", "json"), ("columns", "title")])
        #expect(try JSONValue(parsing: Array(json.body.utf8)).array?.count == 1300)
        let none = try await room.ask("GET", "pieces/export", query: [("format", "json"), ("title", "nothing")])
        #expect(try JSONValue(parsing: Array(none.body.utf8)).array?.isEmpty == true)
    }

    @Test("only what the right to export reaches is exported, without hidden fields")
    func rights() async throws {
        let room = try await StockRoom()
        try await room.add(
            "piece", ["title": .text("mine"), "assigned_to": .integer(2), "secret": .text("s")],
            ["title": .text("theirs"), "assigned_to": .integer(1)])
        let answer = try await room.ask("GET", "pieces/export", as: StockRoom.clerk)
        #expect(answer.body.contains("mine") && !answer.body.contains("theirs") && !answer.body.contains("secret"))
        await #expect(throws: CRMError.self) { try await room.ask("GET", "pieces/export", as: StockRoom.guest) }
        await #expect(throws: CRMError.self) { try await room.ask("GET", "pieces/export", query: [("format", "xls")]) }
    }
}

@Suite("Imports over JSON")
struct ImportsAPITests {
    @Test("from upload to revert")
    func wholeWay() async throws {
        let room = try await StockRoom()
        let uploaded = try await room.ask(
            "POST", "imports", body: "Piece ID,Bought on,Colour\nA,1/2/2026,red\n", query: [("entity", "pieces"), ("file_name", "a.csv")])
        #expect(uploaded.status == 201)
        let json = try JSONValue(parsing: Array(uploaded.body.utf8))
        #expect(json["state"]?.text == "uploaded")
        #expect(json["columns"]?.array?.map { $0["field"]?.text } == ["title", "bought_on", nil])
        #expect(json["questions"]?.array?.first?["options"]?.array?.map(\.text) == ["M/D/Y", "D/M/Y"])
        #expect(json["plan"]?["mapping"]?["Piece ID"]?.text == "title")
        let id: Int64 = try #require(json["id"]?.int)
        let patched = try await room.ask("PATCH", "imports/\(id)", body: #"{"date_format": "D/M/Y", "mode": "create"}"#)
        #expect(try JSONValue(parsing: Array(patched.body.utf8))["questions"]?.array?.isEmpty == true)
        let checked = try await room.ask("POST", "imports/\(id)/run", body: #"{"dry_run": true}"#, query: [("wait", "true")])
        #expect(try JSONValue(parsing: Array(checked.body.utf8))["state"]?.text == "checked")
        let begun = try await room.ask("POST", "imports/\(id)/run")
        #expect(begun.status == 202)
        #expect(try await room.importer.wait(id, actor: room.actor()).state == .done)
        let shown = try await room.ask("GET", "imports/\(id)")
        #expect(try JSONValue(parsing: Array(shown.body.utf8))["can_revert"]?.bool == true)
        let reverted = try await room.ask("POST", "imports/\(id)/revert", query: [("wait", "true")])
        #expect(try JSONValue(parsing: Array(reverted.body.utf8))["state"]?.text == "reverted")
        let list = try await room.ask("GET", "imports")
        #expect(try JSONValue(parsing: Array(list.body.utf8))["data"]?.array?.count == 1)
        #expect(try await room.ask("DELETE", "imports/\(id)").status == 204)
        await #expect(throws: CRMError.self) { try await room.ask("GET", "imports/\(id)") }
    }

    @Test("nonsense gets a clear answer", arguments: [
        ("POST", "imports", "", ""), ("POST", "imports", "a,b\n", "pieces"), ("POST", "imports", "a\n1\n", "nothings"),
        ("POST", "imports", "a,\"b\n", "pieces"), ("GET", "imports/99", "", ""), ("GET", "imports/abc", "", ""),
        ("PUT", "imports", "", ""),
    ])
    func nonsense(method: String, path: String, body: String, entity: String) async throws {
        let room = try await StockRoom()
        await #expect(throws: CRMError.self) { try await room.ask(method, path, body: body, query: [("entity", entity)]) }
    }

    @Test("a plan with nonsense names each part", arguments: [
        (#"{"mapping": {"nope": "title"}}"#, "mapping"), (#"{"mapping": {"title": "nope"}}"#, "mapping"), (#"{"mode": "x"}"#, "mode"),
        (#"{"date_formats": {"title": "?"}}"#, "date_formats"), (#"{"multipliers": {"title": 0}}"#, "multipliers"),
        (#"{"colour": 1}"#, "colour"), (#"{"currency": "EURO"}"#, "currency"), (#"{"bad_rows": 1}"#, "bad_rows"),
    ])
    func badPlan(plan: String, field: String) async throws {
        let room = try await StockRoom()
        let error: CRMError? = await #expect(throws: CRMError.self) { try await room.upload("title\nA\n", plan) }
        #expect(error?.problems.map(\.field) == [field])
    }
}
