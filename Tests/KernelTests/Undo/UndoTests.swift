import PluginAPI
import Testing

@testable import Kernel

@Suite("Undo of bulk changes") struct UndoTests {
    private func bulk(_ house: Household, _ change: BulkChange, _ ids: [RecordID], as user: Int64 = Household.boss) async throws -> BulkChange.Outcome {
        try await change.run(ids.map(\.raw), in: house.store, as: Household.actor(user))
    }

    private func set(_ house: Household, _ values: [String: Value], _ ids: [RecordID], as user: Int64 = Household.boss) async throws -> Int64 {
        let outcome = try await bulk(house, .set(values, of: house.registry.require("chore")), ids, as: user)
        #expect(outcome.failed.isEmpty, "\(outcome.failed)")
        return try #require(outcome.change)
    }

    private func undo(_ house: Household, _ change: Int64, as user: Int64 = Household.boss) async throws -> UndoReport {
        try await house.write(as: user) { try $0.takeBack(change) }
    }

    private func refusal(_ house: Household, _ change: Int64, as user: Int64 = Household.boss) async -> CRMError? {
        do { _ = try await undo(house, change, as: user) } catch { return error as? CRMError }
        return nil
    }

    // MARK: Changed fields

    @Test func `a bulk change can be undone, and every record is what it was`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["points": .integer(1), "cost": .money("12.50"), "due": .day("2026-03-09")])
        let two = try await house.chore("two", ["points": .integer(2), "begins": .moment("2026-03-03T08:15:30Z"), "hours": .decimal("1.25")])
        let change = try await set(
            house,
            [
                "points": .integer(9), "cost": .money("99"), "due": .null, "begins": .moment("2026-04-01T00:00:00Z"), "hours": .null,
                "notes": .text("all the same"), "urgent": .boolean(true), "place": .text("garden"),
            ], [one, two])
        #expect(try await house.find(two)?["points"] == .integer(9))
        let report = try await undo(house, change)
        #expect(report.done == 2)
        #expect(report.kept.isEmpty)
        let first = try #require(try await house.find(one)), second = try #require(try await house.find(two))
        #expect(first["points"] == .integer(1))
        #expect(first["cost"] == .money("12.50"))
        #expect(first["due"] == .day("2026-03-09"))
        #expect(first["urgent"] == .boolean(false))
        #expect(first["place"] == .text("home"))
        #expect(second["points"] == .integer(2))
        #expect(second["begins"] == .moment("2026-03-03T08:15:30Z"))
        #expect(second["hours"] == .decimal("1.25"))
        #expect(second["notes"].isEmpty)
        #expect(first.version == 3)
    }

    @Test func `lists of links come back as well`() async throws {
        let house = try await Household()
        let tag = try await house.add("tag", ["name": .text("heavy")]), other = try await house.add("tag", ["name": .text("light")])
        let one = try await house.chore("one", ["tags": .list([tag])]), two = try await house.chore("two")
        let change = try await set(house, ["tags": .list([other])], [one, two])
        _ = try await undo(house, change)
        #expect(try await house.find(one)?["tags"] == .list([tag]))
        #expect(try await house.find(two)?["tags"] == .list([]))
    }

    @Test func `what somebody changed since stays and is named, the rest is taken back`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["points": .integer(1)]), two = try await house.chore("two", ["points": .integer(2)])
        let change = try await set(house, ["points": .integer(9), "grade": .integer(5)], [one, two])
        // Changed and changed back to the very same: somebody decided on it all the same.
        try await house.change(one, ["points": .integer(7)])
        try await house.change(one, ["points": .integer(9)])
        let report = try await undo(house, change)
        #expect(report.kept == [.init(entity: "chore", record: one.raw, field: "points", message: "was changed again since")])
        #expect(try await house.find(one)?["points"] == .integer(9))
        #expect(try await house.find(one)?["grade"] == .null)
        #expect(try await house.find(two)?["points"] == .integer(2))
    }

    @Test func `a record that is gone by now is named`() async throws {
        let house = try await Household()
        let one = try await house.chore("one"), two = try await house.chore("two")
        let change = try await set(house, ["grade": .integer(5)], [one, two])
        try await house.write { try $0.delete("chore", one) }
        let report = try await undo(house, change)
        #expect(report.kept.map(\.message) == ["is not there any more"])
        #expect(report.done == 1)
    }

    @Test func `an old link to what is gone is left empty, and named`() async throws {
        let house = try await Household()
        let step = try await house.add("step", ["name": .text("first")]), next = try await house.add("step", ["name": .text("next")])
        let one = try await house.chore("one", ["step": .link(step)]), two = try await house.chore("two", ["step": .link(step)])
        let change = try await set(house, ["step": .link(next)], [one, two])
        try await house.write { try $0.delete("step", step) }
        let report = try await undo(house, change)
        #expect(report.kept.map(\.message) == ["the step 1 is gone", "the step 1 is gone"])
        #expect(try await house.find(one)?["step"] == .null)
    }

    @Test func `rules hold for the way back as for any change`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["points": .integer(3)]), two = try await house.chore("two", ["points": .integer(3)])
        let change = try await set(house, ["points": .integer(0)], [one, two])
        let report = try await undo(house, change)
        #expect(report.done == 0)
        #expect(report.kept.map(\.message) == ["Points cannot begin again", "Points cannot begin again"])
        #expect(try await house.find(one)?["points"] == .integer(0))
    }

    // MARK: Deleted records

    @Test func `a bulk deletion can be undone: the records come back with their numbers, and what went with them`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["code": .text("A1"), "secret": .text("under the mat"), "cost": .money("5")], as: Household.anna)
        let two = try await house.chore("two", ["after": .link(one)])
        let three = try await house.chore("three", ["after": .link(two)])
        let remark = try await house.add("remark", ["text": .text("well done"), "chore": .link(one)])
        let answer = try await house.add("remark", ["text": .text("thanks"), "chore": .link(one), "answers": .link(remark)])
        try await house.write { _ = try $0.moveCard($0.registry.require("chore"), one, to: .null, below: two) }
        let before = try #require(try await house.find(one))
        let rank = try await house.engine.read { try $0.integer("SELECT rank FROM chore WHERE id = \(one.raw)") }
        house.clock.advance(seconds: 60)
        let outcome = try await bulk(house, .delete(house.registry.require("chore")), [one, two])
        #expect(outcome.failed.isEmpty, "\(outcome.failed)")
        #expect(try await house.find(one) == nil)
        #expect(try await house.rows("remark") == 0)
        #expect(try await house.find(three)?["after"] == .null)

        let report = try await undo(house, try #require(outcome.change))
        #expect(report.kept.isEmpty, "\(report.kept)")
        let back = try #require(try await house.find(one))
        #expect(back["code"] == .text("A1"))
        #expect(back["secret"] == .text("under the mat"))
        #expect(back["created_at"] == before["created_at"])
        #expect(back["created_by"] == .integer(Household.anna))
        #expect(back.version == 3)
        #expect(try await house.engine.read { try $0.integer("SELECT rank FROM chore WHERE id = \(one.raw)") } == rank)
        #expect(try await house.find(two)?["after"] == .link(one))
        #expect(try await house.find(three)?["after"] == .link(two))
        let remarks = try await house.read { try $0.all("remark", where: .everything, sort: [], limit: 9) }
        #expect(remarks.map(\.id) == [remark, answer])
        #expect(remarks.last?["answers"] == .link(remark))
        // Found by search again, too.
        #expect(try await house.titles(.search("under the mat")) == ["one"])
    }

    @Test func `rules that fill in a new record leave one alone that comes back, and reactions are told`() async throws {
        let journal = Journal()
        let watcher = Composition.Part.of("watcher") { crm in
            crm.uses(ForeignChore.self)
            crm.onSave(ForeignChore.self) { change, _ in journal.note(change.isRestored ? "restored" : change.isNew ? "made" : "changed") }
        }
        let house = try await Household(with: watcher)
        let one = try await house.chore("blank notes")
        let other = try await house.chore("another")
        try await house.change(one, ["title": .text("other")])
        try await house.change(one, ["notes": .text("own words")])
        try await house.change(one, ["title": .text("kept as it was")])
        let outcome = try await bulk(house, .delete(house.registry.require("chore")), [one, other])
        journal.clear()
        _ = try await undo(house, try #require(outcome.change))
        #expect(journal.entries == ["restored", "restored"])
        #expect(try await house.find(one)?["notes"] == .text("own words"))
    }

    @Test func `a record does not come back where its place was taken`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["code": .text("A1")]), two = try await house.chore("two")
        let outcome = try await bulk(house, .delete(house.registry.require("chore")), [one, two])
        try await house.chore("usurper", ["code": .text("a1")])
        let report = try await undo(house, try #require(outcome.change))
        #expect(report.kept.map(\.message) == ["Code is already taken by another chore"])
        #expect(try await house.find(one) == nil)
        #expect(try await house.find(two) != nil)
    }

    @Test func `a deletion takes no hidden field along: it comes back even for those who do not see it`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["secret": .text("mine"), "cost": .money("7"), "assigned_to": .integer(Household.ben)])
        let two = try await house.chore("two", ["assigned_to": .integer(Household.ben)])
        let outcome = try await bulk(house, .delete(house.registry.require("chore")), [one, two], as: Household.ben)
        let report = try await undo(house, try #require(outcome.change), as: Household.ben)
        #expect(report.kept.isEmpty, "\(report.kept)")
        #expect(try await house.find(one)?["secret"] == .text("mine"))
        #expect(try await house.find(one)?["cost"] == .money("7"))
        #expect(try await house.find(one, as: Household.ben)?["secret"] == .null)
    }

    // MARK: Actions

    @Test func `an action on many records can be undone with all that it made`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["points": .integer(3)]), two = try await house.chore("two", ["points": .integer(4)])
        let chore = try house.registry.require("chore")
        let end = try #require(chore.action("end"))
        let input: [String: Value] = ["reason": .text("so"), "with_remark": .boolean(true), "remark": .text("good"), "bill": .boolean(true)]
        let outcome = try await bulk(house, .action(end, of: chore) { _ in input }, [one, two])
        #expect(outcome.done == [one.raw, two.raw])
        #expect(outcome.told.map(\.outcome.message) == ["The chore has ended.", "The chore has ended."])
        #expect(try await house.rows("remark") == 2)
        #expect(try await house.rows("receipt") == 2)
        let change = try #require(outcome.change)
        let title = try await house.read { try $0.changeSet(change).title($0.registry) }
        #expect(title == "End: 2 chores")
        let report = try await undo(house, change)
        // The rule that an ended chore does not begin again stands against the points; the remarks and receipts are gone.
        #expect(Set(report.kept.map(\.record)) == [one.raw, two.raw])
        #expect(try await house.rows("remark") == 0)
        #expect(try await house.rows("receipt") == 0)
    }

    @Test func `what a change made and somebody worked on since stays`() async throws {
        let house = try await Household()
        let one = try await house.chore("one", ["points": .integer(3)]), two = try await house.chore("two", ["points": .integer(4)])
        let chore = try house.registry.require("chore")
        let end = try #require(chore.action("end"))
        let outcome = try await bulk(house, .action(end, of: chore) { _ in ["with_remark": .boolean(true), "remark": .text("good")] }, [one, two])
        try await house.write { tx in
            var remark = try tx.require(tx.registry.require("remark"), RecordID(1))
            remark["text"] = .text("better")
            _ = try tx.save("remark", remark)
        }
        let report = try await undo(house, try #require(outcome.change))
        #expect(report.kept.contains(.init(entity: "remark", record: 1, message: "has been changed since, and stays")))
        #expect(try await house.rows("remark") == 1)
    }

    // MARK: Once, by whom, until when

    @Test func `two clicks at the same moment take it back once`() async throws {
        let house = try await Household()
        let ids = [try await house.chore("one", ["grade": .integer(1)]), try await house.chore("two", ["grade": .integer(2)])]
        let change = try await set(house, ["grade": .integer(5)], ids)
        let won = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { await self.refusal(house, change) == nil } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(won == 1)
        #expect(try await house.find(ids[0])?["grade"] == .integer(1))
        let refusal = try #require(await self.refusal(house, change))
        #expect(refusal.code == .refused)
        #expect(refusal.message == "change 1 cannot be taken back: it was taken back already")
        // What was taken back is a change of its own, which is not taken back in turn.
        #expect(await self.refusal(house, 2)?.message == "change 2 cannot be taken back: it took another change back itself")
    }

    @Test func `everyone takes back the own changes, administrators everybody's`() async throws {
        let house = try await Household()
        let ids = [try await house.chore("one", as: Household.anna), try await house.chore("two", as: Household.anna)]
        let change = try await set(house, ["grade": .integer(5)], ids, as: Household.anna)
        #expect(await refusal(house, change, as: Household.carl)?.code == .notFound)
        #expect(try await house.read(as: Household.carl) { try $0.changeSets(limit: 9).isEmpty })
        #expect(try await house.read(as: Household.anna) { try $0.changeSets(limit: 9).map(\.id) } == [change])
        #expect(await refusal(house, change) == nil)
        let again = try await set(house, ["grade": .integer(4)], ids)
        #expect(await refusal(house, again, as: Household.anna)?.code == .notFound)
    }

    @Test func `who gave records away by mistake gets them back, though out of sight`() async throws {
        let house = try await Household()
        let ids = [
            try await house.chore("one", ["assigned_to": .integer(Household.anna)], as: Household.anna),
            try await house.chore("two", ["assigned_to": .integer(Household.anna)], as: Household.anna),
        ]
        let change = try await set(house, ["assigned_to": .integer(Household.carl)], ids, as: Household.anna)
        #expect(try await house.find(ids[0], as: Household.anna) == nil)
        let report = try await undo(house, change, as: Household.anna)
        #expect(report.done == 2)
        #expect(try await house.find(ids[0], as: Household.anna)?["assigned_to"] == .integer(Household.anna))
        // One notice for both, not one each.
        #expect(try await house.rows("tenon_notification", where: "user_id = \(Household.carl)") == 1)
        let message = try await house.engine.read { try $0.first("SELECT message FROM tenon_notification") { $0.text(0) } }
        #expect(message == "Anna assigned you 2 chores")
    }

    @Test func `a change is taken back for thirty days, or as many as are set, and forgotten then`() async throws {
        let house = try await Household()
        let ids = [try await house.chore("one"), try await house.chore("two")]
        let change = try await set(house, ["grade": .integer(5)], ids)
        house.clock.advance(seconds: 30 * 86_400)
        #expect(await refusal(house, change)?.message == "change 1 cannot be taken back: it is older than 30 days")
        var settings = house.store.settings
        settings.values["kernel.undo_days"] = .integer(31)
        house.store.replace(settings: settings)
        let context = Context(StoreContext(store: house.store, actor: Household.actor(Household.boss), plugin: "kernel"))
        try await ChangeSetLedger.forget(context)
        #expect(await refusal(house, change) == nil)
        house.clock.advance(seconds: 2 * 86_400)
        try await ChangeSetLedger.forget(context)
        #expect(await refusal(house, change)?.code == .notFound)
        #expect(try await house.rows("tenon_audit", where: "change_set = \(change)") == 2)
    }

    @Test func `what belongs to a plugin that is switched off is not taken back`() async throws {
        let house = try await Household()
        let ids = [try await house.chore("one"), try await house.chore("two")]
        let change = try await set(house, ["grade": .integer(5)], ids)
        house.store.replace(registry: try registry(.of("other") { _ in }))
        let refusal = try #require(await self.refusal(house, change))
        #expect(refusal.message == "change 1 is about records of chore, whose plugin is switched off")
        house.store.replace(registry: house.registry)
        #expect(await self.refusal(house, change) == nil)
    }

    // MARK: The set itself

    @Test func `a thousand records are one change, and go back as one`() async throws {
        let house = try await Household()
        let ids: [RecordID] = try await house.write { tx in
            try (1...1000).map { number in
                var record = try tx.blank("chore")
                record["title"] = .text("chore \(number)")
                record["grade"] = .integer(1)
                return try tx.save("chore", record).id
            }
        }
        let change = try await set(house, ["grade": .integer(5)], ids)
        #expect(try await house.rows("tenon_change_set") == 1)
        #expect(try await house.read { try $0.changeSet(change).title($0.registry) } == "Changed grade of 1000 chores")
        let report = try await undo(house, change)
        #expect(report.done == 1000)
        #expect(try await house.rows("chore", where: "grade = 1") == 1000)
    }

    @Test func `of a bulk change what was refused is not part of it, and a change of nothing leaves no trace`() async throws {
        let house = try await Household()
        let one = try await house.chore("one"), kept = try await house.chore("kept")
        let chore = try house.registry.require("chore")
        let outcome = try await bulk(house, .delete(chore), [kept, one, RecordID(99)])
        #expect(outcome.done == [one.raw])
        #expect(outcome.failed.map(\.id) == [kept.raw, 99])
        #expect(try await house.read { try $0.changeSet(try #require(outcome.change)).count } == 1)
        let nothing = try await bulk(house, .delete(chore), [kept])
        #expect(nothing.change == nil)
        #expect(try await house.rows("tenon_change_set") == 1)
    }
}
