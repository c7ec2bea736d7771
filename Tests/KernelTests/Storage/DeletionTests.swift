import PluginAPI
import Testing

@testable import Kernel

@Suite struct DeletionTests {
    @Test func `what goes leaves its trail and nothing else`() async throws {
        let household = try await Household()
        let entity = try household.registry.require("chore")
        let id = try await household.chore("Sweep", ["points": .integer(3)])
        try await household.write { try $0.delete("chore", id) }
        #expect(try await household.find(id) == nil)
        #expect(try await household.searchEntries() == 0)
        let trail = try await household.read { try $0.timeline(entity, id) }
        #expect(trail.map(\.action) == ["deleted", "created"])
        #expect(trail[0].changes.contains { $0.field == "points" && $0.old == .integer(3) && $0.new == .null })
        #expect(await failure { _ = try await household.read(as: Household.anna) { try $0.timeline(entity, id) } }?.code == .notFound)
        #expect(await failure { _ = try await household.read { try $0.timeline(entity, RecordID(77)) } }?.code == .notFound)
        let next = try await household.chore("Next")
        #expect(next > id, "an id is never used twice")
    }

    @Test func `records that need it keep a record from going, and are counted`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep")
        for name in ["a", "b"] { try await household.add("receipt", ["name": .text(name), "chore": .link(id)], as: Household.carl) }
        let refusal = await failure { try await household.write { try $0.delete("chore", id) } }
        #expect(refusal?.code == .refused)
        #expect(refusal?.message == "the chore is still used by 2 receipts")
        #expect(try await household.find(id) != nil)
    }

    @Test func `a refused deletion leads to the records in its way, of which each user learns no more than they may see`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep", as: Household.anna)
        try await household.add("receipt", ["name": .text("a"), "chore": .link(id)], as: Household.anna)
        for name in ["b", "c"] { try await household.add("receipt", ["name": .text(name), "chore": .link(id)], as: Household.carl) }
        let boss = await failure { try await household.write { try $0.delete("chore", id) } }
        #expect(boss?.message == "the chore is still used by 3 receipts")
        #expect(boss?.links.map(\.title) == ["3 receipts"])
        #expect(boss?.links.map(\.href) == ["/admin/receipts?chore=\(id)"])
        let anna = await failure { try await household.write(as: Household.anna) { try $0.delete("chore", id) } }
        #expect(anna?.message == "the chore is still used by 1 receipt and others that you may not see")
        #expect(anna?.links.map(\.title) == ["1 receipt"])

        let other = try await household.chore("Wash", as: Household.anna)
        try await household.add("receipt", ["name": .text("d"), "chore": .link(other)], as: Household.carl)
        let blind = await failure { try await household.write(as: Household.anna) { try $0.delete("chore", other) } }
        #expect(blind?.message == "the chore is still used by records that you may not see")
        #expect(blind?.links.isEmpty == true)
    }

    @Test func `a rule's links are told with a title, and only to those who may see what they lead to`() async throws {
        let household = try await Household()
        let own = try await household.chore("Sweep", as: Household.anna)
        let foreign = try await household.chore("Wash", ["assigned_to": .integer(Household.carl)], as: Household.carl)
        let links: [CRMError.Link] = [own, foreign].flatMap { id -> [CRMError.Link] in
            [.init(.record(entity: "chore", id: id)), .init(.merge(entity: "chore", into: id)), .init(.list(entity: "receipt", field: "chore", id: id))]
        }
        func told(_ user: Int64) async -> [String] {
            let refusal = await failure {
                try await household.write(as: user) { tx in
                    _ = tx.withRights(for: "a test")
                    throw CRMError.refused("no", links: links)
                }
            }
            return refusal?.links.map { "\($0.title): \($0.href)" } ?? []
        }
        #expect(await told(Household.anna) == [
            "Chore Sweep: /admin/chores/\(own)", "Merge into Sweep: /admin/chores/\(own)/merge-in",
        ])
        // Carl sees every chore, but may change only his own.
        #expect(await told(Household.carl) == [
            "Chore Sweep: /admin/chores/\(own)", "Chore Wash: /admin/chores/\(foreign)", "Merge into Wash: /admin/chores/\(foreign)/merge-in",
        ])
        #expect(await told(Household.guest).isEmpty)
    }

    @Test func `links are emptied where the field says so, in lists too, and that is in the trail`() async throws {
        let household = try await Household()
        let entity = try household.registry.require("chore")
        let tags = [try await household.add("tag", ["name": .text("a")]), try await household.add("tag", ["name": .text("b")])]
        let first = try await household.chore("First", ["tags": .list(tags)])
        let second = try await household.chore("Second", ["after": .link(first)])
        try await household.write { tx throws in
            try tx.delete("tag", tags[0])
            try tx.delete("chore", first)
        }
        #expect(try await household.find(second)?["after"] == .null)
        #expect(try await household.read { try $0.timeline(entity, first) }.map(\.action) == ["deleted", "updated", "created"])
        #expect(try await household.read { try $0.timeline(entity, second) }.first?.changes.first?.old == .link(first))
    }

    @Test func `what belongs to it goes with it, also what the user cannot see`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep", as: Household.anna)
        let remark = try await household.add("remark", ["text": .text("well"), "chore": .link(id)])
        try await household.add("remark", ["text": .text("indeed"), "chore": .link(id), "answers": .link(remark)])
        try await household.write(as: Household.anna) { try $0.delete("chore", id) }
        #expect(try await household.rows("remark") == 0)
        #expect(try await household.rows("tenon_audit", where: "entity = 'remark' AND action = 'deleted'") == 2)
    }

    @Test func `records that point at each other in a circle all go`() async throws {
        let household = try await Household()
        let chore = try await household.chore("Sweep")
        let first = try await household.add("remark", ["text": .text("1"), "chore": .link(chore)])
        let second = try await household.add("remark", ["text": .text("2"), "chore": .link(chore), "answers": .link(first)])
        try await household.write { tx throws in
            var remark = try #require(try tx.find("remark", first))
            remark["answers"] = .link(second)
            _ = try tx.save("remark", remark)
            var own = try #require(try tx.find("chore", chore))
            own["after"] = .link(chore)
            _ = try tx.save("chore", own)
            try tx.delete("remark", first)
        }
        #expect(try await household.rows("remark") == 0)
        try await household.write { try $0.delete("chore", chore) }
        #expect(try await household.rows("chore") == 0)
    }

    @Test func `a module may keep a record, with its reason`() async throws {
        let household = try await Household()
        let id = try await household.chore("kept")
        let refusal = await failure { try await household.write { try $0.delete("chore", id) } }
        #expect(refusal?.message == "this chore is kept")
        #expect(try await household.find(id) != nil)
        #expect(await failure { try await household.write { try $0.delete("chore", RecordID(99)) } }?.code == .notFound)
    }
}
