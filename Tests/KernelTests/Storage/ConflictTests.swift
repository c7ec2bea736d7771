import PluginAPI
import Testing

@testable import Kernel

@Suite struct ConflictTests {
    @Test func `changes of different fields from the same version are brought together`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep", ["points": .integer(1)])
        let seen = try #require(try await household.find(id))
        try await household.change(id, ["points": .integer(2)])
        let saved = try await household.write { tx throws in
            var mine = seen
            mine["notes"] = .text("mine")
            return try tx.save("chore", mine)
        }
        #expect(saved.version == 3)
        #expect(saved["points"] == .integer(2))
        #expect(saved["notes"] == .text("mine"))
    }

    @Test func `a field that both changed is told with what it was, what is stored and what was to be saved`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep", ["points": .integer(1), "due": .day("2026-05-01")])
        let seen = try #require(try await household.find(id))
        try await household.change(id, ["points": .integer(2)])
        try await household.change(id, ["points": .integer(3), "due": .day("2026-06-01")])
        let refusal = await failure {
            try await household.write { tx throws in
                var mine = seen
                mine["points"] = .integer(9)
                mine["due"] = .day("2026-06-01")
                mine["notes"] = .text("lost?")
                _ = try tx.save("chore", mine)
            }
        }
        #expect(refusal?.code == .conflict)
        #expect(refusal?.conflicts == [FieldConflict(field: "points", original: .integer(1), stored: .integer(3), yours: .integer(9))])
        #expect(try await household.find(id)?["notes"] == .null)
    }

    @Test func `a form that was opened at an older version is compared with that version`() async throws {
        let household = try await Household()
        let entity = try household.registry.require("chore")
        let id = try await household.chore("Sweep", ["points": .integer(1), "tags": .list([])])
        try await household.change(id, ["points": .integer(2), "title": .text("Sweep well")])
        try await household.write { tx throws in
            var form = try tx.record(entity, id, asOf: 1)
            #expect(form["title"] == .text("Sweep"))
            form["notes"] = .text("still fine")
            let saved = try tx.save("chore", form)
            #expect(saved["title"] == .text("Sweep well"))
            #expect(saved["notes"] == .text("still fine"))
        }
        for version: Int64 in [0, 9, -1] {
            let refusal = await failure { _ = try await household.read { try $0.record(entity, id, asOf: version) } }
            #expect(refusal?.code == .conflict, "\(version)")
        }
    }
}
