import PluginAPI
import Testing

@testable import Kernel

@Suite struct FilterTests {
    @Test func `every comparison means what it says, and unlike includes empty`() async throws {
        let household = try await Household()
        for (title, points) in [("one", 1), ("two", 2), ("three", 3), ("none", nil)] {
            try await household.chore(title, ["points": points.map { .integer(Int64($0)) } ?? .null])
        }
        func titles(_ comparison: Comparison, _ value: Value = .integer(2)) async throws -> [String] {
            try await household.titles(.compare("points", comparison, .value(value)))
        }
        #expect(try await titles(.equal) == ["two"])
        #expect(try await titles(.notEqual) == ["one", "three", "none"])
        #expect(try await titles(.less) == ["one"])
        #expect(try await titles(.lessOrEqual) == ["one", "two"])
        #expect(try await titles(.greater) == ["three"])
        #expect(try await titles(.greaterOrEqual) == ["two", "three"])
        #expect(try await titles(.equal, .null) == ["none"])
        #expect(try await titles(.notEqual, .null) == ["one", "two", "three"])
        #expect(try await household.titles(.oneOf("points", [.value(.integer(1)), .value(.integer(3))])) == ["one", "three"])
        #expect(try await household.titles(.oneOf("points", [])) == [])
        #expect(try await household.titles(.not(.oneOf("points", [.value(.integer(1)), .value(.integer(3))]))) == ["two", "none"])
        #expect(try await household.titles(.any([])) == [])
        #expect(try await household.titles(.oneOf("id", [.value(.integer(1)), .value(.integer(4))])) == ["one", "none"])
    }

    @Test func `text is found anywhere or at its beginning, without regard to case, signs taken as they are`() async throws {
        let household = try await Household()
        for title in ["Grüße 100%", "GRÜSSE", "a_b", "axb", "back\\slash"] { try await household.chore(title) }
        func titles(_ comparison: Comparison, _ text: String) async throws -> [String] {
            try await household.titles(.compare("title", comparison, .value(.text(text))))
        }
        #expect(try await titles(.contains, "GRÜ") == ["Grüße 100%", "GRÜSSE"])
        #expect(try await titles(.startsWith, "grü") == ["Grüße 100%", "GRÜSSE"])
        #expect(try await titles(.startsWith, "100") == [])
        #expect(try await titles(.contains, "0%") == ["Grüße 100%"])
        #expect(try await titles(.contains, "_") == ["a_b"])
        #expect(try await titles(.contains, "\\") == ["back\\slash"])
    }

    @Test func `search finds any part of three letters or more in any searchable field, and beginnings of less`() async throws {
        let household = try await Household()
        let id = try await household.chore("Straße fegen", ["notes": .text("mit dem \"großen\" Besen")])
        try await household.chore("Etwas anderes")
        for text in ["aße", "straße FEGEN", "großen", "\"großen\"", "fegen besen", "st", "BESEN", "fe", "st fe", "besen d"] {
            #expect(try await household.titles(.search(text)) == ["Straße fegen"], "\(text)")
        }
        for text in ["fegen anderes", "xyz", "tr", "a\u{0}b\u{0}c", "NEAR(", "* OR *", "{title}:x", "", "   "] {
            #expect(try await household.titles(.search(text)) == [], "\(text)")
        }
        try await household.change(id, ["notes": .text("mit der Hand")])
        #expect(try await household.titles(.search("besen")) == [])
        #expect(try await household.titles(.search("hand")) == ["Straße fegen"])
        try await household.write { try $0.delete("chore", id) }
        #expect(try await household.titles(.search("hand")) == [])
    }

    @Test func `lists of links contain, are, and are not`() async throws {
        let household = try await Household()
        var tags: [RecordID] = []
        for name in ["a", "b"] { tags.append(try await household.add("tag", ["name": .text(name)])) }
        for _ in 0..<10 { try await household.add("tag", ["name": .text("more")]) }
        try await household.chore("both", ["tags": .list(tags)])
        try await household.chore("second", ["tags": .list([tags[1]])])
        try await household.chore("twelfth", ["tags": .list([RecordID(12)])])
        try await household.chore("none")
        #expect(try await household.titles(.compare("tags", .equal, .value(.link(tags[0])))) == ["both"])
        #expect(try await household.titles(.compare("tags", .contains, .value(.link(tags[1])))) == ["both", "second"])
        #expect(try await household.titles(.compare("tags", .notEqual, .value(.link(tags[1])))) == ["twelfth", "none"])
        #expect(try await household.titles(.empty("tags")) == ["none"])
    }

    @Test func `amounts compare within their currency`() async throws {
        let household = try await Household()
        try await household.chore("euro", ["cost": .money("10")])
        try await household.chore("dollar", ["cost": .money("10", "USD")])
        try await household.chore("more", ["cost": .money("20")])
        #expect(try await household.titles(.compare("cost", .greaterOrEqual, .value(.money("10")))) == ["euro", "more"])
        #expect(try await household.titles(.compare("cost", .equal, .value(.money("10", "USD")))) == ["dollar"])
        #expect(try await household.titles(.compare("cost", .notEqual, .value(.money("10")))) == ["dollar", "more"])
    }

    @Test func `me and today are whoever asks and their day`() async throws {
        let household = try await Household(now: "2026-03-02T23:30:00Z", zone: "Europe/Berlin")
        try await household.chore("annas", ["assigned_to": .integer(Household.anna), "due": .day("2026-03-02")])
        try await household.chore("carls", ["assigned_to": .integer(Household.carl), "due": .day("2026-03-03")])
        let mine = Filter.compare("assigned_to", .equal, .currentUser)
        #expect(try await household.titles(mine, as: Household.carl) == ["carls"])
        #expect(try await household.titles(mine, as: Household.boss) == [])
        #expect(try await household.titles(.compare("due", .equal, .today(plusDays: 0))) == ["carls"], "in Berlin it is the 3rd already")
        #expect(try await household.titles(.compare("due", .less, .today(plusDays: 0))) == ["annas"])
        #expect(try await household.titles(.compare("created_at", .equal, .today(plusDays: 0))) == ["annas", "carls"])
    }

    @Test func `a day of a moment is that day here, also when it has 23 or 25 hours`() async throws {
        let household = try await Household(zone: "Europe/Berlin")
        // Clocks go forward on 2026-03-29 (23 hours) and back on 2026-10-25 (25 hours).
        let moments = [
            "2026-03-28T22:59:59.999Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999Z", "2026-03-29T22:00:00Z",
            "2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z",
        ]
        for moment in moments { try await household.chore(moment, ["begins": .moment(moment)]) }
        func titles(_ comparison: Comparison, _ day: String) async throws -> [String] {
            try await household.titles(.compare("begins", comparison, .value(.day(day))))
        }
        #expect(try await titles(.equal, "2026-03-29") == [moments[1], moments[2]])
        #expect(try await titles(.equal, "2026-10-25") == [moments[5], moments[6]])
        #expect(try await titles(.less, "2026-03-29") == [moments[0]])
        #expect(try await titles(.greater, "2026-10-25") == [moments[7]])
        #expect(try await titles(.lessOrEqual, "2026-03-29") == Array(moments[0...2]))
        #expect(try await titles(.notEqual, "2026-03-29").count == 6)
    }

    @Test func `a filter that does not fit its field is refused by the field's name`() async throws {
        let household = try await Household()
        let filters: [Filter] = [
            .compare("points", .equal, .value(.text("x"))), .compare("points", .contains, .value(.text("1"))), .compare("due", .less, .now(plusSeconds: 1)),
            .compare("title", .equal, .currentUser), .compare("points", .less, .today(plusDays: 1)), .compare("nothing", .equal, .value(.integer(1))),
            .compare("hours", .equal, .value(.decimal(FixedDecimal(units: 1, scale: 5)))), .compare("id", .equal, .value(.text("1"))),
            .compare("place", .equal, .value(.text("moon"))), .oneOf("place", [.value(.text("home")), .value(.text("moon"))]),
        ]
        for filter in filters {
            let refusal = await failure { _ = try await household.titles(filter) }
            #expect(refusal?.code == .invalid, "\(filter)")
            #expect(refusal?.problems.isEmpty == false, "\(filter)")
        }
    }

    @Test func `names are found without regard to case, and several of one name are told`() async throws {
        let household = try await Household()
        let one = try await household.chore("Ärmel nähen", ["code": .text("7")])
        try await household.chore("Twice")
        try await household.chore("twice")
        try await household.read { tx throws in
            #expect(try tx.resolve("chore", " ÄRMEL NÄHEN ") == one.raw)
            #expect(try tx.resolve("chore", "Ärmel nähen") == one.raw)
            #expect(try tx.resolve("chore", "7") == one.raw, "a number that is no id may be a name")
            #expect(try tx.resolve("chore", "\(one.raw)") == one.raw)
            #expect(try tx.resolve("chore", "nothing") == nil)
            #expect(throws: CRMError.self) { try tx.resolve("chore", "TWICE") }
        }
    }
}
