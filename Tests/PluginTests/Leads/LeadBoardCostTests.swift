import PluginAPI
import Testing

@testable import Kernel

/// What a board of leads costs, by what is read rather than by the clock: the same with a hundred times as many leads.
@Suite struct LeadBoardCostTests {
    /// Leads of two agents in all statuses; the figures of the board are counted anew with the first change after them.
    private func fill(_ host: SalesHost, _ count: Int) async throws {
        let (agent, manager) = (try host.user(.salesAgent), try host.user(.salesManager))
        try await host.write { transaction in
            let statuses = try transaction.all("lead_status", where: .everything, sort: [], limit: 9).map(\.id.raw)
            let model = try transaction.add("lead", ["title": .text("Model"), "value": .euro(10), "assigned_to": .integer(agent)])
            let columns = try transaction.connection.columns(of: "lead").subtracting(["id", "title", "status", "assigned_to", "rank", "outcome"]).sorted()
            let names = columns.map { "\"\($0)\"" }.joined(separator: ", ")
            let list = statuses.map(String.init).joined(separator: ", ")
            // Every tenth is closed: boards show what is open.
            try transaction.connection.execute(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count - 1)), s(place, id) AS (SELECT row_number() OVER (ORDER BY id) - 1, id FROM lead_status WHERE id IN (\(list)))
                INSERT INTO lead (\(names), "title", "status", "assigned_to", "rank", "outcome")
                SELECT \(names), 'Lead ' || i, (SELECT s.id FROM s WHERE s.place = i % \(statuses.count)), CASE WHEN (i / 4) % 2 = 0 THEN \(agent) ELSE \(manager) END, i * 1000,
                CASE WHEN i % 10 = 0 THEN 'lost' ELSE 'open' END FROM n, lead WHERE lead.id = \(model.id.raw)
                """)
            try transaction.connection.execute("DELETE FROM tenon_board WHERE entity = 'lead'")
            try transaction.connection.execute("ANALYZE")
        }
        try await host.write { _ = try $0.add("lead", ["title": .text("The last one")]) }
    }

    private struct Cost: Equatable {
        var questions = 0
        var rows = 0
        var cards = 0
        var counted = 0
        var scans: [String] = []
    }

    private func cost(_ host: SalesHost, as role: DefaultRole) async throws -> Cost {
        try await host.read(as: role) { transaction in
            let (watched, watch) = transaction.watched { QuestionWatch($0) }
            let columns = try watched.columns(watched.board(of: watched.registry.require("lead")), limit: 25)
            // A table that is read from end to end, or sorted, costs more the longer it is. Statuses are few.
            let scans = watch.steps.filter {
                $0.hasPrefix("SCAN t") || $0.hasPrefix("SCAN lead ") || $0 == "SCAN lead" || $0.hasSuffix("Seq Scan on lead t")
                    || $0.hasSuffix("Seq Scan on lead")
            }.sorted()
            return Cost(
                questions: watch.questions, rows: watch.rows, cards: columns.reduce(0) { $0 + $1.cards.count },
                counted: columns.reduce(0) { $0 + $1.count }, scans: scans)
        }
    }

    @Test(arguments: [DefaultRole.administrator, .salesAgent, .salesManager])
    func `a board with a hundred times as many leads is read with the same questions, rows and steps`(role: DefaultRole) async throws {
        let (small, large) = (try await SalesHost(), try await SalesHost())
        try await fill(small, 400)
        try await fill(large, 40_000)
        let few = try await cost(small, as: role), many = try await cost(large, as: role)
        #expect(few.questions == many.questions)
        #expect(few.cards == many.cards && many.cards == 75, "the first 25 of three columns that are not final: \(few), \(many)")
        #expect(few.rows == many.rows, "\(few) \(many)")
        #expect(many.counted > 50 * few.counted && few.counted > 100, "the figures are those of all cards: \(few.counted), \(many.counted)")
        // A server looks through a few hundred rows rather than an index of them.
        guard TemporaryServerDatabase.serverURL == nil else { return #expect(many.scans.isEmpty, "\(many.scans)") }
        #expect(few.scans == many.scans)
        // The only table that is looked through is that of the statuses.
        #expect(many.scans.allSatisfy { $0 == "SCAN t" }, "\(many.scans)")
    }

    @Test func `the kept figures of the board are those that counting gives`() async throws {
        let host = try await SalesHost()
        try await fill(host, 2000)
        let (kept, counted) = try await host.read { transaction in
            var query = try transaction.board(of: transaction.registry.require("lead"))
            let kept = try transaction.columns(query, limit: 0).map(\.figure)
            // A condition that every lead meets, and that kept figures cannot answer.
            query.filter = .not(.compare("title", .equal, .value(.text("nobody is called so"))))
            return (kept, try transaction.columns(query, limit: 0).map(\.figure))
        }
        #expect(kept == counted)
        #expect(kept.reduce(0) { $0 + $1.count } > 1000)
    }
}
