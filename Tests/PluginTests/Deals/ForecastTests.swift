import PluginAPI
import Testing

@testable import Kernel

@Suite struct ForecastTests {
    @Test(arguments: [
        (100_000, 50, 50_000), (1, 50, 1), (-1, 50, -1), (1, 49, 0), (3, 50, 2), (-3, 50, -2), (333, 33, 110), (Int64.max, 100, .max),
        (Int64.min, 100, .min), (Int64.max, 1, 92_233_720_368_547_758), (7, 0, 0),
    ] as [(Int64, Int64, Int64)])
    func `expected revenue is value times probability, exact to the cent, a half away from zero`(minor: Int64, percent: Int64, expected: Int64) async throws {
        let host = try await SalesHost()
        let deal = try await host.write {
            try $0.add("deal", ["title": .text("X"), "value": .money(Money(minor: minor, .eur)), "probability": .integer(percent)])
        }
        #expect(deal["expected_revenue"] == .money(Money(minor: expected, .eur)))
    }

    @Test func `expected revenue follows value, probability and stage, in the currency of the value`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let deal = try transaction.add("deal", ["title": .text("X"), "value": .money(Money(minor: 20_000, .usd))])
            #expect(deal["expected_revenue"] == .money(Money(minor: 2000, .usd)), "the first stage has 10 %")
            #expect(try transaction.change("deal", deal.id, ["probability": .integer(25)])["expected_revenue"] == .money(Money(minor: 5000, .usd)))
            let won = try transaction.change("deal", deal.id, ["stage": transaction.link("stage", "Won")])
            #expect(won["expected_revenue"] == .money(Money(minor: 20_000, .usd)))
            #expect(try transaction.change("deal", deal.id, ["value": .null])["expected_revenue"] == .null)
        }
    }

    /// Deals of two agents in two pipelines, and what the forecast says of them.
    private func forecast(_ host: SalesHost) async throws {
        try await host.write { transaction in
            let renewals = try addRenewals(transaction)
            let agents = try ["sales_agent", "account_manager"].map { try transaction.link("user", $0) }
            let deals: [(String, Int64, Int64, String?, Int)] = [
                ("a", 1000, 50, "2026-11-30", 0), ("b", 500, 20, "2026-11-25", 1), ("c", 800, 10, "2027-01-15", 0), ("d", 40, 100, nil, 1),
                ("overdue", 60, 50, "2026-09-01", 0),
            ]
            for (title, value, percent, day, agent) in deals {
                try transaction.add(
                    "deal",
                    [
                        "title": .text(title), "value": .euro(value), "probability": .integer(percent), "expected_close_date": day.map(Value.day) ?? .null,
                        "assigned_to": agents[agent],
                    ])
            }
            try transaction.add(
                "deal",
                [
                    "title": .text("renewal"), "pipeline": .link(renewals), "value": .euro(300), "probability": .integer(50),
                    "expected_close_date": .day("2026-11-28"), "assigned_to": agents[0],
                ])
            try transaction.add(
                "deal", ["title": .text("won"), "stage": transaction.link("stage", "Won"), "value": .euro(9000), "expected_close_date": .day("2026-11-28")])
        }
    }

    private func columns(_ host: SalesHost, as role: DefaultRole = .administrator, within: String? = nil) async throws -> [String] {
        try await host.read(as: role) { transaction in
            var query = try transaction.board("forecast", of: transaction.registry.require("deal"))
            query.within = try within.map { try transaction.named("pipeline", $0).raw }
            return try transaction.columns(query, limit: 9).filter { $0.count > 0 }.map { column in
                let sums = column.figure.sums.map { $0.map { String($0.sum / 100) }.joined(separator: "+") }
                return "\(column.title): \(sums.joined(separator: " of ")): \(column.cards.map { $0["title"].text }.joined(separator: ", "))"
            }
        }
    }

    @Test func `the forecast is the expected revenue of open deals by month, for all pipelines or one`() async throws {
        let host = try await SalesHost()
        try await forecast(host)
        #expect(
            try await columns(host) == [
                "No date: 40 of 40: d", "Overdue: 30 of 60: overdue", "Nov 2026: 750 of 1800: b, renewal, a", "Jan 2027: 80 of 800: c",
            ])
        #expect(try await columns(host, within: "Renewals") == ["Nov 2026: 150 of 300: renewal"])
    }

    @Test func `the forecast by agent and by pipeline says the same in a table, and everybody reads of their own deals only`() async throws {
        let host = try await SalesHost()
        try await forecast(host)
        func table(_ field: String, as role: DefaultRole = .administrator) async throws -> [String] {
            try await host.read(as: role) { transaction in
                let query = try transaction.board("forecast", of: transaction.registry.require("deal"))
                let table = try transaction.table(query, by: try query.rowField(field))
                return table.rows.map { row in
                    let cells = zip(table.columns, row.cells).filter { $1.count > 0 }.map { "\($0.title) \(($1.sums[0].first?.sum ?? 0) / 100)" }
                    return "\(row.title) \((row.total.sums[0].first?.sum ?? 0) / 100): \(cells.joined(separator: ", "))"
                }
            }
        }
        #expect(
            try await table("assigned_to") == [
                "account_manager 140: No date 40, Nov 2026 100", "sales_agent 760: Overdue 30, Nov 2026 650, Jan 2027 80",
            ])
        #expect(
            try await table("pipeline") == ["Renewals 150: Nov 2026 150", "Sales 750: No date 40, Overdue 30, Nov 2026 600, Jan 2027 80"])
        #expect(try await table("assigned_to", as: .accountManager) == ["account_manager 140: No date 40, Nov 2026 100"])
        #expect(try await columns(host, as: .accountManager) == ["No date: 40 of 40: d", "Nov 2026: 100 of 500: b"])
    }

    @Test func `months that are over are one column, Overdue, which opens its list, and out of which deals are dragged but not into it`() async throws {
        let host = try await SalesHost()
        try await forecast(host)
        let more = try await host.write { transaction in
            try transaction.add(
                "deal", ["title": .text("older"), "value": .euro(20), "probability": .integer(50), "expected_close_date": .day("2025-03-01")]).id
        }
        #expect(try await columns(host)[1] == "Overdue: 40 of 80: older, overdue")
        let (count, refusals) = try await host.read { transaction in
            let query = try transaction.board("forecast", of: transaction.registry.require("deal"))
            // What was promised for an earlier day of this month is not over with its month.
            let filter = Filter.all([query.holds(BoardQuery.earlier), query.board.cards])
            return (try transaction.count("deal", where: filter), try query.key("earlier"))
        }
        #expect(count == 2 && refusals == BoardQuery.earlier)
        for key in ["earlier", "2026-09"] {
            let refusal = try await host.refusal { transaction in
                let query = try transaction.board("forecast", of: transaction.registry.require("deal"))
                let deal = try #require(try transaction.all("deal", where: .compare("title", .equal, .value(.text("a"))), sort: [], limit: 1).first)
                _ = try transaction.move(deal.id, on: query, to: .text(key), below: nil)
            }
            #expect(refusal.message == "nothing can be put into a month that is over")
        }
        let moved = try await host.write { transaction in
            let query = try transaction.board("forecast", of: transaction.registry.require("deal"))
            // Where it stands it may stay.
            #expect(try transaction.move(more, on: query, to: BoardQuery.earlier, below: nil)["expected_close_date"] == .day("2025-03-01"))
            return try transaction.move(more, on: query, to: .text("2026-12"), below: nil)
        }
        #expect(moved["expected_close_date"] == .day("2026-12-01"))
        #expect(try await columns(host)[1] == "Overdue: 30 of 60: overdue")
    }

    @Test func `dragging a deal to another month moves its expected close`() async throws {
        let host = try await SalesHost()
        try await forecast(host)
        let moved = try await host.write { transaction in
            let query = try transaction.board("forecast", of: transaction.registry.require("deal"))
            let deal = try #require(try transaction.all("deal", where: .compare("title", .equal, .value(.text("a"))), sort: [], limit: 1).first)
            return try transaction.move(deal.id, on: query, to: .text("2027-02"), below: nil)
        }
        #expect(moved["expected_close_date"] == .day("2027-02-28"))
        #expect(try await columns(host).suffix(2) == ["Jan 2027: 80 of 800: c", "Feb 2027: 500 of 1000: a"])
    }

    @Test func `the board of a pipeline adds up values and expected revenue for each stage`() async throws {
        let host = try await SalesHost()
        try await forecast(host)
        let columns = try await host.read { transaction in
            var query = try transaction.board(of: transaction.registry.require("deal"))
            query.within = try transaction.named("pipeline", "Sales").raw
            return try transaction.columns(query, limit: 0).filter { $0.count > 0 }.map { column in
                "\(column.title) \(column.count) \(column.figure.sums.map { $0.map { String($0.sum / 100) }.joined() })"
            }
        }
        #expect(columns == ["Prospecting 5 [\"2400\", \"750\"]", "Won 1 [\"9000\", \"9000\"]"])
    }

    @Test func `an older deployment gains expected revenue and days of stages for the deals that it has`() async throws {
        let host = try await SalesHost()
        let deal = try await host.write { try $0.add("deal", ["title": .text("X"), "value": .euro(100)]).id }
        try await host.write { transaction in
            try transaction.connection.execute("UPDATE deal SET expected_revenue = NULL, expected_revenue_currency = NULL, stage_since = NULL")
        }
        let step = try #require(try PluginLibrary.part("deals").contributions.migrations.first { $0.name == "deals.2_expected_revenue" })
        try await host.write(as: nil) { try step.body($0.transaction(for: "deals")) }
        let filled = try await host.read { try $0.get("deal", deal) }
        #expect(filled["expected_revenue"] == .euro(10))
        #expect(filled["stage_since"] == .day(SalesHost.start.day))
    }
}

@Suite struct RottingTests {
    private func rotting(_ host: SalesHost, as role: DefaultRole = .administrator) async throws -> [String] {
        try await host.read(as: role) { transaction in
            let entity = try transaction.registry.require("deal")
            let deals = try transaction.all("deal", where: .everything, sort: [], limit: 50)
            let marks = try transaction.marks(entity, deals.map(\.id.raw))
            return deals.filter { marks[$0.id.raw]?.map(\.name) == ["rotting"] }.map { $0["title"].text }
        }
    }

    @Test func `an open deal rots when it is in its stage for the pipeline's days, however often it was touched there`() async throws {
        let host = try await SalesHost()
        let (touched, moved) = try await host.write { transaction in
            try transaction.change("pipeline", transaction.named("pipeline", "Sales"), ["rotting_days": .integer(14)])
            try transaction.add("deal", ["title": .text("won"), "stage": transaction.link("stage", "Won")])
            return (try transaction.add("deal", ["title": .text("touched")]).id, try transaction.add("deal", ["title": .text("moved")]).id)
        }
        host.clock.advance(days: 13)
        #expect(try await rotting(host) == [])
        try await host.write { transaction in
            try transaction.change("deal", touched, ["description": .text("called again")])
            try transaction.change("deal", moved, ["stage": transaction.link("stage", "Engaging")])
        }
        host.clock.advance(days: 1)
        #expect(try await rotting(host) == ["touched"])
        let preset = try await host.read { transaction in
            let entity = try transaction.registry.require("deal")
            let view = try #require(entity.presets.first { $0.title == "Rotting" })
            return try transaction.count(entity, where: view.filter)
        }
        #expect(preset == 1)
        // Whoever may see the deal sees the mark; others do not even count it.
        #expect(try await rotting(host, as: .management) == ["touched"])
        #expect(try await rotting(host, as: .salesAgent) == [])
        try await host.write { try $0.change("pipeline", $0.named("pipeline", "Sales"), ["rotting_days": .null]) }
        #expect(try await rotting(host) == [])
    }
}
