import PluginAPI
import Testing

@testable import Kernel

@Suite struct ContinuationTests {
    private let household: Household
    private let chore: EntityModel
    private let remark: EntityModel

    init() async throws {
        household = try await Household()
        chore = try household.registry.require("chore")
        remark = try household.registry.require("remark")
    }

    /// A chore with a history, and a remark whose timeline goes on from it.
    private func continued(as user: Int64 = Household.boss) async throws -> (chore: RecordID, remark: RecordID) {
        let old = try await household.chore("Rake", ["cost": .money("5.00")], as: user)
        try await household.write(as: user) { _ = try $0.addNote("chore", old, "Bring gloves") }
        try await household.change(old, ["title": .text("Rake well")], as: user)
        let new = try await household.add("remark", ["text": .text("Done"), "chore": .link(old)])
        let entity = remark
        try await household.write { tx in
            let (from, to) = (try tx.transaction.find(Chore.self, old), try tx.transaction.find(Remark.self, new))
            try tx.transaction.continueTimeline(from: from, to: to)
            try tx.transaction.continueTimeline(from: from, to: to)
            _ = try tx.addNote(entity, new, "All done")
        }
        return (old, new)
    }

    private func trail(_ entity: EntityModel, _ id: RecordID, as user: Int64 = Household.boss, before: Int64? = nil, limit: Int = 50) async throws -> [AuditEntry] {
        try await household.read(as: user) { try $0.timeline(entity, id, before: before, limit: limit) }
    }

    @Test func `the follower shows its own entries and those of the record that it follows, newest first`() async throws {
        let (old, new) = try await continued()
        let entries = try await trail(remark, new)
        #expect(entries.map { "\($0.entity.name) \($0.action)" } == [
            "remark note_added", "remark created", "chore updated", "chore note_added", "chore created",
        ])
        #expect(entries.compactMap { $0.note?.text } == ["All done", "Bring gloves"])
        // The one that is followed shows nothing of its follower.
        #expect(try await trail(chore, old).count == 3)
    }

    @Test func `its pages follow one another without a gap`() async throws {
        let (_, new) = try await continued()
        let all = try await trail(remark, new).map(\.id)
        var paged: [Int64] = []
        while true {
            let page = try await trail(remark, new, before: paged.last, limit: 2).map(\.id)
            if page.isEmpty { break }
            paged += page
        }
        #expect(paged == all)
    }

    @Test func `the entries are there for those alone who may see the record that they are of, without its hidden fields`() async throws {
        let (_, new) = try await continued()
        // Remarks are everyone's; the chore is the boss's own.
        #expect(try await trail(remark, new, as: Household.anna).allSatisfy { $0.entity.name == "remark" })
        let (_, anna) = try await continued(as: Household.anna)
        #expect(try await trail(remark, anna, as: Household.anna).contains { $0.entity.name == "chore" })
        // Ben sees the chores of his team, but no costs.
        let seen = try await trail(remark, anna, as: Household.ben).filter { $0.entity.name == "chore" }
        #expect(seen.map(\.action) == ["updated", "note_added", "created"])
        #expect(!seen.flatMap(\.changes).contains { $0.field == "cost" })
    }

    @Test func `it goes over several steps, and in a circle without end`() async throws {
        let ids = [try await household.chore("One"), try await household.chore("Two"), try await household.chore("Three")]
        try await household.write { tx in
            for (from, to) in [(0, 1), (1, 2), (2, 0)] { try tx.continueTimeline(from: ("chore", ids[from]), to: ("chore", ids[to])) }
            try tx.continueTimeline(from: ("chore", ids[0]), to: ("chore", ids[0]))
        }
        for id in ids { #expect(try await trail(chore, id).count == 3) }
    }

    @Test func `a record that is gone shows its history to those who see all records`() async throws {
        let (old, new) = try await continued(as: Household.anna)
        try await household.write { tx in
            try tx.delete("remark", new)
            try tx.delete("chore", old)
        }
        let other = try await household.chore("Follower", as: Household.anna)
        try await household.write { try $0.continueTimeline(from: ("chore", old), to: ("chore", other)) }
        #expect(try await trail(chore, other).map(\.action) == ["created", "deleted", "updated", "note_added", "created"])
        #expect(try await trail(chore, other, as: Household.anna).count == 1)
    }

    @Test func `a record that was merged is one with the other, for everyone who sees that one, until that is taken back`() async throws {
        let lost = try await household.chore("Twin")
        try await household.write { _ = try $0.addNote("chore", lost, "Heavy") }
        let kept = try await household.chore("Rake", as: Household.anna)
        let entity = chore
        try await household.write { tx in
            try tx.continueTimeline(entity, lost, entity, kept, asOne: true)
            try tx.delete("chore", lost)
        }
        #expect(try await trail(chore, kept, as: Household.anna).map(\.action) == ["deleted", "created", "note_added", "created"])
        #expect(try await household.read(as: Household.anna) { try $0.notes(entity, kept) }.map(\.text) == ["Heavy"])
        try await household.write { try $0.separate(entity, lost) }
        #expect(try await trail(chore, kept, as: Household.anna).count == 1)
        #expect(try await household.read(as: Household.anna) { try $0.notes(entity, kept) }.isEmpty)
    }
}
