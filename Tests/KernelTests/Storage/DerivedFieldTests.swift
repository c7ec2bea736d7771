import PluginAPI
import Testing

@testable import Kernel

/// A thing with a count that its plugin keeps, and a log of what happened to it.
private enum Jar: Entity {
    static let name = Field<String>("name")
    static let coins = Field<Int>("coins", .derived, .indexed, .byDefault(0))
    static let filler = Field<Reference<User>?>("filler", .derived, .whenTargetIsDeleted(.clear))
    static let rule = Field<String?>("rule", .formula(on: Jar.self, result: .boolean))
    static let worth = Field<String?>("worth", .formula(on: Jar.self, result: .number))
    static let schema = Schema("jar", name, coins, filler, rule, worth).indexed(together: name, coins)
}

private enum Drop: Entity {
    static let jar = Field<Reference<Jar>>("jar", .whenTargetIsDeleted(.cascade))
    static let coins = Field<Int>("coins")
    static let schema = Schema("drop", jar, coins).log()
}

private struct JarsPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Jar.self)
        crm.entity(Drop.self)
        crm.prepare(Jar.self) { change, _ in
            if change.new[Jar.name] == "full" { change.new[Jar.coins] = 100 }
        }
    }
}

@Suite struct DerivedFieldTests {
    private func household() async throws -> Household { try await Household(with: .of("jars", JarsPlugin())) }

    private func derive(_ home: Household, _ jar: RecordID, _ coins: Int64, as user: Int64 = Household.boss) async throws {
        try await home.write(as: user) { transaction in
            var record = try transaction.withRights(for: "the test").require(transaction.registry.require("jar"), jar)
            record["coins"] = .integer(coins)
            record["name"] = .text("renamed on the way")
            try transaction.derive("jar", record)
        }
    }

    @Test func `what a plugin works out is stored without a version, an entry in the trail or any other field`() async throws {
        let home = try await household()
        let id = try await home.add("jar", ["name": .text("Blue")])
        try await derive(home, id, 7)
        let (jar, trail) = try await home.read { transaction in
            let model = try transaction.registry.require("jar")
            return (try transaction.require(model, id), try transaction.timeline(model, id))
        }
        #expect(jar["coins"] == .integer(7))
        #expect(jar["name"] == .text("Blue"))
        #expect(jar.version == 1)
        #expect(trail.map(\.action) == ["created"])
        #expect(trail[0].changes.map(\.field) == ["name"])
        let found = try await home.read { try $0.count("jar", where: .compare("coins", .greater, .value(.integer(5)))) }
        #expect(found == 1)
    }

    @Test func `a caller of save does not set it, the plugin does`() async throws {
        let home = try await household()
        let id = try await home.add("jar", ["name": .text("Blue")])
        try await derive(home, id, 7)
        try await home.write { transaction in
            var jar = try transaction.require(transaction.registry.require("jar"), id)
            jar["coins"] = .integer(1)
            jar["name"] = .text("Red")
            #expect(try transaction.save("jar", jar)["coins"] == .integer(7))
            jar["name"] = .text("full")
            #expect(try transaction.save("jar", jar)["coins"] == .integer(100))
        }
    }

    @Test func `it needs no right of the user, and must fit its field`() async throws {
        let home = try await household()
        let id = try await home.add("jar", ["name": .text("Blue")])
        try await derive(home, id, 3, as: Household.guest)
        let refused = await #expect(throws: CRMError.self) {
            try await home.write { transaction in
                var jar = try transaction.require(transaction.registry.require("jar"), id)
                jar["coins"] = .text("many")
                try transaction.derive("jar", jar)
            }
        }
        #expect(refused?.problems.map(\.field) == ["coins"])
    }

    @Test func `a link that is worked out is emptied when its target goes`() async throws {
        let home = try await household()
        let id = try await home.add("jar", ["name": .text("Blue")])
        try await home.write { transaction in
            var jar = try transaction.require(transaction.registry.require("jar"), id)
            jar["filler"] = .integer(Household.carl)
            try transaction.derive("jar", jar)
            try transaction.delete("user", RecordID(Household.carl))
            #expect(try transaction.require(transaction.registry.require("jar"), id)["filler"] == .null)
        }
    }

    @Test func `counting up to a limit stops there`() async throws {
        let home = try await household()
        for name in ["a", "b", "c"] { try await home.add("jar", ["name": .text(name)]) }
        let counts: [Int] = try await home.read { transaction in
            [
                try transaction.count("jar", where: .everything, atMost: 2), try transaction.count("jar", where: .everything, atMost: 5),
                try transaction.count("jar", where: .compare("name", .equal, .value(.text("a"))), atMost: 5),
            ]
        }
        #expect(counts == [2, 3, 1])
        let indexes = try await home.engine.read { try $0.indexes(of: "jar") }
        #expect(indexes.contains { $0.contains("name") && $0.contains("coins") })
    }

    @Test func `nobody writes a log by hand, whatever the rights; what plugins write is its own trail`() async throws {
        let home = try await household()
        let jar = try await home.add("jar", ["name": .text("Blue")])
        let refused = await #expect(throws: CRMError.self) {
            try await home.add("drop", ["jar": .integer(jar.raw), "coins": .integer(1)])
        }
        #expect(refused?.code == .forbidden)
        let entry = try await home.write { transaction in
            let plugin = transaction.withRights(for: "the log")
            var record = try plugin.blank("drop")
            record["jar"] = .integer(jar.raw)
            record["coins"] = .integer(1)
            return try plugin.save("drop", record).id
        }
        let trail = try await home.engine.read {
            try $0.integer("SELECT count(*) FROM tenon_audit WHERE entity = 'drop'") ?? -1
        }
        #expect(trail == 0)
        let kept = await #expect(throws: CRMError.self) { try await home.write { try $0.delete("drop", entry) } }
        #expect(kept?.code == .forbidden)
        // It goes with what it is about.
        try await home.write { transaction in
            try transaction.delete("jar", jar)
            #expect(try transaction.count("drop", where: .everything) == 0)
        }
    }
}

@Suite struct FormulaTextTests {
    private func problem(_ field: String, _ text: String) async throws -> String? {
        let home = try await Household(with: .of("jars", JarsPlugin()))
        do {
            try await home.add("jar", ["name": .text("Blue"), field: .text(text)])
            return nil
        } catch let error as CRMError {
            #expect(error.code == .invalid)
            #expect(error.problems.map(\.field) == [field])
            return error.problems.first?.message
        }
    }

    @Test func `a formula is read when it is saved, and a wrong one is refused with its place`() async throws {
        #expect(try await problem("rule", "coins > 3 and name != \"Red\"") == nil)
        #expect(try await problem("rule", "") == nil)
        #expect(try await problem("rule", "coins > 3 and\n  nmae = \"Red\"")?.hasPrefix("line 2, column 3: jars have no field nmae") == true)
        #expect(try await problem("rule", "coins >")?.hasPrefix("line 1, column 8: ") == true)
    }

    @Test func `it has to come to what the field asks for`() async throws {
        #expect(
            try await problem("rule", "coins + 1")
                == "line 1, column 1: a condition is expected, and this is a whole number: compare it with something, such as = or >")
        #expect(try await problem("worth", "coins * 2") == nil)
        #expect(try await problem("worth", "coins * 0.5") == nil)
        #expect(try await problem("worth", "name") == "line 1, column 1: a number is expected, and this is a text")
    }

    @Test func `a formula that became wrong stands in nobody's way until it is changed`() async throws {
        let home = try await Household(with: .of("jars", JarsPlugin()))
        let id = try await home.add("jar", ["name": .text("Blue")])
        try await home.engine.write { try $0.execute("UPDATE jar SET rule = 'gone > 1' WHERE id = ?", [.integer(id.raw)]) }
        try await home.write { transaction in
            var jar = try transaction.require(transaction.registry.require("jar"), id)
            jar["name"] = .text("Red")
            _ = try transaction.save("jar", jar)
        }
    }
}
