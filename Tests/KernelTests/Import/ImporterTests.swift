import PluginAPI
import Testing

@testable import Kernel

@Suite("Importing a file")
struct ImporterTests {
    @Test("a file is stored with its days, amounts and references")
    func stored() async throws {
        let room = try await StockRoom()
        try await room.add("maker", ["name": .text("Acme")], ["name": .text("Bolt & Co")])
        let done: ImportRecord = try await room.run("""
            Piece ID;Price;Bought on;Maker;Other makers;Assigned to
            Lamp;1.234,50 €;31.12.2025;acme;Acme, Bolt & Co;Carl
            Table;7,00;01.02.2026;;;carl@example.org
            """)
        #expect(done.state == .done)
        #expect(done.counts == ImportRecord.Counts(total: 2, done: 2, created: 2))
        let pieces: [RecordData] = try await room.pieces()
        #expect(pieces.map { $0["title"] } == [.text("Lamp"), .text("Table")])
        #expect(pieces.map { $0["price"] } == [.money(Money(minor: 123_450, .eur)), .money(Money(minor: 700, .eur))])
        #expect(pieces.map { $0["bought_on"].description } == ["2025-12-31", "2026-02-01"])
        #expect(pieces[0]["maker"] == .integer(1))
        #expect(pieces[0]["other_makers"] == .list([RecordID(1), RecordID(2)]))
        #expect(pieces.map { $0["assigned_to"] } == [.integer(StockRoom.clerk), .integer(StockRoom.clerk)])
    }

    @Test("one bad row keeps all of the file out, and every bad row is named")
    func allOrNothing() async throws {
        let room = try await StockRoom()
        try await room.add("maker", ["name": .text("Acme")])
        let done: ImportRecord = try await room.run("""
            title,price,stock,maker
            Good,5,1,Acme
            Bad price,cheap,1,Acme
            Bad maker,5,1,Acmee
            Bad stock,5,2000,
            short,1
            forbidden,1,1,
            cursed,1,1,
            ,1,1,
            """)
        #expect(done.state == .failed)
        #expect(done.error == "7 rows are not valid, so nothing was stored")
        #expect(try await room.titles() == [])
        #expect(done.details.faults.map { "\($0.row) \($0.text)" } == [
            "3 price: “cheap” is not a number",
            "4 maker: there is no maker “Acmee”, did you mean “Acme”?",
            "5 stock: must be from 0 to 1000",
            "6 has 2 cells where the header has 4",
            "7 title: may not be called so",
            "8 the piece is cursed",
            "9 title: is required",
        ])
        let answer = try await room.ask("GET", "imports/\(done.id)/problems.csv")
        #expect(try csvRows(answer.body)[0] == ["title", "price", "stock", "maker", "Import line", "Import problem"])
        #expect(try csvRows(answer.body).count == 8)
    }

    @Test("a dry run tells the same and stores nothing")
    func dryRun() async throws {
        let room = try await StockRoom()
        let record: ImportRecord = try await room.upload("title,stock\nA,1\nB,x\n")
        let checked: ImportRecord = try await room.finish(.checking, record)
        #expect(checked.state == .checked)
        #expect(checked.counts == ImportRecord.Counts(total: 2, done: 2, created: 1, failed: 1))
        #expect(checked.details.faults.map(\.row) == [3])
        #expect(try await room.titles() == [])
        let audit: Int64? = try await room.store.engine.read { try $0.integer("SELECT count(*) FROM tenon_audit") }
        #expect(audit == 0)
    }

    @Test("where asked, the good rows are stored and the bad ones handed back")
    func skipping() async throws {
        let room = try await StockRoom()
        var text: String = "title,stock\n"
        for row in 2...1500 { text += row % 100 == 0 ? "bad \(row),x\n" : "piece \(row),1\n" }
        let done: ImportRecord = try await room.run(text, #"{"bad_rows": "skip"}"#)
        #expect(done.state == .done)
        #expect(done.counts == ImportRecord.Counts(total: 1499, done: 1499, created: 1484, failed: 15))
        #expect(done.details.faults.map(\.row) == Array(stride(from: 100, through: 1500, by: 100)))
        #expect(try await room.titles().count == 1484)
    }

    @Test("records are found again by the match field and updated")
    func updating() async throws {
        let room = try await StockRoom()
        _ = try await room.run("title,code,stock\nA,x1,1\nB,x2,2\n")
        let done: ImportRecord = try await room.run(
            "code,title,stock\nX1,A,5\nx2,B,\nx3,C,3\n", #"{"mode": "both", "match": "code"}"#)
        #expect(done.counts == ImportRecord.Counts(total: 3, done: 3, created: 1, updated: 1, unchanged: 1))
        let pieces: [RecordData] = try await room.pieces()
        #expect(pieces.map { $0["stock"] } == [.integer(5), .integer(2), .integer(3)])
        let strict: ImportRecord = try await room.run("code,stock\nx9,1\n", #"{"mode": "update", "match": "code"}"#)
        #expect(strict.state == .failed)
        #expect(strict.details.faults.map(\.text) == ["code: there is no such piece"])
        let clearing: ImportRecord = try await room.run(
            "code,stock\nx2,\n", #"{"mode": "update", "match": "code", "empty_cells_clear": true}"#)
        #expect(clearing.counts.updated == 1)
        #expect(try await room.pieces()[1]["stock"] == .null)
    }

    @Test("a row may point at one that comes later in the file")
    func forwardReferences() async throws {
        let room = try await StockRoom()
        let done: ImportRecord = try await room.run("title,part of\nBulb,Socket\nSocket,Lamp\nLamp,\n")
        #expect(done.counts.created == 3)
        let pieces: [RecordData] = try await room.pieces()
        let byTitle: [String: RecordData] = Dictionary(uniqueKeysWithValues: pieces.map { ($0["title"].text, $0) })
        #expect(byTitle["Bulb"]?["parent"] == byTitle["Socket"].map { .integer($0.id.raw) })
        #expect(byTitle["Socket"]?["parent"] == byTitle["Lamp"].map { .integer($0.id.raw) })
        let lost: ImportRecord = try await room.run("title,part of\nScrew,Nowhere\n")
        #expect(lost.details.faults.map(\.text) == ["part of: there is no piece “Nowhere”"])
    }

    @Test("unknown names can be left out or made")
    func unknownNames() async throws {
        let room = try await StockRoom()
        let left: ImportRecord = try await room.run("title,maker\nA,New\n", #"{"unknown_references": "leave-empty"}"#)
        #expect(left.counts.created == 1)
        #expect(try await room.pieces()[0]["maker"] == .null)
        let made: ImportRecord = try await room.run("title,maker\nB,New\nC,New\n", #"{"create_missing": ["maker"]}"#)
        #expect(made.counts.created == 2)
        let makers = try await room.store.read(as: room.actor()) { try $0.all("maker", where: .everything, sort: [], limit: 9) }
        #expect(makers.map { $0["name"] } == [.text("New")])
        let taken: ImportRecord = try await room.finish(.reverting, made)
        #expect(taken.state == .reverted)
        #expect(try await room.titles() == ["A"])
        #expect(try await room.store.read(as: room.actor()) { try $0.count("maker", where: .everything) } == 0)
    }

    @Test("of records with the same name the row's other references decide, then the default")
    func sameNames() async throws {
        let room = try await StockRoom()
        try await room.add("maker", ["name": .text("One")], ["name": .text("Two"), "is_default": .boolean(true)])
        try await room.add(
            "shelf", ["name": .text("Top"), "maker": .integer(1)], ["name": .text("Top"), "maker": .integer(2)])
        let done: ImportRecord = try await room.run("title,shelf,maker\nA,Top,One\nB,Top,Two\nC,Top,\n")
        #expect(done.counts.created == 3)
        #expect(try await room.pieces().map { $0["shelf"] } == [.integer(1), .integer(2), .integer(2)])
    }

    @Test("fixed values, translations, multipliers and parts of the row")
    func planDetails() async throws {
        let room = try await StockRoom()
        try await room.add("maker", ["name": .text("Acme")])
        let plan: String = """
            {"mapping": {"what": "title", "cost": "price", "who": "maker", "title": null}, "multipliers": {"cost": 1000},
             "translations": {"who": {"ACM": "Acme"}}, "currency": "USD", "fixed": {"code": "{what|slug}-{title}", "stock": "7"}}
            """
        let done: ImportRecord = try await room.run("what,cost,who,title\nBig Lamp,1.5,ACM,x\n", plan)
        #expect(done.counts.created == 1)
        let piece: RecordData = try #require(try await room.pieces().first)
        #expect(piece["title"] == .text("Big Lamp"))
        #expect(piece["price"] == .money(Money(minor: 150_000, .usd)))
        #expect(piece["maker"] == .integer(1))
        #expect(piece["code"] == .text("big.lamp-x"))
        #expect(piece["stock"] == .integer(7))
    }

    @Test("an import is taken back as a whole, and what others changed since is kept")
    func reverting() async throws {
        let room = try await StockRoom()
        try await room.add("piece", ["title": .text("Old"), "code": .text("o"), "stock": .integer(1)])
        let done: ImportRecord = try await room.run(
            "code,title,stock,part of\no,Older,2,\nn1,New 1,3,\nn2,New 2,4,New 1\no,Oldest,9,\n", #"{"mode": "both", "match": "code"}"#)
        #expect(done.counts == ImportRecord.Counts(total: 4, done: 4, created: 2, updated: 2))
        try await room.store.write(as: room.actor(StockRoom.boss)) { tx in
            var old: RecordData = try tx.all("piece", where: .compare("code", .equal, .value(.text("o"))), sort: [], limit: 1)[0]
            old["stock"] = .integer(77)
            _ = try tx.save("piece", old)
        }
        let taken: ImportRecord = try await room.finish(.reverting, done)
        #expect(taken.state == .reverted)
        let pieces: [RecordData] = try await room.pieces()
        #expect(pieces.map { $0["title"] } == [.text("Old")])
        #expect(pieces.map { $0["stock"] } == [.integer(77)])
        #expect(taken.details.faults.isEmpty == false)
        await #expect(throws: CRMError.self) { try await room.importer.begin(.reverting, done.id, actor: room.actor()) }
    }

    @Test("a created record that somebody works on is kept and named")
    func revertKeeps() async throws {
        let room = try await StockRoom()
        let done: ImportRecord = try await room.run("title\nA\nB\n")
        try await room.store.write(as: room.actor()) { tx in
            var piece: RecordData = try tx.all("piece", where: .compare("title", .equal, .value(.text("A"))), sort: [], limit: 1)[0]
            piece["secret"] = .text("work")
            _ = try tx.save("piece", piece)
        }
        let taken: ImportRecord = try await room.finish(.reverting, done)
        #expect(taken.details.faults.map(\.message) == ["Piece “A” is kept: has been changed since"])
        #expect(try await room.titles() == ["A"])
    }

    @Test("whoever may not import is refused, and masked fields cannot be filled")
    func rights() async throws {
        let room = try await StockRoom()
        await #expect(throws: CRMError.self) { try await room.upload("title\nA\n", as: StockRoom.guest) }
        let record: ImportRecord = try await room.upload("title,secret\nA,x\n", as: StockRoom.clerk)
        #expect(record.details.plan.columns.map(\.field) == ["title"])
        await #expect(throws: CRMError.self) {
            try await room.importer.change(
                record.id, JSONValue(parsing: Array(#"{"mapping": {"secret": "secret"}}"#.utf8)), actor: room.actor(StockRoom.clerk))
        }
        let done: ImportRecord = try await room.finish(.running, record, as: StockRoom.clerk)
        #expect(done.counts.created == 1)
        await #expect(throws: CRMError.self) { try await room.importer.find(done.id, actor: room.actor(StockRoom.guest)) }
        // Without the right to delete, one's own import can still be taken back.
        #expect(try await room.finish(.reverting, done, as: StockRoom.clerk).state == .reverted)
        #expect(try await room.titles() == [])
    }

    @Test("a user who gets many records is told once")
    func oneNotice() async throws {
        let room = try await StockRoom()
        _ = try await room.run("title,assigned to\nA,Carl\nB,Carl\nC,Berta\n")
        let notices: [String] = try await room.store.engine.read { connection in
            try connection.all("SELECT message FROM tenon_notification WHERE user_id = 2") { $0.text(0) }
        }
        #expect(notices == ["Berta assigned you 2 pieces by an import"])
    }

    @Test("a broken quote keeps the file out before anything is stored")
    func brokenQuote() async throws {
        let room = try await StockRoom()
        var text: String = "title\n"
        for row in 2...6000 { text += row == 5000 ? "\"open\n" : "\"piece \(row)\"\n" }
        let answer: CRMError = await #expect(throws: CRMError.self) { try await room.upload(text) } ?? CRMError(.invalid, "")
        #expect(answer.code == .malformed)
        #expect(answer.message.hasPrefix("line 5000, column 1: "))
        #expect(try await room.importer.list(actor: room.actor()).isEmpty)
    }

    @Test("days that can be read in two ways are asked about before a run")
    func questions() async throws {
        let room = try await StockRoom()
        let record: ImportRecord = try await room.upload("title,bought on\nA,1/2/2026\n")
        let error: CRMError? = await #expect(throws: CRMError.self) {
            try await room.importer.begin(.running, record.id, actor: room.actor())
        }
        #expect(error?.problems.map(\.field) == ["bought_on"])
        let answered = try await room.ask(
            "POST", "imports/\(record.id)/run", body: #"{"date_formats": {"bought on": "D/M/Y"}}"#, query: [("wait", "true")])
        #expect(answered.status == 200)
        #expect(try await room.pieces().map { $0["bought_on"].description } == ["2026-02-01"])
    }

    @Test("an import that was cut off is told as interrupted, and goes on where it stopped")
    func interrupted() async throws {
        let room = try await StockRoom()
        var record: ImportRecord = try await room.upload("title\nA\nB\nC\n", #"{"bad_rows": "skip"}"#)
        // As a process leaves it that died after the first batch.
        let first: RecordData = try await room.store.write(as: room.actor()) { tx in
            var piece: RecordData = try tx.blank("piece")
            piece["title"] = .text("A")
            return try tx.save("piece", piece)
        }
        record.state = .running
        record.counts.created = 1
        let left: ImportRecord = record
        try await room.store.write(as: room.actor()) { tx in
            try ImportLedger.update(left, tx.connection)
            let touch = ImportLedger.Touch(row: 2, entity: "piece", record: first.id, action: .created, version: 1, before: [])
            try ImportLedger.add(touch, to: left.id, tx.connection)
        }
        try await room.importer.recover(rights: room.rights)
        let found: ImportRecord = try await room.importer.find(record.id, actor: room.actor())
        #expect(found.state == .failed)
        #expect(found.error == "was stopped after 1 row; run it again to go on")
        let done: ImportRecord = try await room.finish(.running, found)
        #expect(done.counts == ImportRecord.Counts(total: 3, done: 3, created: 3))
        #expect(try await room.titles() == ["A", "B", "C"])
        #expect(try await room.finish(.reverting, done).state == .reverted)
        #expect(try await room.titles() == [])
    }

    @Test("a run that is stopped leaves nothing, and says so")
    func stopped() async throws {
        let room = try await StockRoom()
        let text: String = "title\n" + (0..<2_000).map { "piece \($0)\n" }.joined()
        let record: ImportRecord = try await room.upload(text)
        let importer: Importer = room.importer
        room.gate.wait(until: { importer.isStopping(record.id) })
        _ = try await importer.begin(.running, record.id, actor: room.actor())
        let stopped: ImportRecord = try await importer.cancel(record.id, actor: room.actor())
        #expect(stopped.state == .failed)
        #expect(stopped.error == "was stopped")
        #expect(try await room.titles() == [])
        await #expect(throws: CRMError.self) { try await importer.cancel(record.id, actor: room.actor()) }
    }

    @Test("a run that stores the good rows stops within a batch, which leaves nothing either")
    func stoppedBatch() async throws {
        let room = try await StockRoom()
        let text: String = "title\n" + (0..<400).map { "piece \($0)\n" }.joined()
        let record: ImportRecord = try await room.upload(text, #"{"bad_rows": "skip"}"#)
        let importer: Importer = room.importer
        room.gate.wait(until: { importer.isStopping(record.id) })
        _ = try await importer.begin(.running, record.id, actor: room.actor())
        let stopped: ImportRecord = try await importer.cancel(record.id, actor: room.actor())
        #expect(stopped.state == .failed)
        #expect(stopped.error == "was stopped")
        #expect(try await room.titles() == [])
    }
}

extension Value {
    var description: String { if case .day(let day) = self { day.description } else { "\(self)" } }
}
