import PluginAPI
import Testing

@testable import Kernel

@Suite struct BoardTests {
    private struct Board {
        let household: Household
        let entity: EntityModel
        let open: RecordID
        let done: RecordID

        /// The titles of a column's cards from the top.
        func cards(_ key: RecordID?, limit: Int = 50) async throws -> [String] {
            try await household.read { tx throws in
                try tx.boardCards(entity, filter: .everything, key: key.map { .link($0) } ?? .null, after: nil, limit: limit).cards.map { $0["title"].text }
            }
        }

        func move(_ id: RecordID, to step: RecordID?, below: RecordID? = nil, as user: Int64 = Household.boss) async throws {
            let entity = entity
            try await household.write(as: user) { tx throws in
                _ = try tx.moveCard(entity, id, to: step.map { .link($0) } ?? .null, below: below)
            }
        }
    }

    private func board() async throws -> Board {
        let household = try await Household()
        let done = try await household.add("step", ["name": .text("Done"), "position": .integer(2)])
        let open = try await household.add("step", ["name": .text("Open"), "position": .integer(1), "color": .text("#aabbcc")])
        return Board(household: household, entity: try household.registry.require("chore"), open: open, done: done)
    }

    @Test func `columns stand in their order with counts and sums by currency, cards without one at the end`() async throws {
        let board = try await board()
        for (cost, step) in [("10", board.open), ("5.50", board.open)] {
            try await board.household.chore("e", ["cost": .money(cost), "step": .link(step)])
        }
        try await board.household.chore("u", ["cost": .money("7", "USD"), "step": .link(board.open)])
        try await board.household.chore("n", ["step": .link(board.open)])
        try await board.household.chore("loose")
        let columns = try await board.household.read { try $0.boardColumns(board.entity, filter: .everything, within: nil, limit: 2) }
        #expect(columns.map(\.title) == ["Open", "Done", "None"])
        #expect(columns.map(\.color) == ["#aabbcc", "", ""])
        #expect(columns.map(\.count) == [4, 0, 1])
        #expect(columns[0].sums.map { "\($0.sum) \($0.currency?.code ?? "")" } == ["1550 EUR", "700 USD"])
        #expect(columns.map(\.cards.count) == [2, 0, 1])
        #expect(columns.map(\.hasMore) == [true, false, false])
    }

    @Test func `sums beyond what fits are the greatest that does, not a failure`() async throws {
        let board = try await board()
        for _ in 0..<3 {
            try await board.household.chore("rich", ["cost": .money(Money(minor: .max, .eur)), "points": .integer(.min), "step": .link(board.open)])
        }
        try await board.household.read { tx throws in
            #expect(try tx.boardColumns(board.entity, filter: .everything, within: nil, limit: 0)[0].sums.map(\.sum) == [.max])
            #expect(try tx.aggregate(board.entity, .sum("points"), where: .everything).map(\.sum) == [.min])
        }
        try await board.household.chore("poor", ["cost": .money(Money(minor: -5, .usd)), "step": .link(board.done)])
        try await board.household.chore("poor", ["cost": .money(Money(minor: -3_000_000, .usd)), "step": .link(board.done)])
        try await board.household.read { tx throws in
            #expect(try tx.boardColumns(board.entity, filter: .everything, within: nil, limit: 0)[1].sums.map(\.sum) == [-3_000_005])
        }
    }

    @Test func `new cards come on top`() async throws {
        let board = try await board()
        for title in ["1", "2", "3"] {
            board.household.clock.advance(seconds: 1)
            try await board.household.chore(title, ["step": .link(board.open)])
        }
        #expect(try await board.cards(board.open) == ["3", "2", "1"])
    }

    @Test func `a card is put on top, between two, and to the end`() async throws {
        let board = try await board()
        var ids: [String: RecordID] = [:]
        for title in ["c", "b", "a"] {
            board.household.clock.advance(seconds: 1)
            ids[title] = try await board.household.chore(title, ["step": .link(board.open)])
        }
        let moving = try await board.household.chore("x", ["step": .link(board.done)])
        try await board.move(moving, to: board.open)
        #expect(try await board.cards(board.open) == ["x", "a", "b", "c"])
        try await board.move(moving, to: board.open, below: ids["a"])
        #expect(try await board.cards(board.open) == ["a", "x", "b", "c"])
        try await board.move(moving, to: board.open, below: ids["c"])
        #expect(try await board.cards(board.open) == ["a", "b", "c", "x"])
        try await board.move(moving, to: board.done)
        #expect(try await board.cards(board.open) == ["a", "b", "c"])
        try await board.move(moving, to: nil)
        #expect(try await board.cards(nil) == ["x"])
    }

    @Test func `there is always room between two cards`() async throws {
        let board = try await board()
        // Made in the same moment, so that they have the same rank.
        var ids: [RecordID] = []
        for number in 0..<5 { ids.append(try await board.household.chore("\(number)", ["step": .link(board.open)])) }
        #expect(try await board.cards(board.open) == ["0", "1", "2", "3", "4"])
        try await board.move(ids[4], to: board.open, below: ids[1])
        #expect(try await board.cards(board.open) == ["0", "1", "4", "2", "3"])
        // Each goes directly below the first: the room halves each time, until it is made anew.
        for turn in 0..<60 { try await board.move(ids[1 + turn % 4], to: board.open, below: ids[0]) }
        #expect(try await board.cards(board.open) == ["0", "4", "3", "2", "1"])
    }

    @Test func `a change of column is an ordinary change, the order within one is not`() async throws {
        let board = try await board()
        let first = try await board.household.chore("a", ["step": .link(board.open)])
        let second = try await board.household.chore("b", ["step": .link(board.open)])
        try await board.move(second, to: board.open, below: first)
        #expect(try await board.household.find(second)?.version == 1)
        try await board.move(second, to: board.done)
        let trail = try await board.household.read { try $0.timeline(board.entity, second) }
        #expect(trail.first?.changes.map(\.field) == ["step"])
        #expect(board.household.effects.last?.touched.contains(.init(entity: "chore", id: second.raw)) == true)
    }

    @Test func `a card cannot be put below one that is not in the column, or out of sight, or itself`() async throws {
        let board = try await board()
        let mine = try await board.household.chore("mine", ["step": .link(board.open), "assigned_to": .integer(Household.anna)])
        let other = try await board.household.chore("other", ["step": .link(board.open)])
        let elsewhere = try await board.household.chore("elsewhere", ["step": .link(board.done), "assigned_to": .integer(Household.anna)])
        for below in [other, elsewhere, mine, RecordID(99), RecordID(-1)] {
            let refusal = await failure { try await board.move(mine, to: board.open, below: below, as: Household.anna) }
            #expect(refusal?.problems.map(\.field) == ["below"], "\(below)")
        }
        #expect(await failure { try await board.move(other, to: board.done, as: Household.anna) }?.code == .notFound)
        #expect(await failure { try await board.move(other, to: board.done, as: Household.carl) }?.code == .forbidden)
        #expect(await failure { try await board.move(mine, to: RecordID(77)) }?.problems.map(\.field) == ["step"])
    }

    @Test func `more cards follow the last one shown`() async throws {
        let board = try await board()
        for number in 0..<7 { try await board.household.chore("\(number)", ["step": .link(board.open)]) }
        let titles = try await board.household.read { tx throws in
            var titles: [String] = []
            var after: Int64?
            while true {
                let page = try tx.boardCards(board.entity, filter: .everything, key: .link(board.open), after: after, limit: 3)
                titles += page.cards.map { $0["title"].text }
                after = page.cards.last?.id.raw
                if !page.hasMore { return titles }
            }
        }
        #expect(titles == ["0", "1", "2", "3", "4", "5", "6"])
    }
}
