import PluginAPI
import Testing

@testable import Kernel

@Suite struct BoardMonthTests {
    private func day(_ text: String) throws -> Day { try #require(Day(text)) }
    private func month(_ text: String) throws -> BoardMonth { try #require(BoardMonth(text)) }

    @Test(arguments: [
        ("2026-03-15", "2026-04", "2026-04-15"), ("2026-03-31", "2026-04", "2026-04-30"), ("2024-03-31", "2024-02", "2024-02-29"),
        ("2026-12-31", "2027-02", "2027-02-28"), ("2026-03-31", "2025-12", "2025-12-31"),
    ])
    func `a card that goes to another month keeps the day of the month as far as that month has it`(from: String, to: String, day: String) throws {
        #expect(try month(to).day(from: self.day(from), today: self.day("2020-01-01")).description == day)
    }

    @Test func `a card without a day gets the last day of the month`() throws {
        #expect(try month("2026-06").day(from: nil, today: day("2026-03-02")).description == "2026-06-30")
        #expect(try month("2026-03").day(from: nil, today: day("2026-03-31")).description == "2026-03-31")
    }

    @Test func `a card never gets a day of this month that is over`() throws {
        #expect(try month("2026-03").day(from: day("2026-05-05"), today: day("2026-03-20")).description == "2026-03-20")
        #expect(try month("2026-03").day(from: day("2026-05-25"), today: day("2026-03-20")).description == "2026-03-25")
        #expect(try month("2026-02").day(from: day("2026-05-05"), today: day("2026-03-20")).description == "2026-02-05", "an earlier month is meant so")
    }

    @Test func `this month and the five after it are shown, earlier and later ones when they hold cards, the nearest where there are very many`() throws {
        let today = try day("2026-11-22")
        #expect(BoardMonth.shown(holding: [], today: today).map(\.key) == ["2026-11", "2026-12", "2027-01", "2027-02", "2027-03", "2027-04"])
        let some = try [month("2026-08"), month("2026-12"), month("2027-09")]
        #expect(
            BoardMonth.shown(holding: some, today: today).map(\.key)
                == ["2026-08", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03", "2027-04", "2027-09"])
        let many = try (0..<1000).map { try month("1990-01").adding(months: $0) }
        let shown = BoardMonth.shown(holding: many, today: today)
        #expect(shown.count == BoardMonth.most)
        #expect(shown.contains(BoardMonth(of: today)))
    }

    @Test(arguments: ["2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", "abcd-ef", ""]) func `what is no month is none`(text: String) {
        #expect(BoardMonth(text) == nil)
    }

    @Test func `a board by months begins with the cards without a day, then come the months in order, each with its cards by day`() async throws {
        let docks = try await Docks()
        for (title, due) in [("late", "2026-04-20"), ("early", "2026-04-02"), ("past", "2026-01-31"), ("far", "2028-05-01")] {
            try await docks.haul(title, ["due": .day(due)])
        }
        try await docks.haul("none 1")
        try await docks.haul("none 2")
        try await docks.haul("closed", ["state": .text("closed"), "due": .day("2026-04-10")])
        let entity = docks.entity
        let columns = try await docks.read { tx in
            try tx.columns(try tx.board("calendar", of: entity), limit: 5).map { "\($0.title): \($0.cards.map { $0["title"].text }.joined(separator: ", "))" }
        }
        #expect(
            columns == [
                "No date: none 1, none 2", "Jan 2026: past", "Mar 2026: ", "Apr 2026: early, late", "May 2026: ", "Jun 2026: ", "Jul 2026: ",
                "Aug 2026: ", "May 2028: far",
            ])
    }

    @Test func `dragging a card to another month sets its day, to the first column clears it, and the card above it is known`() async throws {
        let docks = try await Docks()
        let first = try await docks.haul("first", ["due": .day("2026-04-10")])
        let second = try await docks.haul("second", ["due": .day("2026-05-12")])
        let entity = docks.entity
        let move: @Sendable (RecordID, Value) async throws -> (RecordData, Int64?) = { id, key in
            try await docks.write { tx in
                let query = try tx.board("calendar", of: entity)
                let moved = try tx.move(id, on: query, to: key, below: nil)
                return (moved, try tx.card(before: moved, on: query))
            }
        }
        let (moved, above) = try await move(second, .text("2026-04"))
        #expect(moved["due"] == .day("2026-04-12"))
        #expect(above == first.raw)
        #expect(try await docks.columns("calendar") == ["Apr 2026 2  "])
        let (cleared, none) = try await move(second, .null)
        #expect(cleared["due"] == .null)
        #expect(none == nil)
        // Where it is already, nothing changes.
        let before = try await docks.read { try $0.require(entity, first).version }
        _ = try await move(first, .text("2026-04"))
        #expect(try await docks.read { try $0.require(entity, first).version } == before)
        for wrong in [Value.text("2026-13"), .text("soon"), .integer(4)] {
            #expect(await failure { _ = try await move(first, wrong) }?.problems.map(\.field) == ["column"])
        }
    }

    @Test func `a column by months shows its later cards page by page`() async throws {
        let docks = try await Docks()
        for number in 0..<7 {
            try await docks.haul("\(number)", ["due": number < 3 ? .null : .day("2026-04-1\(number)")])
        }
        let entity = docks.entity
        for (key, titles) in [(Value.null, ["0", "1", "2"]), (.text("2026-04"), ["3", "4", "5", "6"])] {
            let found = try await docks.read { tx in
                var found: [String] = []
                var after: Int64?
                while true {
                    let page = try tx.moreCards(try tx.board("calendar", of: entity), key, after: after, limit: 2)
                    found += page.cards.map { $0["title"].text }
                    after = page.cards.last?.id.raw
                    if !page.hasMore { return found }
                }
            }
            #expect(found == titles)
        }
    }

    @Test func `whoever sees the cards of several people sees them in one order`() async throws {
        let docks = try await Docks()
        for number in 0..<9 {
            docks.household.clock.advance(seconds: 1)
            let owner = [Household.anna, Household.ben, Household.boss][number % 3]
            try await docks.haul("\(number)", ["assigned_to": .integer(owner), "due": .day("2026-04-1\(9 - number)")])
        }
        let entity = docks.entity
        let lane = Value.link(docks.lanes[0])
        let team = try await docks.read(as: Household.ben) { tx in
            try tx.moreCards(try tx.board(of: entity), lane, after: nil, limit: 4).cards.map { $0["title"].text }
        }
        #expect(team == ["7", "6", "4", "3"])
        let month = try await docks.read(as: Household.ben) { tx in
            try tx.moreCards(try tx.board("calendar", of: entity), .text("2026-04"), after: nil, limit: 4).cards.map { $0["title"].text }
        }
        #expect(month == ["7", "6", "4", "3"])
    }
}
