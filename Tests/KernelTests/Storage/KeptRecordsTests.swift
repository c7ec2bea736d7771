import PluginAPI
import Testing

@testable import Kernel

private struct Rule: Entity {
    static let name = Field<String>("name")
    static let points = Field<Int>("points", .byDefault(0))
    static let schema = Schema("rule", name, points).keptInMemory()
}

private struct RulesPlugin: Plugin {
    func register(with crm: inout Registrar) { crm.entity(Rule.self) }
}

@Suite("What is kept of entities that change seldom") struct KeptRecordsTests {
    private func house() async throws -> Household { try await Household(with: .of("rules", RulesPlugin())) }

    /// The rules as a transaction that writes sees them.
    private func rules(_ house: Household) async throws -> [String] {
        try await house.write { try KeptRecordsTests.rules($0) }
    }

    private static func rules(_ transaction: StoreTransaction) throws -> [String] {
        try transaction.all("rule", where: .compare("points", .greater, .value(.integer(0))), sort: [Sort(field: "name", descending: false)], limit: 50)
            .map { "\($0["name"].text) \($0["points"].number)" }
    }

    private func add(_ house: Household, _ name: String, _ points: Int64) async throws -> RecordID {
        try await house.add("rule", ["name": .text(name), "points": .integer(points)])
    }

    private func change(_ id: RecordID, to points: Int64, _ transaction: StoreTransaction) throws {
        var record = try transaction.require(transaction.registry.require("rule"), id)
        record["points"] = .integer(points)
        _ = try transaction.save("rule", record)
    }

    @Test func `the second transaction that asks takes the answer from memory`() async throws {
        let house = try await house()
        _ = try await add(house, "a", 1)
        #expect(try await rules(house) == ["a 1"])
        // Behind the product's back: nothing has told it, so it does not look.
        try await house.engine.write { try $0.execute("UPDATE \"rule\" SET \"points\" = 7") }
        #expect(try await rules(house) == ["a 1"])
        #expect(try await house.read { try KeptRecordsTests.rules($0) } == ["a 7"], "whoever only reads looks at the database")
    }

    @Test func `an answer is kept also of an entity that nobody has touched since the start`() async throws {
        let house = try await house()
        #expect(try await rules(house) == [])
        try await house.engine.write { connection in
            try connection.execute("INSERT INTO \"rule\" (version, created_at, updated_at, name, points) VALUES (1, 0, 0, 'behind', 3)")
        }
        #expect(try await rules(house) == [])
    }

    @Test func `every change is seen by the next, and within its own transaction`() async throws {
        let house = try await house()
        let a = try await add(house, "a", 1)
        #expect(try await rules(house) == ["a 1"])
        let b = try await add(house, "b", 2)
        #expect(try await rules(house) == ["a 1", "b 2"])
        try await house.write { transaction in
            #expect(try KeptRecordsTests.rules(transaction) == ["a 1", "b 2"])
            try change(a, to: 5, transaction)
            #expect(try KeptRecordsTests.rules(transaction) == ["a 5", "b 2"])
        }
        #expect(try await rules(house) == ["a 5", "b 2"])
        try await house.write { try $0.delete("rule", b) }
        #expect(try await rules(house) == ["a 5"])
    }

    @Test func `a transaction that asks again reads once, until it changes something itself`() async throws {
        let house = try await house()
        let a = try await add(house, "a", 1)
        try await house.write { transaction in
            #expect(try KeptRecordsTests.rules(transaction) == ["a 1"])
            // Behind the product's back: nothing has told it, so it does not look.
            try transaction.connection.execute("UPDATE \"rule\" SET \"points\" = 7")
            #expect(try KeptRecordsTests.rules(transaction) == ["a 1"])
            try change(a, to: 8, transaction)
            #expect(try KeptRecordsTests.rules(transaction) == ["a 8"])
        }
    }

    @Test func `what a transaction saw of its own change is forgotten when it is undone`() async throws {
        let house = try await house()
        let a = try await add(house, "a", 1)
        #expect(try await rules(house) == ["a 1"])
        await #expect(throws: CRMError.self) {
            try await house.write { transaction in
                try change(a, to: 9, transaction)
                #expect(try KeptRecordsTests.rules(transaction) == ["a 9"])
                throw CRMError.refused("no")
            }
        }
        #expect(try await rules(house) == ["a 1"])
    }

    @Test func `what was read of a change that is undone alone is forgotten, and the rest of its transaction stored`() async throws {
        let house = try await house()
        let a = try await add(house, "a", 1)
        try await house.write { transaction in
            #expect(throws: CRMError.self) {
                try transaction.wholly {
                    try change(a, to: 9, transaction)
                    #expect(try KeptRecordsTests.rules(transaction) == ["a 9"])
                    throw CRMError.refused("no")
                }
            }
            _ = try transaction.save("rule", transaction.require(transaction.registry.require("rule"), a))
        }
        #expect(try await rules(house) == ["a 1"])
        #expect(try await rules(house) == ["a 1"])
    }

    @Test func `of writers at the same time none takes an answer that is out of date`() async throws {
        let house = try await house()
        let a = try await add(house, "a", 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 1...200 {
                group.addTask {
                    let isRefused: Bool = round % 5 == 0
                    do {
                        try await house.write { transaction in
                            let before: Int64 = try transaction.require(transaction.registry.require("rule"), a)["points"].number
                            #expect(try KeptRecordsTests.rules(transaction) == ["a \(before)"])
                            if round % 2 == 0 { try change(a, to: before + 1, transaction) }
                            if isRefused { throw CRMError.refused("no") }
                        }
                    } catch is CRMError where isRefused {}
                }
            }
            try await group.waitForAll()
        }
        #expect(try await rules(house) == ["a 81"])
    }
}

extension Value {
    fileprivate var number: Int64 { if case .integer(let number) = self { number } else { -1 } }
}
