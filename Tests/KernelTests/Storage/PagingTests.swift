import PluginAPI
import Testing

@testable import Kernel

@Suite struct PagingTests {
    /// Thirty chores in which every sortable field has ties and holes.
    private func filled() async throws -> Household {
        let household = try await Household()
        var steps: [RecordID] = []
        for name in ["Zebra", "apple", "Émile"] { steps.append(try await household.add("step", ["name": .text(name)])) }
        let ids = steps
        try await household.write { tx throws in
            for number in 0..<30 {
                var chore = try tx.blank("chore")
                let gap = number % 5 == 4
                chore["title"] = .text(["b", "A", "ä", "Ö", "c"][number % 5])
                chore["code"] = gap ? .null : .text("c\(number * 7 % 30)")
                chore["step"] = gap ? .null : .link(ids[number % 3])
                chore["assigned_to"] = number % 2 == 0 ? .integer(Household.anna) : .null
                chore["cost"] = gap ? .null : .money("\(number % 4 - 1)")
                chore["hours"] = gap ? .null : .decimal("\(number % 3).5")
                chore["points"] = gap ? .null : .integer(Int64(number % 4 - 2))
                chore["urgent"] = .boolean(number % 3 == 0)
                chore["due"] = gap ? .null : .day("2026-03-\(10 + number % 6)")
                chore["begins"] = gap ? .null : .moment("2026-03-02T0\(number % 7):00:00Z")
                chore["place"] = gap ? .null : .text(["home", "garden"][number % 2])
                chore["notes"] = gap ? .null : .text("line \(number % 3)\n" + String(repeating: "x", count: 300))
                _ = try tx.save("chore", chore)
            }
        }
        return household
    }

    private func pages(_ household: Household, _ field: String, _ descending: Bool, size: Int, between: (@Sendable () async throws -> Void)? = nil) async throws -> [Int64] {
        let entity = try household.registry.require("chore")
        var ids: [Int64] = []
        var cursor: String?
        repeat {
            let from = cursor
            let (page, next) = try await household.read { tx -> ([Int64], String?) in
                var page: [Int64] = []
                let request = ListRequest(entity: entity, sort: Sort(field: field, descending: descending), limit: size, cursor: from)
                let next = try tx.page(request) { row, _ in page.append(row.integer(0)) }
                return (page, next)
            }
            #expect(page.count <= size)
            #expect(next == nil || page.count == size)
            ids += page
            cursor = next
            try await between?()
        } while cursor != nil
        return ids
    }

    @Test(arguments: [
        "id", "title", "code", "step", "assigned_to", "cost", "hours", "points", "urgent", "due", "begins", "place", "notes", "created_at", "created_by",
    ])
    func `pages by any field give each record once, in the order of one large page`(field: String) async throws {
        let household = try await filled()
        for descending in [false, true] {
            let whole = try await pages(household, field, descending, size: 500)
            #expect(Set(whole).count == 30)
            for size in [1, 4, 6, 24, 30] {
                #expect(try await pages(household, field, descending, size: size) == whole, "\(field) \(descending) \(size)")
            }
        }
    }

    @Test func `records without a value come last, either way`() async throws {
        let household = try await filled()
        let empty = try await household.read { try $0.ids($0.registry.require("chore"), .empty("points")) }.map(\.raw)
        #expect(try await pages(household, "points", false, size: 7).suffix(6) == empty[...])
        #expect(try await pages(household, "points", true, size: 7).suffix(6) == empty.reversed()[...])
    }

    @Test func `text is sorted without regard to case`() async throws {
        let household = try await Household()
        for title in ["banana", "Apple", "cherry", "apple", "Ökra", "ökonomie"] { try await household.chore(title) }
        #expect(try await household.titles(sort: "title") == ["Apple", "apple", "banana", "cherry", "ökonomie", "Ökra"])
    }

    @Test func `links are sorted by what they say`() async throws {
        let household = try await filled()
        let ids = try await pages(household, "step", false, size: 9)
        let names = try await household.read { tx throws in
            try ids.map { id in
                let chore = try tx.find("chore", RecordID(id))
                guard case .integer(let step) = chore?["step"] else { return "" }
                return try tx.label("step", step) ?? ""
            }
        }
        #expect(names == Array(repeating: "apple", count: 8) + Array(repeating: "Zebra", count: 8) + Array(repeating: "Émile", count: 8) + Array(repeating: "", count: 6))
    }

    @Test func `records made while somebody pages neither repeat nor hide others`() async throws {
        let household = try await filled()
        let before = try await pages(household, "points", false, size: 500)
        let during = try await pages(household, "points", false, size: 4) {
            try await household.chore("new", ["points": .integer(-2)])
            try await household.chore("new", ["points": .integer(1)])
            try await household.chore("new")
        }
        #expect(during.filter(before.contains) == before)
        #expect(Set(during).count == during.count)
    }

    @Test func `a cursor of another list or made up is refused`() async throws {
        let household = try await filled()
        let entity = try household.registry.require("chore")
        let step = try household.registry.require("step")
        let sort = Sort(field: "points", descending: false)
        let cursor = try #require(try await household.read { try $0.page(ListRequest(entity: entity, sort: sort, limit: 2)) { _, _ in } })
        let others = [
            ListRequest(entity: entity, sort: Sort(field: "points", descending: true), cursor: cursor),
            ListRequest(entity: entity, sort: Sort(field: "due", descending: false), cursor: cursor),
            ListRequest(entity: step, sort: Sort(field: "position", descending: false), cursor: cursor),
            ListRequest(entity: entity, sort: sort, cursor: "nonsense"), ListRequest(entity: entity, sort: sort, cursor: "%%%"),
            ListRequest(entity: entity, sort: sort, cursor: String(cursor.dropLast(6))),
        ]
        for request in others {
            let refusal = await failure { _ = try await household.read { try $0.page(request) { _, _ in } } }
            #expect(refusal?.code == .malformed)
            #expect(refusal?.problems.map(\.field) == ["cursor"])
        }
    }

    @Test func `asking for some fields only keeps the order`() async throws {
        let household = try await filled()
        let entity = try household.registry.require("chore")
        let whole = try await pages(household, "step", false, size: 500)
        let request = ListRequest(entity: entity, sort: Sort(field: "step", descending: false), limit: 500, fields: ["title"])
        let (ids, names) = try await household.read { tx throws in
            var ids: [Int64] = []
            var names: [String] = []
            _ = try tx.page(request) { row, projection in
                ids.append(row.integer(0))
                names = projection.items.map(\.field.name)
            }
            return (ids, names)
        }
        #expect(ids == whole)
        #expect(names == ["title"])
    }
}
