import PluginAPI
import Testing

@testable import Kernel

private struct Shade: Entity {
    static let name = Field<String>("name")
    static let depth = Field<Int>("depth", .byDefault(0))
    static let schema = Schema("shade", name, depth).keptInMemory()
}

private struct ShadesPlugin: Plugin {
    func register(with crm: inout Registrar) { crm.entity(Shade.self) }
}

extension Value {
    fileprivate var depth: Int64 {
        if case .integer(let number) = self { number } else { -1 }
    }
}

@Suite("What a transaction gathers until its end") struct GatheredTests {
    private struct Regret: Error {}

    private static func save(_ title: String, _ price: String, _ docks: Docks, _ tx: StoreTransaction) throws {
        var record = try tx.blank("haul")
        record["title"] = .text(title)
        record["harbor"] = .link(docks.harbors[0])
        record["lane"] = .link(docks.lanes[0])
        record["price"] = .money(price)
        _ = try tx.save("haul", record)
    }

    /// The columns that have cards, by the kept figures.
    private static func columns(_ docks: Docks, _ tx: StoreTransaction) throws -> [String] {
        try tx.columns(tx.board("open", of: docks.entity), limit: 0).filter { $0.count > 0 }.map { Docks.words($0.title, $0.figure) }
    }

    private func stored(_ docks: Docks) async throws -> [String] {
        let kept: [String] = try await docks.columns("open")
        #expect(try await docks.columns("open", filter: Docks.counted) == kept, "kept figures are those that counting gives")
        return kept
    }

    @Test func `figures of many changes are written once, and are those of the cards`() async throws {
        let docks = try await Docks()
        try await docks.write { tx in
            for number in 1...40 { try Self.save("haul \(number)", "2", docks, tx) }
            for record in try tx.all("haul", where: .everything, sort: [], limit: 15) { try tx.delete("haul", record.id) }
        }
        #expect(try await stored(docks) == ["Kiel 1 25 5000EUR"])
        try await docks.write { tx in
            for record in try tx.all("haul", where: .everything, sort: [], limit: 50) { try tx.delete("haul", record.id) }
        }
        #expect(try await stored(docks) == [])
        let left: [String] = try await docks.household.engine.read { connection in
            try connection.all("SELECT board, value, measure, \"count\", owner FROM tenon_board_figure") { row in
                "\(row.text(0)) \(row.text(1)) \(row.text(2)) \(row.integer(3)) \(row.integer(4))"
            }
        }
        #expect(left == [], "nothing stays of a column that nobody is in any more")
    }

    @Test func `a step that is undone takes its part of the figures with it, also out of the middle of another`() async throws {
        let docks = try await Docks()
        try await docks.write { tx in
            try Self.save("a", "1", docks, tx)
            try? tx.wholly {
                try Self.save("b", "10", docks, tx)
                throw Regret()
            }
            try tx.wholly {
                try Self.save("c", "100", docks, tx)
                try? tx.wholly {
                    try Self.save("d", "1000", docks, tx)
                    throw Regret()
                }
                try Self.save("e", "10000", docks, tx)
            }
        }
        #expect(try await stored(docks) == ["Kiel 1 3 1010100EUR"])
    }

    @Test func `whoever reads a board in the middle sees what was done so far, also after a step was undone in which it was read`() async throws {
        let docks = try await Docks()
        try await docks.haul("before", ["price": .money("5")])
        let seen: [[String]] = try await docks.write { tx in
            var seen: [[String]] = []
            try Self.save("a", "1", docks, tx)
            seen.append(try Self.columns(docks, tx))
            try? tx.wholly {
                try Self.save("b", "10", docks, tx)
                seen.append(try Self.columns(docks, tx))
                throw Regret()
            }
            seen.append(try Self.columns(docks, tx))
            // Gathered before the step, written in it, and undone with it.
            try Self.save("c", "100", docks, tx)
            try? tx.wholly {
                seen.append(try Self.columns(docks, tx))
                throw Regret()
            }
            return seen
        }
        #expect(seen == [["Kiel 1 2 600EUR"], ["Kiel 1 3 1600EUR"], ["Kiel 1 2 600EUR"], ["Kiel 1 3 10600EUR"]])
        #expect(try await stored(docks) == ["Kiel 1 3 10600EUR"])
    }

    @Test func `figures that were kept otherwise are counted once, whatever else the transaction does`() async throws {
        let docks = try await Docks()
        try await docks.haul("a", ["price": .money("5")])
        try await docks.household.engine.write { connection in
            try connection.execute("UPDATE tenon_board SET plan = 'of another release'")
            try connection.execute("UPDATE tenon_board_figure SET \"count\" = 77")
        }
        try await docks.write { tx in
            try Self.save("b", "1", docks, tx)
            try? tx.wholly {
                #expect(try Self.columns(docks, tx) == ["Kiel 1 2 600EUR"])
                throw Regret()
            }
            try Self.save("c", "1", docks, tx)
        }
        #expect(try await stored(docks) == ["Kiel 1 3 700EUR"])
    }

    @Test func `what was read in a step that is undone is forgotten, in this transaction and for the next ones`() async throws {
        let house = try await Household(with: .of("shades", ShadesPlugin()))
        let id: RecordID = try await house.add("shade", ["name": .text("grey"), "depth": .integer(1)])
        @Sendable func depths(_ tx: StoreTransaction) throws -> [Int64] {
            let all: [Int64] = try tx.all("shade", where: .everything, sort: [], limit: 50).map { $0["depth"].depth }
            #expect(try tx.find("shade", id).map { $0["depth"].depth } == all.first)
            return all
        }
        try await house.write { tx throws in
            #expect(try depths(tx) == [1])
            try? tx.wholly {
                var record = try tx.require(tx.registry.require("shade"), id)
                record["depth"] = .integer(9)
                _ = try tx.save("shade", record)
                #expect(try depths(tx) == [9])
                throw Regret()
            }
            #expect(try depths(tx) == [1])
        }
        #expect(try await house.write { try depths($0) } == [1])
    }

    @Test func `a transaction asks once for what it asks again and again, and the next one asks anew for a single record`() async throws {
        let house = try await Household(with: .of("shades", ShadesPlugin()))
        let id: RecordID = try await house.add("shade", ["name": .text("grey"), "depth": .integer(1)])
        let depths: [Int64?] = try await house.write { tx in
            let first: Int64? = try tx.find("shade", id)?["depth"].depth
            // Behind the product's back: nothing has told it, so it does not look.
            try tx.connection.execute("UPDATE shade SET depth = 7")
            return [first, try tx.find("shade", id)?["depth"].depth]
        }
        #expect(depths == [1, 1])
        #expect(try await house.write { try $0.find("shade", id)?["depth"].depth } == 7)
    }
}
