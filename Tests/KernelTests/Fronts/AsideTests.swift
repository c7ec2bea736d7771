import PluginAPI
import Testing

@testable import Kernel

@Suite struct AsideTests {
    /// Chores with one secret are set aside.
    private func household() async throws -> Household {
        let household = try await Household(
            with: .of("asides") { crm in
                crm.uses(ForeignChore.self)
                crm.setAside(Chore.self, where: Chore.secret == "aside")
                crm.metric("asides.all", "All chores", over: Chore.self, .count)
                crm.metric("asides.secret", "Secret chores", over: Chore.self, .count, where: Chore.secret != nil)
            })
        try await household.chore("Rake")
        try await household.chore("Mow", ["secret": .text("plain")])
        try await household.chore("Hide", ["secret": .text("aside")])
        return household
    }

    private func titles(_ household: Household, _ query: [(String, String)] = [], naming: [String] = [], as user: Int64 = Household.boss) async throws -> [String] {
        let entity = try household.registry.require("chore")
        return try await household.read(as: user) { tx in
            let list = try ListQuery(query.map { .init(name: $0.0, value: $0.1) }, entity: entity, transaction: tx).leavingAside(entity, naming: naming)
            return try tx.all("chore", where: list.filter, sort: [Sort(field: "id", descending: false)], limit: 10).map { $0["title"].text }
        }
    }

    @Test func `a list leaves out what is set aside, also among records with an empty field, until it is asked for`() async throws {
        let household = try await household()
        #expect(try await titles(household) == ["Rake", "Mow"])
        #expect(try await titles(household, [("title", "Hide")]).isEmpty)
        #expect(try await titles(household, [("set_aside", "true")]) == ["Rake", "Mow", "Hide"])
        #expect(try await titles(household, [("secret.empty", "false")]) == ["Mow", "Hide"])
        #expect(try await titles(household, [("where", "secret = \"aside\"")]) == ["Hide"])
        #expect(try await titles(household, [("metric", "asides.secret")]) == ["Mow", "Hide"])
        // As a tab does whose own condition names the field.
        #expect(try await titles(household, naming: ["secret"]) == ["Rake", "Mow", "Hide"])
    }

    @Test func `whoever may not see what sets records aside gets them all, and learns nothing`() async throws {
        let household = try await household()
        try await household.chore("Ben's", ["secret": .text("aside"), "assigned_to": .integer(Household.ben)])
        #expect(try await titles(household, as: Household.ben) == ["Ben's"])
        #expect(await failure { _ = try await titles(household, [("secret", "aside")], as: Household.ben) }?.code == .invalid)
    }

    @Test func `a number leaves them out unless its own condition names the field`() async throws {
        let household = try await household()
        let counts = try await household.read { tx in
            try tx.registry.metrics.map(\.body).filter { $0.key.hasPrefix("asides.") }.map { metric in
                "\(metric.key) \(try MetricReader(transaction: tx).read(metric, .all).figure.count)"
            }
        }
        #expect(counts == ["asides.all 2", "asides.secret 2"])
    }
}
