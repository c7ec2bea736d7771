import PluginAPI
import Testing

@testable import Kernel

@Suite("Metrics by groups and over time") struct MetricTableTests {
    private func filled() async throws -> Workshop {
        let workshop = try await Workshop("2026-03-15T09:00:00Z")
        let rows: [(String, Int64?, Currency, String?, Int64, Int64?, Bool)] = [
            ("Clutch", 100_00, .eur, "2026-03-01", 150, 2, false), ("Brakes", 50_50, .eur, "2026-03-31", 100, 3, false),
            ("Tyres", 80_00, .usd, "2026-03-10", 25, 2, false), ("Lamp", 9_99, .eur, "2026-02-28", 10, 4, false),
            ("Engine", nil, .eur, "2026-03-05", 0, 2, false), ("Mirror", 20_00, .eur, nil, 40, 2, true),
            ("Belt", 7_00, .eur, "2026-01-15", 40, nil, false), ("Wiper", 3_00, .eur, "2025-12-31", 40, 2, false),
        ]
        for (title, cost, currency, finished, hours, mechanic, urgent) in rows {
            try await workshop.repair(title) { repair in
                repair[Repair.cost] = cost.map { Money(minor: $0, currency) }
                repair[Repair.finished] = finished.flatMap { Day($0) }
                repair[Repair.hours] = FixedDecimal(units: hours, scale: 2)
                repair[Repair.urgent] = urgent
                if let mechanic { repair[Repair.mechanic] = Reference(RecordID(mechanic)) }
            }
        }
        return workshop
    }

    private func table(
        _ workshop: Workshop, _ key: String, _ split: MetricSplit, _ period: Period = .all, as user: Int64 = 1, scope: Scope = .all
    ) async throws -> MetricTable {
        try await workshop.store.read(as: workshop.actor(user)) { transaction in
            let reader = MetricReader(transaction: transaction)
            return try reader.table(try reader.find(key), split, period, scope: scope)
        }
    }

    /// How many records the list behind a cell has.
    private func listed(_ cell: MetricCell, _ workshop: Workshop, as user: Int64) async throws -> Int {
        try await workshop.store.read(as: workshop.actor(user)) { transaction in
            let entity = try transaction.registry.require("repair")
            return try transaction.count(entity, where: try ListQuery(cell.query, entity: entity, transaction: transaction).filter)
        }
    }

    @Test func `a metric is told by the values of a field, the greatest first, what has none last`() async throws {
        let table = try await table(try await filled(), "workshop.revenue", MetricSplit(fields: ["assigned_to"]))
        #expect(table.groups.map(\.labels) == [["Ben"], ["Cem"], ["Dora"], ["None"]])
        #expect(table.groups.map(\.total.figure.count) == [3, 1, 1, 1])
        #expect(table.groups[0].total.figure.value == .amounts([Money(minor: 103_00, .eur), Money(minor: 80_00, .usd)]))
        #expect(table.total.figure.count == 6)
    }

    @Test func `money of several currencies stays apart, in each group and in the whole`() async throws {
        let table = try await table(try await filled(), "workshop.average_cost", MetricSplit(fields: ["urgent"]))
        #expect(table.groups.map(\.labels) == [["Yes"], ["No"]])
        #expect(table.groups[0].total.figure.value == .amounts([Money(minor: 20_00, .eur)]))
        // (100 + 50.50 + 9.99 + 7 + 3) / 5 = 34.098
        #expect(table.groups[1].total.figure.value == .amounts([Money(minor: 34_10, .eur), Money(minor: 80_00, .usd)]))
    }

    @Test func `a metric is told month by month, the present one last`() async throws {
        let table = try await table(try await filled(), "workshop.revenue", MetricSplit(by: .month, periods: 3))
        #expect(table.titles == ["Jan 2026", "Feb 2026", "Mar 2026"])
        #expect(table.totals.map(\.figure.count) == [1, 1, 3])
        #expect(table.total.figure.count == 5)
        #expect(table.span?.first.description == "2026-01-01" && table.span?.last.description == "2026-03-31")
        let weeks = try await self.table(try await filled(), "workshop.revenue", MetricSplit(by: .week, periods: 2))
        #expect(weeks.titles == ["2026-03-02", "2026-03-09"])
        let quarters = try await self.table(try await filled(), "workshop.revenue", MetricSplit(by: .quarter, periods: 2))
        #expect(quarters.titles == ["Q4 2025", "Q1 2026"])
        #expect(quarters.totals.map(\.figure.count) == [1, 5])
    }

    @Test func `a moment falls into the month that it has in the deployment's time zone`() async throws {
        let workshop = try await Workshop("2026-02-28T23:30:00Z")
        try await workshop.repair("Late")
        let split = MetricSplit(by: .month, periods: 2)
        #expect(try await table(workshop, "workshop.repairs", split).totals.map(\.figure.count) == [0, 1])
        let berlin = try #require(DeploymentCalendar(identifier: "Europe/Berlin"))
        #expect(berlin.day(of: try #require(Moment("2026-02-28T23:30:00Z"))).description == "2026-03-01")
        var settings = workshop.store.settings
        settings.calendar = berlin
        workshop.store.replace(settings: settings)
        let there = try await table(workshop, "workshop.repairs", split)
        #expect(there.titles == ["Feb 2026", "Mar 2026"])
        #expect(there.totals.map(\.figure.count) == [0, 1])
        #expect(try await listed(there.totals[1], workshop, as: 1) == 1)
    }

    @Test func `groups over time are a matrix whose rows and columns add up`() async throws {
        let table = try await table(try await filled(), "workshop.revenue", MetricSplit(fields: ["assigned_to"], by: .month, periods: 3))
        #expect(table.groups.map(\.labels) == [["Ben"], ["Cem"], ["Dora"], ["None"]])
        #expect(table.groups.map { $0.cells.map(\.figure.count) } == [[0, 0, 2], [0, 0, 1], [0, 1, 0], [1, 0, 0]])
        for group in table.groups { #expect(group.cells.reduce(0) { $0 + $1.figure.count } == group.total.figure.count) }
        for place in table.spans.indices {
            #expect(table.groups.reduce(0) { $0 + $1.cells[place].figure.count } == table.totals[place].figure.count)
        }
    }

    @Test func `what is beyond the greatest groups stands together`() async throws {
        let table = try await table(try await filled(), "workshop.repairs", MetricSplit(fields: ["title"], most: 3))
        #expect(table.groups.map(\.labels) == [["Belt"], ["Brakes"], ["Clutch"], ["Others"]])
        #expect(table.groups.map(\.total.figure.count) == [1, 1, 1, 5])
    }

    @Test func `two fields are an outer and an inner group`() async throws {
        let table = try await table(try await filled(), "workshop.repairs", MetricSplit(fields: ["urgent", "assigned_to"]))
        #expect(table.groups.map { $0.labels.joined(separator: " / ") } == ["Yes / Ben", "No / Ben", "No / Cem", "No / Dora", "No / None"])
        #expect(table.groups.map(\.total.figure.count) == [1, 4, 1, 1, 1])
    }

    @Test(arguments: ["workshop.repairs", "workshop.revenue", "workshop.average_hours", "workshop.average_cost", "workshop.odd"])
    func `each figure, each group and each cell opens exactly the records that make it up`(key: String) async throws {
        let workshop = try await filled()
        var looked = 0
        for (user, scope) in [(Int64(1), Scope.all), (2, .own), (4, .team), (4, .all)] {
            for fields in [["assigned_to"], ["urgent"], ["title"], ["urgent", "assigned_to"], []] {
                for by in [nil, Period.month] where by == nil || !["workshop.odd", "workshop.average_cost"].contains(key) {
                    let split = MetricSplit(fields: fields, by: by, periods: 4, most: 3)
                    let table = try await table(workshop, key, split, .quarter, as: user, scope: scope)
                    let cells = [table.total] + table.totals + table.groups.flatMap { [$0.total] + $0.cells }
                    for cell in cells {
                        let count = try await listed(cell, workshop, as: user)
                        #expect(count == cell.figure.count, "\(key) as \(user) by \(fields): \(cell.query.encoded)")
                        looked += 1
                    }
                    if !fields.isEmpty { #expect(table.groups.reduce(0) { $0 + $1.total.figure.count } == table.total.figure.count) }
                }
            }
        }
        #expect(looked > 30)
    }

    @Test func `a group is made of what the reader may see`() async throws {
        let workshop = try await filled()
        let own = try await table(workshop, "workshop.repairs", MetricSplit(fields: ["assigned_to"]), as: 3)
        #expect(own.groups.map(\.labels) == [["Cem"]])
        #expect(own.total.figure.count == 1)
        let team = try await table(workshop, "workshop.repairs", MetricSplit(fields: ["assigned_to"]), as: 4)
        #expect(team.groups.map(\.labels) == [["Ben"], ["Dora"]])
        await #expect(throws: CRMError.self) { try await table(workshop, "workshop.repairs", MetricSplit(fields: ["assigned_to"]), as: 5) }
    }

    @Test func `a condition may be a formula`() async throws {
        let workshop = try await filled()
        let table = try await table(workshop, "workshop.long", MetricSplit(fields: ["assigned_to"]))
        #expect(table.groups.map(\.labels) == [["Ben"], ["Cem"]])
        for group in table.groups { #expect(try await listed(group.total, workshop, as: 1) == group.total.figure.count) }
    }

    @Test(arguments: [
        ("group=cost", "group"), ("group=nowhere", "nowhere"), ("group=title,urgent,assigned_to", "group"), ("group=urgent,urgent", "group"),
        ("by=fortnight", "by"), ("by=all", "by"), ("by=month&periods=61", "periods"), ("by=month&periods=0", "periods"), ("group=title&top=0", "top"),
    ])
    func `what cannot be split so is refused with the parameter's name`(query: String, field: String) async throws {
        let workshop = try await filled()
        let items = query.split(separator: "&").map { part -> FrontRequest.QueryItem in
            let pair = part.split(separator: "=")
            return .init(name: String(pair[0]), value: String(pair[1]))
        }
        do {
            _ = try await MetricsAPI(store: workshop.store).respond(
                FrontRequest(method: "GET", path: [], query: items), workshop.caller(1), ["workshop.repairs"][...])
            Issue.record("\(query) was answered")
        } catch let error as CRMError {
            #expect(error.code == .invalid && error.problems.first?.field == field, "\(error)")
        }
    }

    @Test func `a figure as of now cannot be told over time`() async throws {
        let workshop = try await filled()
        await #expect(throws: CRMError.self) { try await table(workshop, "workshop.odd", MetricSplit(by: .month, periods: 3)) }
    }

    @Test func `one question is asked of the database, however it is split`() async throws {
        let workshop = try await filled()
        let asked = try await workshop.store.read(as: workshop.actor(1)) { transaction -> [String] in
            let reader = MetricReader(transaction: transaction)
            let metric = try reader.find("workshop.revenue")
            let counting = CountingConnection(transaction.connection)
            let watched = StoreTransaction(
                connection: counting, dialect: transaction.dialect, state: Store.State(registry: transaction.registry, settings: transaction.settings),
                actor: transaction.actor, now: transaction.now, isWriting: false)
            _ = try MetricReader(transaction: watched).table(metric, MetricSplit(fields: ["assigned_to"], by: .month, periods: 12))
            _ = try MetricReader(transaction: watched).read(metric, .month, series: 12)
            return counting.asked
        }
        // The figures, the names of the people, and the second reading as a whole.
        #expect(asked.count == 3, "\(asked)")
    }

    @Test func `the JSON front tells groups, spans and cells, each with its list`() async throws {
        let workshop = try await filled()
        let items: [FrontRequest.QueryItem] = [
            .init(name: "group", value: "assigned_to"), .init(name: "by", value: "month"), .init(name: "periods", value: "3"),
        ]
        let json = try body(try await MetricsAPI(store: workshop.store).respond(
            FrontRequest(method: "GET", path: [], query: items), workshop.caller(1), ["workshop.revenue"][...]))
        #expect(json["by"]?.text == "month" && json["from"]?.text == "2026-01-01" && json["to"]?.text == "2026-03-31")
        #expect(json["series"]?.array?.compactMap { $0["label"]?.text } == ["Jan 2026", "Feb 2026", "Mar 2026"])
        let ben = try #require(json["groups"]?.array?.first)
        #expect(ben["label"]?.text == "Ben")
        #expect(ben["value"]?.array?.map { $0["amount"]?.text } == ["100.00", "80.00"])
        #expect(ben["list"]?.text == "/admin/repairs?urgent=false&cost.empty=false&finished.gte=2026-01-01&finished.lt=2026-04-01&assigned_to=2")
        #expect(ben["cells"]?.array?.count == 3)
    }
}

/// Passes everything on and notes what was asked.
final class CountingConnection: Connection {
    private let inner: any Connection
    private(set) var asked: [String] = []

    init(_ inner: any Connection) { self.inner = inner }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int { try inner.execute(sql, arguments) }
    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws {
        asked.append(sql)
        try inner.query(sql, arguments, each)
    }
    func savepoint<T>(_ body: () throws -> T) throws -> T { try inner.savepoint(body) }
    func columns(of table: String) throws -> Set<String> { try inner.columns(of: table) }
    func indexes(of table: String) throws -> Set<String> { try inner.indexes(of: table) }
    func continueNumbers(of table: String) throws { try inner.continueNumbers(of: table) }
}
