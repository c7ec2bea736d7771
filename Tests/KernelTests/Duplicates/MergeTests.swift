import PluginAPI
import Testing

@testable import Kernel

@Suite("Merging records") struct MergeTests {
    private func merge(_ house: Household, _ request: MergeRequest, as user: Int64 = Household.boss) async throws -> MergeOutcome {
        let chore = try house.registry.require("chore")
        return try await house.write(as: user) { try $0.merge(chore, request) }
    }

    private func refusal(_ house: Household, _ request: MergeRequest, as user: Int64 = Household.boss) async -> CRMError? {
        do { _ = try await merge(house, request, as: user) } catch { return error as? CRMError }
        return nil
    }

    /// Everything that points at a chore, and where.
    private func pointers(_ house: Household) async throws -> [String] {
        try await house.engine.read { connection in
            var all: [String] = []
            for (table, column) in [("remark", "chore"), ("receipt", "chore"), ("chore", "after")] {
                all += try connection.all("SELECT id, \(column) FROM \(table) WHERE \(column) IS NOT NULL ORDER BY id") {
                    "\(table) \($0.integer(0)) → \($0.integer(1))"
                }
            }
            return all
        }
    }

    @Test func `values are picked field by field, and what points at the others points at the one that is kept`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["points": .integer(1), "contact_email": .text("one@x.example")])
        let two = try await house.chore("two", ["points": .integer(2), "code": .text("B2"), "notes": .text("careful")])
        let three = try await house.chore("three", ["notes": .text("newest words")])
        let next = try await house.chore("next", ["after": .link(two)])
        for id in [two, three] {
            try await house.add("remark", ["text": .text("about \(id)"), "chore": .link(id)])
            try await house.add("receipt", ["name": .text("for \(id)"), "chore": .link(id)])
        }
        let outcome = try await merge(
            house, MergeRequest(survivor: one, others: [two, three], take: ["points": two], values: ["title": .text("both")]))
        let merged = try #require(try await house.find(one))
        #expect(merged["title"] == .text("both"))
        #expect(merged["points"] == .integer(2))
        #expect(merged["contact_email"] == .text("one@x.example"))
        // Nobody decided on these: what the survivor lacks comes from the newest that has it, a unique code included.
        #expect(merged["notes"] == .text("newest words"))
        #expect(merged["code"] == .text("B2"))
        #expect(try await house.find(two) == nil)
        #expect(try await house.find(three) == nil)
        #expect(try await pointers(house) == ["remark 1 → 1", "remark 2 → 1", "receipt 1 → 1", "receipt 2 → 1", "chore \(next) → 1"])
        #expect(try await house.read { try $0.changeSet(outcome.change).title($0.registry) } == "Merged 2 chores into another")
        let deeds = try await house.read { try $0.timeline($0.registry.require("chore"), one).filter { !$0.isMerged }.map(\.action) }
        #expect(deeds == ["merged", "updated", "created"])
    }

    @Test func `a merge can be undone: the others come back with their numbers, and references go back`() async throws {
        let house = try await Household()
        let tags = [try await house.add("tag", ["name": .text("a")]), try await house.add("tag", ["name": .text("b")])]
        let one = try await house.chore("one", ["points": .integer(1), "tags": .list([tags[0]])])
        let two = try await house.chore("two", ["points": .integer(2), "code": .text("B2"), "secret": .text("deep"), "tags": .list([tags[1]]), "after": .link(one)])
        try await house.chore("next", ["after": .link(two)])
        try await house.add("remark", ["text": .text("hm"), "chore": .link(two)])
        try await house.add("receipt", ["name": .text("r"), "chore": .link(two)])
        let before = try await pointers(house)
        let outcome = try await merge(house, MergeRequest(survivor: one, others: [two], take: ["points": two]))
        #expect(try await house.find(one)?["tags"] == .list(tags))
        #expect(try await house.find(one)?["code"] == .text("B2"))
        #expect(try await house.find(one)?["secret"] == .text("deep"))
        #expect(try await pointers(house) != before)

        let report = try await house.write { try $0.takeBack(outcome.change) }
        #expect(report.kept.isEmpty, "\(report.kept)")
        #expect(try await pointers(house) == before)
        let first = try #require(try await house.find(one)), second = try #require(try await house.find(two))
        #expect(first["points"] == .integer(1))
        #expect(first["code"].isEmpty && first["secret"].isEmpty)
        #expect(first["tags"] == .list([tags[0]]))
        #expect(second["title"] == .text("two"))
        #expect(second["code"] == .text("B2"))
        #expect(second["secret"] == .text("deep"))
        #expect(second["tags"] == .list([tags[1]]))
        #expect(second["after"] == .link(one))
    }

    @Test func `history and notes of the others are seen on the one that is kept, and go back with them`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", as: Household.anna), two = try await house.chore("two", as: Household.anna)
        let chore = try house.registry.require("chore")
        _ = try await house.write { try $0.addNote(chore, two, "Call on Monday.") }
        let outcome = try await merge(house, MergeRequest(survivor: one, others: [two]), as: Household.anna)
        try await house.read(as: Household.anna) { tx throws in
            #expect(try tx.notes(chore, one).map(\.text) == ["Call on Monday."])
            let others = try tx.timeline(chore, one).filter(\.isMerged)
            #expect(others.map(\.action) == ["deleted", "note_added", "created"])
        }
        _ = try await house.write(as: Household.anna) { try $0.takeBack(outcome.change) }
        try await house.read(as: Household.anna) { tx throws in
            #expect(try tx.notes(chore, one).isEmpty)
            #expect(try tx.notes(chore, two).map(\.text) == ["Call on Monday."])
            #expect(try tx.timeline(chore, one).allSatisfy { !$0.isMerged })
        }
    }

    @Test func `a reference that somebody moved since the merge stays where it was put`() async throws {
        let house = try await Household()
        let one = try await house.chore("one"), two = try await house.chore("two"), third = try await house.chore("third")
        let moved = try await house.add("remark", ["text": .text("moved on"), "chore": .link(two)])
        let left = try await house.add("remark", ["text": .text("left"), "chore": .link(two)])
        let outcome = try await merge(house, MergeRequest(survivor: one, others: [two]))
        try await house.write { tx in
            var remark = try tx.require(tx.registry.require("remark"), moved)
            remark["chore"] = .link(third)
            _ = try tx.save("remark", remark)
        }
        let report = try await house.write { try $0.takeBack(outcome.change) }
        #expect(report.kept == [.init(entity: "remark", record: moved.raw, field: "chore", message: "was changed again since")])
        #expect(try await pointers(house) == ["remark \(moved) → \(third)", "remark \(left) → \(two)"])
    }

    @Test func `records that point at each other do not point at themselves afterwards`() async throws {
        let house = try await Household()
        let far = try await house.chore("far")
        let one = try await house.chore("one")
        let two = try await house.chore("two", ["after": .link(far)])
        try await house.change(one, ["after": .link(two)])
        let outcome = try await merge(house, MergeRequest(survivor: one, others: [two]))
        #expect(try await house.find(one)?["after"] == .link(far))
        _ = try await house.write { try $0.takeBack(outcome.change) }
        #expect(try await house.find(one)?["after"] == .link(two))
        #expect(try await house.find(two)?["after"] == .link(far))
    }

    @Test func `a field that somebody does not see is not lost by merging, nor can it be asked for`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["assigned_to": .integer(Household.ben)])
        let two = try await house.chore("two", ["assigned_to": .integer(Household.ben), "secret": .text("safe"), "cost": .money("8")])
        let refusal = try #require(await refusal(house, MergeRequest(survivor: one, others: [two], take: ["secret": two]), as: Household.ben))
        #expect(refusal.problems.map(\.message) == ["is not a field of chores"])
        let compared = try await house.read(as: Household.ben) { try $0.comparison($0.registry.require("chore"), [one, two]) }
        #expect(compared.differences.map(\.field.name) == ["title"])
        let outcome = try await merge(house, MergeRequest(survivor: one, others: [two]), as: Household.ben)
        #expect(outcome.record["title"] == .text("one"))
        #expect(try await house.find(one)?["secret"] == .text("safe"))
        #expect(try await house.find(one)?["cost"] == .money("8"))
        _ = try await house.write(as: Household.ben) { try $0.takeBack(outcome.change) }
        #expect(try await house.find(one)?["secret"] == .null)
        #expect(try await house.find(two)?["secret"] == .text("safe"))
    }

    @Test func `who merges must be allowed to change each of them`() async throws {
        let house = try await Household()
        let mine = try await house.chore("mine", ["assigned_to": .integer(Household.carl)])
        let seen = try await house.chore("seen", ["assigned_to": .integer(Household.boss)])
        #expect(await refusal(house, MergeRequest(survivor: mine, others: [seen]), as: Household.carl)?.code == .forbidden)
        #expect(await refusal(house, MergeRequest(survivor: seen, others: [mine]), as: Household.carl)?.code == .forbidden)
        #expect(await refusal(house, MergeRequest(survivor: mine, others: [seen]), as: Household.anna)?.code == .notFound)
        #expect(await refusal(house, MergeRequest(survivor: mine, others: [seen]), as: Household.guest)?.code == .forbidden)
        #expect(try await house.find(seen) != nil)
    }

    @Test func `whoever may change both merges them and takes it back, without the right to delete either`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["assigned_to": .integer(Household.dora)])
        let two = try await house.chore("two", ["assigned_to": .integer(Household.dora), "notes": .text("careful")])
        let refused = await #expect(throws: CRMError.self) { try await house.write(as: Household.dora) { try $0.delete("chore", two) } }
        #expect(refused?.code == .forbidden)
        let outcome = try await merge(house, MergeRequest(survivor: one, others: [two]), as: Household.dora)
        #expect(outcome.record["notes"] == .text("careful"))
        #expect(try await house.find(two) == nil)
        let report = try await house.write(as: Household.dora) { try $0.takeBack(outcome.change) }
        #expect(report.kept.isEmpty, "\(report.kept)")
        #expect(try await house.find(two)?["notes"] == .text("careful"))
        #expect(try await house.find(one)?["notes"] == .null)
        // What was deleted otherwise still takes the right to delete.
        let lone = try await house.write(as: Household.dora) { tx in try tx.mayMerge(tx.registry.require("chore"), one) }
        #expect(lone)
        let others = try await house.chore("others", ["assigned_to": .integer(Household.boss)])
        #expect(try await !house.write(as: Household.dora) { try $0.mayMerge($0.registry.require("chore"), others) })
    }

    @Test func `what points at the others moves even where whoever merges does not see it`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", as: Household.anna), two = try await house.chore("two", as: Household.anna)
        // A receipt of Berta's, which Anna does not see.
        let receipt = try await house.add("receipt", ["name": .text("r"), "chore": .link(two)])
        #expect(try await house.read(as: Household.anna) { try $0.find("receipt", receipt) } == nil)
        let outcome = try await merge(house, MergeRequest(survivor: one, others: [two]), as: Household.anna)
        #expect(try await pointers(house) == ["receipt 1 → \(one)"])
        let told = try await house.read(as: Household.anna) { try $0.touched(by: outcome.change, limit: 9).map(\.entity) }
        #expect(!told.contains("receipt"))
        _ = try await house.write(as: Household.anna) { try $0.takeBack(outcome.change) }
        #expect(try await pointers(house) == ["receipt 1 → \(two)"])
    }

    @Test func `of two merges of the same records at the same moment one wins, and the other is told`() async throws {
        let house = try await Household()
        let one = try await house.chore("one"), two = try await house.chore("two")
        let errors = await withTaskGroup(of: CRMError?.self) { group in
            for turn in 0..<6 {
                let request = turn % 2 == 0 ? MergeRequest(survivor: one, others: [two]) : MergeRequest(survivor: two, others: [one])
                group.addTask { await refusal(house, request) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors.filter { $0 == nil }.count == 1)
        #expect(errors.compactMap { $0?.code }.allSatisfy { $0 == .conflict })
        #expect(errors.compactMap { $0?.message }.allSatisfy { $0.hasSuffix("was merged or deleted by someone else") })
        #expect(try await house.rows("chore") == 1)
        #expect(try await house.rows("tenon_change_set") == 1)
    }

    @Test func `a record that has changed since it was looked at is not merged unseen`() async throws {
        let house = try await Household()
        let one = try await house.chore("one"), two = try await house.chore("two")
        try await house.change(two, ["grade": .integer(3)])
        let refusal = try #require(await refusal(house, MergeRequest(survivor: one, others: [two], versions: [one: 1, two: 1])))
        #expect(refusal.code == .conflict)
        #expect(refusal.message == "chore 2 was changed by someone else")
    }

    @Test func `a rule that keeps a record keeps it from being merged, and nothing is changed`() async throws {
        let house = try await Household()
        let one = try await house.chore("one"), kept = try await house.chore("kept")
        try await house.add("remark", ["text": .text("hm"), "chore": .link(kept)])
        #expect(await refusal(house, MergeRequest(survivor: one, others: [kept]))?.message == "this chore is kept")
        #expect(try await pointers(house) == ["remark 1 → \(kept)"])
        #expect(try await house.rows("tenon_change_set") == 0)
    }

    @Test(arguments: [[], [1], [2, 2], Array(2...11)])
    func `a merge is of two records or more, each once, and of ten at most`(others: [Int64]) async throws {
        let house = try await Household()
        for number in 1...11 { try await house.chore("chore \(number)") }
        let refusal = try #require(await refusal(house, MergeRequest(survivor: RecordID(1), others: others.map { RecordID($0) })))
        #expect(refusal.code == (others.count > 9 ? .tooLarge : .invalid))
    }

    @Test func `plugins hear of a merge`() async throws {
        let journal = Journal()
        let house = try await Household(with: .of("watcher") { crm in
            crm.uses(ForeignChore.self)
            crm.on(ForeignChore.merged) { event, transaction in
                let stays = try transaction.find(ForeignChore.self, event.record)[ForeignChore.title]
                journal.note("\(event.merged.map(\.raw)) became \(stays)")
            }
        })
        let one = try await house.chore("one"), two = try await house.chore("two")
        _ = try await merge(house, MergeRequest(survivor: one, others: [two]))
        #expect(journal.entries == ["[2] became one"])
    }

    @Test func `references of a plugin that is switched off move as well, and come back once it is there again`() async throws {
        let house = try await Household()
        let one = try await house.chore("one"), two = try await house.chore("two")
        try await house.add("receipt", ["name": .text("r"), "chore": .link(two)])
        // The receipts go to sleep, with what is on record of them.
        let outline = #"{"version":"1","tables":[],"links":[{"entity":"receipt","field":"chore","target":"chore"}],"hooks":[],"listens":[],"actions":[],"extensions":[],"jobs":[],"settings":[],"metrics":[],"routes":[],"functions":[],"rights":[],"migrations":[],"checksUpgrades":false}"#
        try await house.engine.write { try $0.execute("INSERT INTO tenon_plugin (id, enabled, outline) VALUES ('receipts', 0, ?)", [.text(outline)]) }
        house.store.replace(registry: try registry(.of("chores", ChoresPlugin())))
        let outcome = try await house.write { try $0.merge($0.registry.require("chore"), MergeRequest(survivor: one, others: [two])) }
        #expect(try await pointers(house) == ["receipt 1 → \(one)"])
        await #expect(throws: CRMError.self) { try await house.write { try $0.takeBack(outcome.change) } }
        house.store.replace(registry: house.registry)
        let report = try await house.write { try $0.takeBack(outcome.change) }
        #expect(report.kept.isEmpty, "\(report.kept)")
        #expect(try await pointers(house) == ["receipt 1 → \(two)"])
    }

    @Test func `custom fields are changed, deleted, merged and taken back like any other`() async throws {
        let house = try await Household()
        let fields = [
            CustomField(id: 1, entity: "chore", name: "shade", definition: CustomFieldDefinition(kind: "text")),
            CustomField(id: 2, entity: "chore", name: "fee", definition: CustomFieldDefinition(kind: "money")),
        ]
        let registry = try registry(.of("chores", ChoresPlugin()), .of("receipts", ReceiptsPlugin()), customFields: fields)
        try await house.database.prepare(for: registry)
        house.store.replace(registry: registry)
        let chore = try registry.require("chore")
        let boss = Household.actor(Household.boss)
        let one = try await house.chore("one", ["shade": .text("red")]), two = try await house.chore("two", ["fee": .money("9.99", "USD")])
        let changed = try await BulkChange.set(["shade": .text("blue"), "fee": .null], of: chore).run([one.raw, two.raw], in: house.store, as: boss)
        let change = try #require(changed.change)
        #expect(try await house.read { try $0.changeSet(change).title($0.registry) } == "Changed shade, fee of 2 chores")
        _ = try await house.write { try $0.takeBack(change) }
        #expect(try await house.find(one)?["shade"] == .text("red"))
        #expect(try await house.find(two)?["fee"] == .money("9.99", "USD"))
        let merged = try await house.write { try $0.merge(chore, MergeRequest(survivor: one, others: [two])) }
        #expect(merged.record["shade"] == .text("red"))
        #expect(merged.record["fee"] == .money("9.99", "USD"))
        _ = try await house.write { try $0.takeBack(merged.change) }
        #expect(try await house.find(one)?["fee"] == .null)
        #expect(try await house.find(two)?["fee"] == .money("9.99", "USD"))
    }
}
