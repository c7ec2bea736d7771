import PluginAPI
import Testing

@testable import Kernel

@Suite("Searching")
struct SearchTests {
    /// Many have the words, some of Anna's among them; every third is marked with what only some may see.
    /// - Parameter indexed: so many of them are in the index, on the embedded engine; the rest come after it.
    private func household(indexed: Int = 0) async throws -> Household {
        let household = try await Household()
        for number in 1...40 {
            let user: Int64 = number % 4 == 0 ? Household.anna : Household.boss
            var values: [String: Value] = ["notes": .text(number % 2 == 0 ? "with the long broom" : "by hand")]
            if number % 3 == 0, user == Household.boss { values["secret"] = .text("treasure map") }
            let id: RecordID = try await household.chore("Sweep \(number)", as: user)
            try await household.change(id, values)
            if number == indexed { try await household.indexAll() }
        }
        return household
    }

    private func titles(_ household: Household, _ text: String, _ sort: Sort, limit: Int, as user: Int64) async throws -> [String] {
        let entity: EntityModel = try household.registry.require("chore")
        return try await household.read(as: user) { tx in
            var titles: [String] = []
            var cursor: String?
            repeat {
                let request = ListRequest(entity: entity, filter: .all([.search(text)]), sort: sort, limit: limit, cursor: cursor)
                cursor = try tx.page(request) { row, projection in titles.append(projection.record(row)["title"].text) }
            } while cursor != nil
            return titles
        }
    }

    @Test("What is found newest first, page by page, is what is found in any other order, for everybody", arguments: [0, 23, 40])
    func sameInAnyOrder(indexed: Int) async throws {
        let household = try await household(indexed: indexed)
        let texts: [String] = [
            "sweep", "broom", "long broom", "sweep hand", "ep 1", "treasure", "treasure hand", "br", "sw 12", "s", "12", "nobody", "br zz",
            "reasur", "sweep treasure map", "treasuremap", "TREASURE ma",
        ]
        for user in [Household.boss, Household.anna, Household.ben, Household.carl] {
            for text in texts {
                for descending in [true, false] {
                    // By a column that all have alike, and so by the id after it: the way without the index.
                    let other: [String] = try await titles(
                        household, text, Sort(field: "created_at", descending: descending), limit: 500, as: user)
                    for limit in [3, 500] {
                        let found: [String] = try await titles(
                            household, text, Sort(field: "id", descending: descending), limit: limit, as: user)
                        #expect(found == other, "\(text) by \(user)")
                    }
                }
            }
        }
        #expect(try await titles(household, "treasure", Sort(field: "id", descending: true), limit: 500, as: Household.boss).count == 10)
        #expect(try await titles(household, "treasure", Sort(field: "id", descending: true), limit: 500, as: Household.ben) == [])
        #expect(try await titles(household, "broom", Sort(field: "id", descending: true), limit: 500, as: Household.anna).count == 10)
        #expect(try await titles(household, "br", Sort(field: "id", descending: true), limit: 500, as: Household.boss).count == 20)
    }

    @Test("A long word is found where it stands, in capitals or not, and not where only its pieces stand, nor in what is hidden")
    func longWords() async throws {
        let household = try await Household()
        // Few letters, so that most texts have most pieces of every word.
        var dice = FewLetters(letters: ["a", "b", "A", "ä", "Ä", "ß", "\"", "%", "'"], seed: 7)
        var (notes, secrets): ([String], [String]) = ([], [])
        for number in 1...120 {
            notes.append((0..<40).map { _ in dice.word(9) }.joined(separator: " "))
            secrets.append(number % 3 == 0 ? dice.word(9) : "none")
            let id: RecordID = try await household.chore("Sweep \(number)")
            try await household.change(id, ["notes": .text(notes[number - 1]), "secret": .text(secrets[number - 1])])
        }
        let dialect: any Dialect = household.engine.dialect
        if dialect.kind == .sqlite {
            try await household.indexAll()
            try await household.engine.write { connection in
                try connection.execute("INSERT INTO tenon_search_chore (tenon_search_chore) VALUES ('optimize')")
                #expect(try SQLiteTrigrams(connection, index: "tenon_search_chore").rarest(in: ["ababab"])[0]?.pieces.count == 3)
            }
        }
        var grants = RoleGrants()
        grants.entities = ["chore": ["view": .all]]
        grants.masks = ["chore": ["secret": .hidden]]
        let few = RightsSnapshot(
            people: [Household.boss: .init(name: "Berta", isActive: true, roles: [1], teams: [])],
            roles: [1: .init(key: "few", name: "Few", grants: grants)])
        let without: Actor = .user(Household.boss, via: "test", rights: few)

        let standing: [String] = notes.prefix(40).map { String($0.dropFirst(2).prefix(6)) } + secrets.filter { $0 != "none" }
        let thrown: [String] = (0..<60).map { _ in dice.word(6) }
        var found = 0
        for word in standing + thrown + ["ababababab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            for (actor, texts) in [(Household.actor(Household.boss), [notes, secrets]), (without, [notes])] {
                let titles: [String] = try await household.store.read(as: actor) { tx in
                    try tx.newest(try tx.registry.require("chore"), word, limit: 500).map { $0["title"].text }
                }
                let expected: [Int] = notes.indices.filter { place in
                    texts.contains { $0[place].lowercased().contains(word.lowercased()) }
                }
                #expect(titles == expected.reversed().map { "Sweep \($0 + 1)" }, "\(word)")
                found += titles.count
            }
        }
        #expect(found >= 120)
    }

    @Test("A search in everything gives the newest, within what the user may see")
    func everything() async throws {
        let household = try await household()
        let all: [String] = try await household.read { try $0.search("broom", limit: 3).map(\.label) }
        #expect(all == ["Sweep 40", "Sweep 38", "Sweep 36"])
        let own: [String] = try await household.read(as: Household.anna) { try $0.search("sw", limit: 2).map(\.label) }
        #expect(own == ["Sweep 40", "Sweep 36"])
        let entity: EntityModel = try household.registry.require("chore")
        #expect(try await household.read { try $0.newest(entity, "by hand", limit: 2).map { $0["title"].text } } == ["Sweep 39", "Sweep 37"])
    }

    @Test("An index that an earlier release made is made anew")
    func madeAnew() async throws {
        let household = try await household(indexed: 40)
        guard household.engine.dialect.kind == .sqlite else { return }
        let entity: EntityModel = try household.registry.require("chore")
        let columns: [String] = entity.searchFields.map(\.name)
        let dialect: any Dialect = household.engine.dialect
        try await household.engine.write { connection in
            let list: String = columns.joined(separator: ", ")
            try connection.execute("DROP TABLE tenon_search_chore")
            try connection.execute("CREATE VIRTUAL TABLE \"tenon_search_chore\" USING fts5(\(list), tokenize = 'trigram')")
            try connection.execute("INSERT INTO tenon_search_chore (rowid, \(list)) SELECT id, \(list) FROM chore")
        }
        let newest = Sort(field: "id", descending: true)
        #expect(try await titles(household, "sw", newest, limit: 500, as: Household.boss) == [])
        try await household.engine.write { try dialect.prepareSearch($0, table: "chore", columns: columns) }
        #expect(try await titles(household, "sw", newest, limit: 500, as: Household.boss).count == 40)
        try await household.engine.write { try $0.execute("DELETE FROM tenon_search_chore WHERE rowid = 1") }
        try await household.engine.write { try dialect.prepareSearch($0, table: "chore", columns: columns) }
        #expect(try await household.searchEntries() == 39)
        let faults: SearchFaults = try await household.engine.read { try dialect.searchFaults($0, table: "chore", columns: columns) }
        #expect(faults.missing == [1] && faults.different.isEmpty && faults.orphans.isEmpty)
    }
}

/// Words of few letters, the same every time.
private struct FewLetters {
    var letters: [Character]
    var seed: UInt64

    mutating func word(_ length: Int) -> String {
        String((0..<length).map { _ in
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return letters[Int(seed >> 33) % letters.count]
        })
    }
}
