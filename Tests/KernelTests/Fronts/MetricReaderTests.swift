import PluginAPI
import Testing

@testable import Kernel

@Suite struct MetricReaderTests {
    private func day(_ text: String) -> Day? { Day(text) }

    private func filled() async throws -> Workshop {
        let workshop = try await Workshop("2026-03-15T09:00:00Z")
        let rows: [(String, Int64?, Currency, String?, Int64, Int64)] = [
            ("Clutch", 100_00, .eur, "2026-03-01", 150, 2), ("Brakes", 50_50, .eur, "2026-03-31", 100, 3),
            ("Tyres", 80_00, .usd, "2026-03-10", 25, 2), ("Lamp", 9_99, .eur, "2026-02-28", 10, 4),
            ("Engine", nil, .eur, "2026-03-05", 0, 2), ("Mirror", 20_00, .eur, nil, 40, 2),
        ]
        for (title, cost, currency, finished, hours, mechanic) in rows {
            try await workshop.repair(title) { repair in
                repair[Repair.cost] = cost.map { Money(minor: $0, currency) }
                repair[Repair.finished] = finished.flatMap { Day($0) }
                repair[Repair.hours] = FixedDecimal(units: hours, scale: 2)
                repair[Repair.mechanic] = Reference(RecordID(mechanic))
            }
        }
        return workshop
    }

    private func read(
        _ workshop: Workshop, _ key: String, _ period: Period = .month, as user: Int64 = 1, scope: Scope = .all, series: Int = 0
    ) async throws -> MetricReading {
        try await workshop.store.read(as: workshop.actor(user)) { transaction in
            let reader = MetricReader(transaction: transaction)
            return try reader.read(try reader.find(key), period, scope: scope, series: series)
        }
    }

    @Test func `a sum is told for each currency, with the period before`() async throws {
        let workshop = try await filled()
        let reading = try await read(workshop, "workshop.revenue")
        #expect(reading.figure.value == .amounts([Money(minor: 150_50, .eur), Money(minor: 80_00, .usd)]))
        #expect(reading.figure.count == 3)
        #expect(reading.previous?.value == .amounts([Money(minor: 9_99, .eur)]))
        #expect(try await read(workshop, "workshop.revenue", .all).previous == nil)
        #expect(try await read(workshop, "workshop.revenue", .all).figure.count == 5)
    }

    @Test func `an average is exact before it is rounded`() async throws {
        let workshop = try await filled()
        // 150 + 100 + 25 + 0 hundredths of an hour over four repairs: 68.75
        #expect(try await read(workshop, "workshop.average_hours").figure.value == .number(FixedDecimal(units: 69, scale: 2)))
        #expect(try await read(workshop, "workshop.average_hours", .day).figure.value == .nothing)
        // 180.49 EUR over four: 45.1225
        #expect(try await read(workshop, "workshop.average_cost").figure.value == .amounts([Money(minor: 45_12, .eur), Money(minor: 80_00, .usd)]))
    }

    @Test func `a figure is made of what the user may see`() async throws {
        let workshop = try await filled()
        guard case .amounts(let amounts) = try await read(workshop, "workshop.revenue", as: 2).figure.value else {
            Issue.record("a sum of money is told as amounts")
            return
        }
        #expect(Set(amounts) == [Money(minor: 80_00, .usd), Money(minor: 100_00, .eur)])
        #expect(try await read(workshop, "workshop.revenue", as: 3).figure.value == .amounts([Money(minor: 50_50, .eur)]))
        await #expect(throws: CRMError.self) { try await read(workshop, "workshop.revenue", as: 5) }
        let readable = try await workshop.store.read(as: workshop.actor(5)) { MetricReader(transaction: $0).readable().count }
        #expect(readable == 0)
    }

    @Test func `a scope narrows what is seen`() async throws {
        let workshop = try await filled()
        #expect(try await read(workshop, "workshop.revenue", as: 4, scope: .all).figure.count == 2)
        #expect(try await read(workshop, "workshop.revenue", as: 4, scope: .own).figure.count == 0)
        #expect(try await read(workshop, "workshop.revenue", .year, as: 4, scope: .team).figure.count == 3)
        #expect(try await read(workshop, "workshop.revenue", as: 2, scope: .team).figure.count == 2)
    }

    @Test(arguments: ["workshop.repairs", "workshop.revenue", "workshop.average_hours", "workshop.average_cost", "workshop.odd"])
    func `the list behind a figure holds exactly the records that make it up`(key: String) async throws {
        let workshop = try await filled()
        for (user, scope) in [(Int64(1), Scope.all), (2, .own), (4, .team)] {
            for period in [Period.month, .all] {
                let reading = try await read(workshop, key, period, as: user, scope: scope)
                let listed = try await workshop.store.read(as: workshop.actor(user)) { transaction in
                    let entity = try transaction.registry.require("repair")
                    let query = try ListQuery(reading.query, entity: entity, transaction: transaction)
                    return try transaction.count(entity, where: query.filter)
                }
                #expect(listed == reading.figure.count, "\(key) \(user) \(period)")
            }
        }
    }

    @Test func `a series tells the latest periods, the earliest first`() async throws {
        let workshop = try await filled()
        let series = try await read(workshop, "workshop.revenue", series: 3).series
        #expect(series.map(\.span.first) == [day("2026-01-01"), day("2026-02-01"), day("2026-03-01")])
        #expect(series.map(\.figure.count) == [0, 1, 3])
    }

    @Test func `metrics are listed and read over JSON`() async throws {
        let workshop = try await filled()
        let api = MetricsAPI(store: workshop.store)
        func get(_ rest: [String], _ query: [FrontRequest.QueryItem] = []) async throws -> JSONValue {
            try body(try await api.respond(FrontRequest(method: "GET", path: [], query: query), workshop.caller(1), rest[...]))
        }
        let list = try await get([])
        #expect(list["data"]?.array?.compactMap { $0["key"]?.text }.contains("workshop.revenue") == true)
        let reading = try await get(["workshop.revenue"], [.init(name: "period", value: "quarter"), .init(name: "series", value: "2")])
        #expect(reading["from"]?.text == "2026-01-01")
        #expect(reading["to"]?.text == "2026-03-31")
        #expect(reading["value"]?.array?.first?["amount"]?.text == "160.49")
        #expect(reading["series"]?.array?.count == 2)
        #expect(reading["list"]?.text?.hasPrefix("/admin/repairs?urgent=false&") == true)
        await #expect(throws: CRMError.self) { try await get(["workshop.unknown"]) }
        await #expect(throws: CRMError.self) { try await get(["workshop.revenue"], [.init(name: "period", value: "fortnight")]) }
    }
}
