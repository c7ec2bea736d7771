import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// A long file and the others who want to write meanwhile: they have their turns, and the file is stored as a whole or not at all.
@Suite struct ImportTurnsTests {
    private func rows(_ count: Int, _ row: (Int) -> String = { "piece \($0),c\($0),1," }) -> String {
        "title,code,stock,part of\n" + (0..<count).map { row($0) + "\n" }.joined()
    }

    private func ledger(_ room: StockRoom) async throws -> Int64? {
        try await room.store.engine.read { try $0.integer("SELECT count(*) FROM tenon_import_row") }
    }

    private func isAwaited(_ room: StockRoom, evenWithTime: Bool) async throws -> Bool {
        let engine: any Engine = room.store.engine
        return try await engine.read { try engine.othersWait($0, evenWithTime: evenWithTime) }
    }

    /// Where somebody waits: at the server that reads the file, or at another one on the same database.
    enum Waiting: CaseIterable {
        case here, elsewhere
        static var possible: [Waiting] { TemporaryServerDatabase.serverURL == nil ? [.here] : allCases }
    }

    @Test(arguments: [ImportState.checking, .running], Waiting.possible)
    func `somebody who waits for a long file has the turn before it is through`(step: ImportState, waiting: Waiting) async throws {
        let room = try await StockRoom()
        let store: Store = waiting == .here ? room.store : Store(engine: try room.database.reopened(), clock: room.clock, registry: room.store.registry)
        let record: ImportRecord = try await room.upload(rows(1_500))
        // The first time, a row is held up until somebody has waited for long; the second time, until that one is through.
        struct Scene {
            var asked: ContinuousClock.Instant?
            var passes = 0
            var isServed = false
        }
        let scene = Mutex(Scene())
        let held = Atomic<Bool>(false)
        room.gate.wait(until: {
            held.store(true, ordering: .relaxed)
            return scene.withLock { scene in
                let isOver: Bool = scene.passes == 0 ? scene.asked.map { ContinuousClock.now - $0 > .seconds(1) } ?? false : scene.isServed
                if isOver { scene.passes += 1 }
                return isOver
            }
        })
        _ = try await room.importer.begin(step, record.id, actor: room.actor())
        while !held.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(2)) }
        scene.withLock { $0.asked = .now }
        try await store.write(as: room.actor()) { tx in
            var piece: RecordData = try tx.blank("piece")
            piece["title"] = .text("Somebody's")
            _ = try tx.save("piece", piece)
        }
        #expect(scene.withLock { $0.passes } == 1)
        scene.withLock { $0.isServed = true }

        let done: ImportRecord = try await room.importer.wait(record.id, actor: room.actor())
        // What has been tried is not tried once more, only stored.
        #expect(scene.withLock { $0.passes } == (step == .running ? 2 : 1))
        #expect(done.counts == ImportRecord.Counts(total: 1_500, done: 1_500, created: 1_500), "\(done.error ?? "")")
        guard step == .running else {
            #expect(done.state == .checked)
            #expect(try await room.titles() == ["Somebody's"])
            return
        }
        #expect(done.state == .done)
        #expect(try await room.titles().count == 1_501)
        // It is one change, and one way back.
        let changes: Int64? = try await room.store.engine.read { try $0.integer("SELECT count(*) FROM tenon_change_set WHERE kind = 'import'") }
        #expect(changes == 1)
        #expect(try await room.finish(.reverting, done).state == .reverted)
        #expect(try await room.titles() == ["Somebody's"])
        #expect(try await ledger(room) == 0)
    }

    @Test func `tried in pieces, a file has the same problems as tried at once`() async throws {
        let room = try await StockRoom()
        try await room.add("maker", ["name": .text("Acme")])
        try await room.add("piece", ["title": .text("Old"), "code": .text("old")])
        let text: String = rows(1_700) { row in
            switch row {
            case 7: "points down,p7,1,piece 1600"
            case 20: "points nowhere,p20,1,Nothing"
            case 30: "forbidden,f,1,"
            case 700: "twice,c3,1,"
            case 900: "cursed,x,1,"
            case 1_200: "known,old,1,"
            case 1_300: "short,1"
            case 1_500: "much,m,2000,"
            case 1_650: "points up,p1650,1,points down"
            case 1_690: "thrice,c3,1,"
            default: "piece \(row),c\(row),1,"
            }
        }
        let record: ImportRecord = try await room.upload(text)
        let whole: ImportRecord = try await room.finish(.checking, record)
        let pieces: ImportPass = try await room.importer.triedInPieces(record, ImportProgress(total: record.counts.total), room.actor())
        #expect(pieces.counts == whole.counts)
        #expect(whole.counts.failed == 8)
        func told(_ faults: [RowFault]) -> [String] { faults.sorted { $0.row < $1.row }.map { "\($0.row) \($0.text)" } }
        #expect(told(pieces.faults) == told(whole.details.faults))
        #expect(told(pieces.faults).contains("702 code: is the same as in row 5 of this file"))
        #expect(try await room.titles() == ["Old"])
        let audit: Int64? = try await room.store.engine.read { try $0.integer("SELECT count(*) FROM tenon_audit WHERE entity = 'piece'") }
        #expect(audit == 1)
    }

    @Test func `records that a file makes for unknown names are made once, however it is tried`() async throws {
        let room = try await StockRoom()
        let text: String = "title,maker\n" + (0..<1_100).map { "piece \($0),Maker \($0 % 3)\n" }.joined()
        let record: ImportRecord = try await room.upload(text, #"{"unknown_references": "create"}"#)
        let pass: ImportPass = try await room.importer.triedInPieces(record, ImportProgress(total: 1_100), room.actor())
        #expect(pass.counts == ImportRecord.Counts(total: 1_100, done: 1_100, created: 1_100))
        var stored: ImportRecord = record
        try await room.importer.storeInPieces(&stored, ImportProgress(total: 1_100), room.actor())
        #expect(stored.state == .done && stored.counts.created == 1_100)
        let makers: Int64? = try await room.store.engine.read { try $0.integer("SELECT count(*) FROM maker") }
        #expect(makers == 3)
    }

    @Test func `a row that turns bad while a file is stored in pieces keeps all of it out`() async throws {
        let room = try await StockRoom()
        try await room.add("piece", ["title": .text("Old"), "code": .text("c1400"), "stock": .integer(3)])
        var record: ImportRecord = try await room.upload(rows(1_600))
        try await room.importer.storeInPieces(&record, ImportProgress(total: 1_600), room.actor())
        #expect(record.state == .failed)
        #expect(record.error == "1 row is not valid, so nothing was stored")
        #expect(record.counts.created == 0 && record.counts.failed == 1 && !record.canRevert)
        #expect(record.details.faults.map(\.row) == [1_402])
        #expect(try await room.titles() == ["Old"])
        #expect(try await ledger(room) == 0)
    }

    @Test func `a file that was cut off in the middle is taken back at the next start`() async throws {
        let room = try await StockRoom()
        var record: ImportRecord = try await room.upload(rows(700))
        // As a process leaves it that died after the first piece.
        let cut: ImportRecord = try await room.run(rows(500) { "half \($0),h\($0),1," }, #"{"bad_rows": "skip"}"#)
        record.state = .running
        record.counts.created = 500
        let left: ImportRecord = record
        try await room.store.engine.write { connection in
            try connection.execute("UPDATE tenon_import_row SET import_id = ? WHERE import_id = ?", [.integer(left.id), .integer(cut.id)])
            try ImportLedger.update(left, connection)
        }
        try await room.importer.recover(rights: room.rights)
        let found: ImportRecord = try await room.importer.wait(record.id, actor: room.actor())
        #expect(found.state == .failed && found.error == "was stopped, so nothing was stored")
        #expect(found.counts.created == 0)
        #expect(try await room.titles() == [])
        #expect(try await room.finish(.running, found).counts.created == 700)
    }

    @Test func `what was interrupted is looked for when nobody writes, and what has begun meanwhile is not taken for it`() async throws {
        let room = try await StockRoom()
        let first: ImportRecord = try await room.upload(rows(1_500))
        let second: ImportRecord = try await room.upload(rows(20) { "other \($0),o\($0),1," })
        // A row is held up until the second import stands in line as well.
        let isHeld = Atomic<Bool>(false)
        let goesOn = Atomic<Bool>(false)
        room.gate.wait(until: {
            isHeld.store(true, ordering: .relaxed)
            return goesOn.load(ordering: .relaxed)
        })
        _ = try await room.importer.begin(.running, first.id, actor: room.actor())
        while !isHeld.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(2)) }
        async let looking: Void = room.importer.recover(rights: room.rights)
        // However soon it stands in line, nobody gives way to it.
        for _ in 0..<50 {
            #expect(try await !isAwaited(room, evenWithTime: true))
            try await Task.sleep(for: .milliseconds(2))
        }
        async let beginning = room.importer.begin(.running, second.id, actor: room.actor())
        while try await !isAwaited(room, evenWithTime: false) { try await Task.sleep(for: .milliseconds(2)) }
        goesOn.store(true, ordering: .relaxed)
        _ = try await beginning
        try await looking
        let done: [ImportRecord] = [try await room.importer.wait(first.id, actor: room.actor()), try await room.importer.wait(second.id, actor: room.actor())]
        #expect(done.map(\.state) == [.done, .done] && done.map(\.counts.created) == [1_500, 20], "\(done.map(\.error))")
    }

    @Test func `taking back that was stopped in the middle goes on where it was`() async throws {
        let room = try await StockRoom()
        try await room.add("piece", ["title": .text("Old"), "code": .text("c3"), "stock": .integer(7)])
        let done: ImportRecord = try await room.run(rows(1_600), #"{"mode": "both", "match": "code"}"#)
        #expect(done.counts.created == 1_599 && done.counts.updated == 1)
        _ = try await room.importer.begin(.reverting, done.id, actor: room.actor())
        while try await room.importer.find(done.id, actor: room.actor()).counts.done < 600 { try await Task.sleep(for: .milliseconds(2)) }
        let stopped: ImportRecord = try await room.importer.cancel(done.id, actor: room.actor())
        #expect(stopped.state == .done && stopped.error == "was stopped before all of it was taken back; take it back again to go on")
        let left: Int = try await room.titles().count
        #expect(left > 1 && left < 1_600)
        let taken: ImportRecord = try await room.finish(.reverting, stopped)
        #expect(taken.state == .reverted && taken.error == nil && taken.details.faults.isEmpty)
        let pieces: [RecordData] = try await room.pieces()
        #expect(pieces.map { $0["title"] } == [.text("Old")] && pieces.map { $0["stock"] } == [.integer(7)])
    }

    @Test func `whoever only tries a file out has nothing to read of it, nor anybody whom it would concern`() async throws {
        let room = try await StockRoom()
        let text: String = "title,stock,assigned to\nA,1,Carl\nB,x,Carl\n"
        let checked: ImportRecord = try await room.finish(.checking, room.upload(text))
        #expect(checked.state == .checked)
        _ = try await room.importer.triedInPieces(checked, ImportProgress(total: 2), room.actor())
        let notices: Int64? = try await room.store.engine.read { try $0.integer("SELECT count(*) FROM tenon_notification") }
        #expect(notices == 0)
        // A run tells whoever began it, and the owner.
        _ = try await room.run("title,stock,assigned to\nA,1,Carl\n")
        let told: [Int64] = try await room.store.engine.read { try $0.all("SELECT user_id FROM tenon_notification ORDER BY user_id") { $0.integer(0) } }
        #expect(told == [StockRoom.boss, StockRoom.clerk])
    }
}
