import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Imports where several servers work on one database, each with files of its own.
@Suite(.enabled(if: hasServer, needsServer)) struct PeerImportTests {
    private func importer(_ number: Int64, _ room: StockRoom) -> Importer {
        Importer(
            store: room.store, clock: room.clock, folder: room.database.folder.appendingPathComponent("imports-\(number)").path,
            leases: Leases(engine: room.store.engine, peer: number, length: LeaseTests.length))
    }

    @Test func `a file that one server took in another one tries out, and a third stores`() async throws {
        let room = try await StockRoom()
        let (first, second, third) = (importer(1, room), importer(2, room), importer(3, room))
        let file: [UInt8] = Array("title,stock\nLamp,1\nTable,x\n".utf8)
        let record: ImportRecord = try await first.add(file, fileName: "stock.csv", entity: "pieces", options: CSVOptions(), actor: room.actor())
        _ = try await second.begin(.checking, record.id, actor: room.actor())
        let checked: ImportRecord = try await second.wait(record.id, actor: room.actor())
        #expect(checked.state == .checked && checked.counts.failed == 1)
        // The rows that could not be taken are there wherever somebody asks for them.
        _ = try await third.find(record.id, actor: room.actor())
        #expect(third.files.problems(of: record.id) == second.files.problems(of: record.id))
        _ = try await third.change(record.id, JSONValue(parsing: Array(#"{"bad_rows": "skip"}"#.utf8)), actor: room.actor())
        _ = try await third.begin(.running, record.id, actor: room.actor())
        let done: ImportRecord = try await third.wait(record.id, actor: room.actor())
        #expect(done.state == .done)
        #expect(try await room.titles() == ["Lamp"])
        try await first.remove(record.id, actor: room.actor())
        #expect(try await room.store.engine.read { try $0.integer("SELECT count(*) FROM tenon_import_file") } == 0)
    }

    @Test func `an import of a server that lives is not told as interrupted by one that starts`() async throws {
        let room = try await StockRoom()
        let (first, second) = (importer(1, room), importer(2, room))
        let record: ImportRecord = try await first.add(
            Array("title,stock\nLamp,1\n".utf8), fileName: "stock.csv", entity: "pieces", options: CSVOptions(), actor: room.actor())
        // Under way at a server that has its lease.
        let living = Leases(engine: room.store.engine, peer: 9, length: LeaseTests.length)
        _ = try #require(try await living.claim(Importer.lease(record.id)))
        try await room.store.engine.write { connection in
            guard var busy = try ImportLedger.find(record.id, connection) else { return }
            busy.state = .running
            try ImportLedger.update(busy, connection)
        }
        try await second.recover(rights: room.rights)
        #expect(try await second.find(record.id, actor: room.actor()).state == .running)
        await #expect(throws: CRMError.self) { _ = try await second.begin(.running, record.id, actor: room.actor()) }
        // Its server is gone.
        try await room.store.engine.expire(Importer.lease(record.id))
        try await second.recover(rights: room.rights)
        #expect(try await second.find(record.id, actor: room.actor()).state == .failed)
    }
}
