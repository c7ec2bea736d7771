import PluginAPI
import Testing

@testable import Kernel

/// The newest records, which the search index of the embedded engine does not have yet.
@Suite("The newest records in a search")
struct SQLiteSearchTailTests {
    private func found(_ household: Household, _ text: String) async throws -> [String] {
        let entity: EntityModel = try household.registry.require("chore")
        return try await household.read { try $0.newest(entity, text, limit: 1000).map { $0["title"].text } }
    }

    private func indexed(_ household: Household) async throws -> Int64 { try await household.rows("tenon_search_chore") }

    @Test("The index takes them in by the hundred, and all are found at all times")
    func takenIn() async throws {
        let household = try await Household()
        guard household.engine.dialect.kind == .sqlite else { return }
        var (titles, most): ([String], Int64) = ([], 0)
        for number in 1...300 {
            titles.insert("Sweep \(number)", at: 0)
            try await household.chore("Sweep \(number)")
            most = max(most, Int64(number) - (try await indexed(household)))
            if number % 50 == 0 { #expect(try await found(household, "sweep") == titles) }
        }
        #expect(most == SQLiteSearchTail.most - 1)
        #expect(try await indexed(household) == 256)
        #expect(try await found(household, "eep 300") == ["Sweep 300"])
    }

    @Test("What changes, goes and comes back is found as it stands, in the index and after it")
    func changes() async throws {
        let household = try await Household()
        let dialect: any Dialect = household.engine.dialect
        guard dialect.kind == .sqlite else { return }
        var ids: [RecordID] = []
        for number in 1...6 {
            ids.append(try await household.chore("Sweep \(number)"))
            if number == 3 { try await household.indexAll() }
        }
        try await household.change(ids[1], ["title": .text("Mop 2")])
        try await household.change(ids[4], ["title": .text("Mop 5")])
        #expect(try await found(household, "mop") == ["Mop 5", "Mop 2"])
        #expect(try await found(household, "sweep") == ["Sweep 6", "Sweep 4", "Sweep 3", "Sweep 1"])
        let entity: EntityModel = try household.registry.require("chore")
        let columns: [String] = entity.searchFields.map(\.name)
        let (first, third, last) = (ids[0], ids[2], ids[5])
        for id in [first, last] { try await household.write { try $0.delete("chore", id) } }
        #expect(try await found(household, "sweep") == ["Sweep 4", "Sweep 3"])
        // One that the index would have had, put back under its number; and the last entry of the index gone.
        try await household.engine.write { connection in
            try connection.execute(
                "INSERT INTO chore (id, version, created_at, updated_at, title) SELECT ?, 1, created_at, updated_at, 'Sweep 1' FROM chore LIMIT 1",
                [.integer(first.raw)])
            let texts: [String?] = columns.map { $0 == "title" ? "Sweep 1" : nil }
            try dialect.index(connection, table: "chore", columns: columns, id: first.raw, texts: texts, isNew: true)
            try dialect.unindex(connection, table: "chore", id: third.raw)
        }
        #expect(try await found(household, "sweep") == ["Sweep 4", "Sweep 3", "Sweep 1"])
        let faults: SearchFaults = try await household.engine.read { try dialect.searchFaults($0, table: "chore", columns: columns) }
        #expect(faults == SearchFaults())
        try await household.indexAll()
        #expect(try await found(household, "sweep") == ["Sweep 4", "Sweep 3", "Sweep 1"])
    }

    @Test("Records that the index should have had long ago are a fault")
    func fault() async throws {
        let household = try await Household()
        let dialect: any Dialect = household.engine.dialect
        guard dialect.kind == .sqlite else { return }
        for number in 1...130 { try await household.chore("Sweep \(number)") }
        let columns: [String] = try household.registry.require("chore").searchFields.map(\.name)
        try await household.engine.write { try $0.execute("DELETE FROM tenon_search_chore") }
        let faults: SearchFaults = try await household.engine.read { try dialect.searchFaults($0, table: "chore", columns: columns) }
        #expect(faults.other == "130 records are not in it")
        #expect(try await found(household, "eep 130") == ["Sweep 130"])
    }
}
