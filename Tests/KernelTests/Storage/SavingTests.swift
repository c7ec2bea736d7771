import PluginAPI
import Testing

@testable import Kernel

@Suite struct SavingTests {
    @Test func `a new record begins with version 1, its defaults, who made it and when`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep the yard", as: Household.carl)
        let chore = try #require(try await household.find(id))
        #expect(chore.version == 1)
        #expect(chore["place"] == .text("home"))
        #expect(chore["urgent"] == .boolean(false))
        #expect(chore["tags"] == .list([]))
        #expect(chore["created_at"] == .moment("2026-03-02T10:00:00Z"))
        #expect(chore["created_by"] == .integer(Household.carl))
        #expect(chore["assigned_to"] == .null, "whoever sees all records may leave one to nobody")
    }

    @Test func `a change raises the version and notes who and when, and the same again changes nothing`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep", ["points": .integer(3)])
        household.clock.advance(seconds: 60)
        let changed = try await household.change(id, ["points": .integer(4)])
        #expect(changed.version == 2)
        #expect(changed["updated_at"] == .moment("2026-03-02T10:01:00Z"))
        #expect(changed["created_at"] == .moment("2026-03-02T10:00:00Z"))
        #expect(try await household.change(id, ["points": .integer(4)]).version == 2)
        #expect(try await household.rows("tenon_audit", where: "entity = 'chore'") == 2)
    }

    @Test func `the trail tells each field's old and new value`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep", ["cost": .money("12.50"), "due": .day("2026-04-01")])
        try await household.change(id, ["cost": .money("13.00", "USD"), "due": .null, "tags": .list([])])
        let entity = try household.registry.require("chore")
        let trail = try await household.read { try $0.timeline(entity, id) }
        #expect(trail.map(\.action) == ["updated", "created"])
        #expect(trail[0].changes.map(\.field) == ["cost", "due"])
        #expect(trail[0].changes.map(\.old) == [.money("12.50"), .day("2026-04-01")])
        #expect(trail[0].changes.map(\.new) == [.money("13.00", "USD"), .null])
        #expect(trail[0].user == Household.boss)
        #expect(trail[0].via == "test")
    }

    @Test func `values of every type come back as they were stored`() async throws {
        let household = try await Household()
        let step = try await household.add("step", ["name": .text("To do")])
        let tag = try await household.add("tag", ["name": .text("soon")])
        let other = try await household.chore("Before")
        let values: [String: Value] = [
            "code": .text("C-1"), "contact_email": .text("x@example.org"), "step": .link(step), "assigned_to": .integer(Household.anna),
            "cost": .money("-0.01", "USD"), "hours": .decimal("1.25"), "points": .integer(.max), "urgent": .boolean(true),
            "due": .day("0001-01-01"), "begins": .moment("1969-12-31T23:59:59.999Z"), "place": .text("garden"), "tags": .list([tag]),
            "after": .link(other), "notes": .text("one\ntwo"), "secret": .text("🗝 'quoted' \"twice\""),
        ]
        let id = try await household.chore("All", values)
        let stored = try #require(try await household.find(id))
        for (name, value) in values { #expect(stored[name] == value, "\(name)") }
    }

    @Test func `values are stored in their canonical form`() async throws {
        let household = try await Household()
        let tag = try await household.add("tag", ["name": .text("soon")])
        let id = try await household.chore(
            "  Sweep \t", ["contact_email": .text("Ann@Example.ORG"), "notes": .text(" \n "), "hours": .decimal(FixedDecimal(units: 5, scale: 1)), "tags": .list([tag, tag])])
        let chore = try #require(try await household.find(id))
        #expect(chore["title"] == .text("Sweep"))
        #expect(chore["contact_email"] == .text("ann@example.org"))
        #expect(chore["notes"] == .null)
        #expect(chore["hours"] == .decimal("0.50"))
        #expect(chore["tags"] == .list([tag]))
    }

    @Test func `everything that breaks a rule is told at once, by field`() async throws {
        let household = try await Household()
        let refusal = await failure {
            try await household.add(
                "chore",
                [
                    "title": .text(String(repeating: "x", count: 61)), "code": .text("a\u{0}b"), "contact_email": .text("nobody"), "grade": .integer(6),
                    "hours": .decimal(FixedDecimal(units: 1234, scale: 3)), "points": .text("three"), "place": .text("moon"),
                ])
        }
        #expect(refusal?.code == .invalid)
        #expect(refusal?.problems.map(\.field) == ["title", "code", "contact_email", "hours", "points", "grade", "place"])
        #expect(try await household.rows("chore") == 0)
        let missing = await failure { try await household.add("chore", [:]) }
        #expect(missing?.problems == [Problem(field: "title", "is required")])
        let lines = await failure { try await household.chore("one\r\ntwo") }
        #expect(lines?.problems == [Problem(field: "title", "must be one line")])
    }

    @Test func `links must point to records that are there`() async throws {
        let household = try await Household()
        let refusal = await failure { try await household.chore("x", ["step": .integer(99), "tags": .list([RecordID(98)])]) }
        #expect(refusal?.problems == [Problem(field: "step", "there is no step 99"), Problem(field: "tags", "there is no tag 98")])
    }

    @Test func `a record, its search entry, its trail and its deliveries are stored together or not at all`() async throws {
        let household = try await Household()
        let kept = try await household.chore("Mend the roof")
        #expect(try await household.searchEntries() == 1)
        #expect(try await household.rows("tenon_outbox", where: "hook = 'chore_created'") == 1)
        #expect(household.effects.last?.touched == [.init(entity: "chore", id: kept.raw)])
        #expect(household.effects.last?.hasDeliveries == true)
        let told = household.effects.count

        let refusal = await failure {
            try await household.write { tx throws in
                var chore = try tx.blank("chore")
                chore["title"] = .text("Mend the door")
                chore["assigned_to"] = .integer(Household.anna)
                _ = try tx.save("chore", chore)
                try tx.notify(RecordID(Household.anna), "Look", about: nil)
                throw CRMError.refused("changed my mind")
            }
        }
        #expect(refusal?.message == "changed my mind")
        #expect(try await household.rows("chore") == 1)
        #expect(try await household.searchEntries() == 1)
        #expect(try await household.rows("tenon_audit") == 1)
        #expect(try await household.rows("tenon_outbox") == 1)
        #expect(try await household.rows("tenon_notification") == 0)
        #expect(household.effects.count == told)
    }

    @Test func `what is unique is unique without regard to case, in every alphabet`() async throws {
        let household = try await Household()
        let first = try await household.chore("One", ["code": .text("ÄRGER-1")])
        let refusal = await failure { try await household.chore("Two", ["code": .text("ärger-1")]) }
        #expect(refusal?.problems == [Problem(field: "code", "is already taken by another chore")])
        try await household.chore("Two", ["code": .null])
        try await household.chore("Three", ["code": .text("")])
        try await household.change(first, ["code": .text("ärger-1")])
        #expect(try await household.titles(.compare("code", .equal, .value(.text("Ärger-1")))) == ["One"])
    }

    @Test func `sets of fields are unique together`() async throws {
        let household = try await Household()
        try await household.add("tag", ["name": .text("Red"), "family": .text("Colour")])
        try await household.add("tag", ["name": .text("Red"), "family": .text("Wine")])
        try await household.add("tag", ["name": .text("Red")])
        try await household.add("tag", ["name": .text("Red")])
        let refusal = await failure { try await household.add("tag", ["name": .text("red"), "family": .text("COLOUR")]) }
        #expect(refusal?.problems == [Problem(field: "name", "is already taken by another tag with the same family")])
    }

    @Test func `who is assigned a record by somebody else is told, once`() async throws {
        let household = try await Household()
        let id = try await household.chore("Rake", ["assigned_to": .integer(Household.anna)])
        try await household.change(id, ["points": .integer(1)])
        try await household.chore("Own", ["assigned_to": .integer(Household.boss)])
        #expect(try await household.rows("tenon_notification", where: "user_id = \(Household.anna)") == 1)
        #expect(try await household.rows("tenon_notification") == 1)
    }

    @Test func `only demo data may be backdated`() async throws {
        let household = try await Household()
        let past = try #require(Moment("2025-01-01T00:00:00Z"))
        let refusal = await failure { try await household.write { tx in _ = try tx.transaction.backdated(to: past) } }
        #expect(refusal?.code == .refused)
        let id = try await household.write { tx throws in
            tx.core.isDemo = true
            return try tx.transaction.backdated(to: past, as: Reference(RecordID(Household.anna))).insert(Chore.self) { $0[Chore.title] = "Old" }.id
        }
        let chore = try #require(try await household.find(id))
        #expect(chore["created_at"] == .moment(past))
        #expect(chore["created_by"] == .integer(Household.anna))
    }

    @Test func `a transaction that only reads refuses to change anything`() async throws {
        let household = try await Household()
        let refusal = await failure {
            try await household.read { tx in _ = try tx.transaction.insert(Chore.self) { $0[Chore.title] = "x" } }
        }
        #expect(refusal?.code == .internalError)
    }
}
