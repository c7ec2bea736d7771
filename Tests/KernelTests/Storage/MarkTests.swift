import PluginAPI
import Testing

@testable import Kernel

@Suite struct MarkTests {
    private func marked(_ docks: Docks, as user: Int64 = Household.boss) async throws -> [String] {
        let entity = docks.entity
        return try await docks.read(as: user) { tx in
            let all = try tx.all("haul", where: .everything, sort: [], limit: 50)
            let marks = try tx.marks(entity, all.map(\.id.raw))
            return all.map { "\($0["title"].text): \((marks[$0.id.raw] ?? []).map(\.name).joined(separator: ", "))" }
        }
    }

    @Test func `a record carries its marks while their conditions hold, also those that other records decide`() async throws {
        let docks = try await Docks()
        // Today is the second of March; Kiel is patient for ten days.
        try await docks.haul("late", ["due": .day("2026-02-20")])
        try await docks.haul("not yet", ["due": .day("2026-02-21")])
        try await docks.haul("closed", ["due": .day("2026-01-01"), "state": .text("closed")])
        try await docks.haul("dear and late", ["due": .day("2026-02-01"), "price": .money("1000.00")])
        #expect(try await marked(docks) == ["late: late", "not yet: ", "closed: ", "dear and late: late, dear"])
        docks.household.clock.advance(seconds: 86_400)
        #expect(try await marked(docks)[1] == "not yet: late")
        let harbor = docks.harbors[0]
        try await docks.write { tx in
            var record = try tx.require(tx.registry.require("harbor"), harbor)
            record["patience"] = .null
            _ = try tx.save("harbor", record)
        }
        #expect(try await marked(docks) == ["late: ", "not yet: ", "closed: ", "dear and late: dear"])
    }

    @Test func `a mark whose condition names a hidden field is not shown`() async throws {
        let docks = try await Docks()
        try await docks.haul("dear", ["price": .money("1000.00")])
        #expect(try await marked(docks, as: Household.carl) == ["dear: "])
        let entity = docks.entity
        try await docks.read(as: Household.carl) { tx throws in
            #expect(tx.visibleMarks(entity).map(\.name) == ["late"])
            let filter = Filter.compare("mark", .equal, .value(.text("dear")))
            #expect(try tx.count(entity, where: filter) == 0, "nobody learns by a filter what they do not see")
        }
    }

    @Test func `lists are filtered by a mark, in addresses and in views of plugins`() async throws {
        let docks = try await Docks()
        try await docks.haul("late", ["due": .day("2026-02-01")])
        try await docks.haul("fresh", ["due": .day("2026-04-01")])
        let entity = docks.entity
        try await docks.read { tx in
            let query = try ListQuery([.init(name: "mark", value: "late")], entity: entity, transaction: tx)
            #expect(try tx.all("haul", where: query.filter, sort: [], limit: 9).map { $0["title"].text } == ["late"])
            let view = try #require(entity.presets.first { $0.title == "Late" })
            #expect(try tx.count(entity, where: view.filter) == 1)
            #expect(try tx.count(entity, where: .not(view.filter)) == 1)
            #expect(ListQuery.items(view.filter)?.encoded == "mark=late")
            do {
                _ = try ListQuery([.init(name: "mark", value: "green")], entity: entity, transaction: tx)
                Issue.record("a mark that there is not was accepted")
            } catch let error as CRMError { #expect(error.problems.map(\.field) == ["mark"]) }
        }
    }
}
