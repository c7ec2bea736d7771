import PluginAPI
import Testing

@testable import Kernel

/// What a search of leads costs, by the steps it takes rather than by the clock.
@Suite struct LeadSearchCostTests {
    private func fill(_ host: SalesHost, _ count: Int) async throws {
        try await host.write { transaction in
            let model = try transaction.add("lead", ["title": .text("Model")])
            let columns = try transaction.connection.columns(of: "lead").subtracting(["id", "title"]).sorted()
            let names: String = columns.map { "\"\($0)\"" }.joined(separator: ", ")
            try transaction.connection.execute(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
                INSERT INTO lead (\(names), "title") SELECT \(names), 'Offer ' || i || ' for a roof' FROM n, lead WHERE lead.id = \(model.id.raw)
                """)
            let lead: EntityModel = try transaction.registry.require("lead")
            try transaction.dialect.dropSearch(transaction.connection, table: lead.name)
            try transaction.dialect.prepareSearch(transaction.connection, table: lead.name, columns: lead.searchFields.map(\.name))
        }
    }

    /// A list as it is asked for without an order: the words, a condition and the page.
    private func page(_ transaction: StoreTransaction, _ words: String, more: [FrontRequest.QueryItem] = []) throws -> (rows: Int, steps: Set<String>) {
        let (watched, watch) = transaction.watched { QuestionWatch($0) }
        let entity: EntityModel = try watched.registry.require("lead")
        let asked: [FrontRequest.QueryItem] = [.init(name: "q", value: words)] + more
        let query = try ListQuery(asked, entity: entity, transaction: watched).leavingAside(entity)
        var rows = 0
        _ = try watched.page(ListRequest(entity: entity, filter: query.filter, sort: query.sort, limit: 50)) { _, _ in rows += 1 }
        return (rows, watch.steps)
    }

    @Test(arguments: ["roof", "offer roof", "ro", "of roof"])
    func `the first page of what thousands of leads have is read off the search index, without the others`(words: String) async throws {
        let host = try await SalesHost()
        guard host.store.engine.dialect.kind == .sqlite else { return }
        try await fill(host, 3000)
        let (rows, steps) = try await host.read { try page($0, words, more: [.init(name: "outcome", value: "open")]) }
        #expect(rows == 50)
        #expect(!steps.contains { $0.contains("TEMP B-TREE") || $0.contains("LIST SUBQUERY") || $0.hasPrefix("SCAN t") && !$0.contains("VIRTUAL") }, "\(steps)")
        #expect(steps.contains { $0.hasPrefix("SCAN tenon_search_lead VIRTUAL TABLE") }, "\(steps)")
    }

    @Test func `a search in everything takes the newest few off the search index`() async throws {
        let host = try await SalesHost()
        guard host.store.engine.dialect.kind == .sqlite else { return }
        try await fill(host, 3000)
        let (labels, steps): ([String], Set<String>) = try await host.read { transaction in
            let (watched, watch) = transaction.watched { QuestionWatch($0) }
            return (try watched.search("roof", limit: 2).map(\.label), watch.steps)
        }
        #expect(labels == ["Offer 3000 for a roof", "Offer 2999 for a roof"])
        #expect(!steps.contains { $0.contains("TEMP B-TREE") || $0.contains("LIST SUBQUERY") }, "\(steps)")
    }
}
