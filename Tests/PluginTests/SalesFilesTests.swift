import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// A year of a sales team's work in files that nobody here wrote: 85 accounts, 35 agents, 8,800 opportunities. The files are
/// no part of the project; these tests run where they lie beside the checkout, or `TENON_SAMPLE_DATA` names their folder.
private enum SalesFiles {
    static let folder: String? = {
        let named: String? = ProcessInfo.processInfo.environment["TENON_SAMPLE_DATA"]
        var checkout = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { checkout.deleteLastPathComponent() }
        let beside: URL = checkout.deletingLastPathComponent().appendingPathComponent("shared/data")
        let path: String = (named ?? beside.path) + "/maven-crm"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    static var areThere: Bool { folder != nil }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder ?? "")/\(name)")))
    }
}

/// A deployment into which the files are imported, each with the little that a person has to say about it.
private struct SalesOffice {
    let host: SalesHost
    let importer: Importer

    static let agents: String = """
        {"mapping": {"sales_agent": "name", "regional_office": "teams", "manager": null}, "create_missing": ["team"],
         "fixed": {"email": "{sales_agent|slug}@example.com"}}
        """
    static let accounts: String = #"{"multipliers": {"revenue": 1000000}, "currency": "USD"}"#
    static let pipeline: String = #"{"currency": "USD"}"#

    init() async throws {
        host = try await SalesHost()
        importer = Importer(store: host.store, clock: host.clock, folder: host.folder.appendingPathComponent("imports").path)
    }

    func upload(_ name: String, _ entity: String, _ plan: String) async throws -> ImportRecord {
        let actor: Actor = try host.actor(.administrator)
        let record: ImportRecord = try await importer.add(
            SalesFiles.bytes(name), fileName: name, entity: entity, options: CSVOptions(), actor: actor)
        return try await importer.change(record.id, JSONValue(parsing: Array(plan.utf8)), actor: actor)
    }

    func finish(_ step: ImportState, _ record: ImportRecord) async throws -> ImportRecord {
        let actor: Actor = try host.actor(.administrator)
        _ = try await importer.begin(step, record.id, actor: actor)
        return try await importer.wait(record.id, actor: actor)
    }

    func people() async throws {
        let agents: ImportRecord = try await finish(.running, upload("sales_teams.csv", "users", Self.agents))
        #expect(agents.counts.created == 35, "\(agents.error ?? "") \(agents.details.faults)")
        try await host.reloadRights()
        let accounts: ImportRecord = try await finish(.running, upload("accounts.csv", "companies", Self.accounts))
        #expect(accounts.counts.created == 85, "\(accounts.error ?? "") \(accounts.details.faults)")
    }

    func figures(_ sql: String) async throws -> [String: Int64] {
        try await host.store.engine.read { connection in
            Dictionary(uniqueKeysWithValues: try connection.all(sql) { ($0.text(0), $0.integer(1)) })
        }
    }

    /// Sums of won deals in whole dollars, by something.
    func won(by expression: String) async throws -> [String: Int64] {
        try await figures("""
            SELECT \(expression), sum(d.value) / 100 FROM deal d JOIN "user" u ON u.id = d.assigned_to
            JOIN team t ON u.teams = '[' || t.id || ']'
            WHERE d.outcome = 'won' AND d.value_currency = 'USD' GROUP BY 1
            """)
    }
}

@Suite("A sales team's files", .enabled(if: SalesFiles.areThere))
struct SalesFilesTests {
    @Test("the pipeline comes in whole, whichever way its dates are written", arguments: [
        ("sales_pipeline.csv", "Y-M-D", ["product", "engage_date"]),
        ("variants/sales_pipeline.us-dates.csv", "M/D/Y", ["product", "engage_date"]),
        ("variants/sales_pipeline.dmy-dates.csv", "D-M-Y", ["product", "engage_date", "engage_quarter", "close_quarter"]),
    ])
    func pipeline(file: String, dates: String, unused: [String]) async throws {
        let office = try await SalesOffice()
        try await office.people()
        let record: ImportRecord = try await office.upload(file, "deals", SalesOffice.pipeline)
        #expect(record.details.plan.columns.map(\.field) == ["title", "assigned_to", "company", "stage", "actual_close_date", "value"])
        #expect(record.details.plan.columns.compactMap(\.dateFormat) == [dates])
        let columns: [String] = try office.importer.analysis(of: record).columns.map(\.header)
        #expect(columns.filter { header in !record.details.plan.columns.contains { $0.header == header } } == unused)
        let done: ImportRecord = try await office.finish(.running, record)
        #expect(done.counts == ImportRecord.Counts(total: 8800, done: 8800, created: 8800), "\(done.error ?? "") \(done.details.faults)")

        #expect(try await office.figures("SELECT s.name, count(*) FROM deal d JOIN stage s ON s.id = d.stage GROUP BY 1") == [
            "Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500,
        ])
        #expect(try await office.won(by: "'all'") == ["all": 10_005_534])
        #expect(try await office.won(by: "t.name") == ["West": 3_568_647, "Central": 3_346_293, "East": 3_090_594])
        let quarter: String = "substr(d.actual_close_date, 1, 4) || 'Q' || ((CAST(substr(d.actual_close_date, 6, 2) AS INTEGER) + 2) / 3)"
        #expect(try await office.won(by: quarter) == [
            "2017Q1": 1_134_672, "2017Q2": 3_086_111, "2017Q3": 2_982_255, "2017Q4": 2_802_496,
        ])
        let agents: [String: Int64] = try await office.won(by: "u.name")
        #expect(agents.count == 30)
        #expect(agents["Darcel Schlecht"] == 1_153_214)
        #expect(agents["Vicki Laflamme"] == 478_396)
        #expect(agents.values.sorted().suffix(2) == [478_396, 1_153_214])
        let open: [String: Int64] = try await office.figures("""
            SELECT s.name, count(*) FROM deal d JOIN stage s ON s.id = d.stage
            WHERE d.company IS NULL AND d.actual_close_date IS NULL AND d.value IS NULL GROUP BY 1
            """)
        #expect(open == ["Engaging": 1088, "Prospecting": 337])
    }

    @Test("metrics and the dashboard tell what the files say, by quarter, agent, account, team and stage")
    func figures() async throws {
        let office = try await SalesOffice()
        try await office.people()
        let record: ImportRecord = try await office.upload("sales_pipeline.csv", "deals", SalesOffice.pipeline)
        #expect(try await office.finish(.running, record).counts.created == 8800)
        let end: Day = try #require(Day("2017-12-31"))

        func dollars(_ cell: MetricCell) -> Int64? {
            guard case .amounts(let amounts) = cell.figure.value, amounts.count == 1, amounts[0].currency.code == "USD" else { return nil }
            return amounts[0].minor / 100
        }
        func table(_ key: String, _ split: MetricSplit, _ period: Period = .all) async throws -> MetricTable {
            try await office.host.read { transaction in
                let reader = MetricReader(transaction: transaction)
                return try reader.table(try reader.find(key), split, period, holding: end)
            }
        }
        let quarters: MetricTable = try await table("deals.won_value", MetricSplit(by: .quarter, periods: 4))
        #expect(quarters.titles == ["Q1 2017", "Q2 2017", "Q3 2017", "Q4 2017"])
        #expect(quarters.totals.map(dollars) == [1_134_672, 3_086_111, 2_982_255, 2_802_496])
        #expect(dollars(quarters.total) == 10_005_534)

        let agents: MetricTable = try await table("deals.won_value", MetricSplit(fields: ["assigned_to"], most: 100))
        #expect(agents.groups.count == 30)
        #expect(agents.groups[0].labels == ["Darcel Schlecht"] && dollars(agents.groups[0].total) == 1_153_214)
        #expect(agents.groups[1].labels == ["Vicki Laflamme"] && dollars(agents.groups[1].total) == 478_396)
        #expect(agents.groups.compactMap { dollars($0.total) }.reduce(0, +) == 10_005_534)

        let accounts: MetricTable = try await table("deals.won_value", MetricSplit(fields: ["company"], by: .quarter, periods: 4, most: 5))
        #expect(accounts.groups[0].labels == ["Kan-code"] && dollars(accounts.groups[0].total) == 341_455)
        #expect(accounts.groups.map { $0.labels[0] }.contains("Others"))
        #expect(accounts.groups.compactMap { dollars($0.total) }.reduce(0, +) == 10_005_534)

        let stages: MetricTable = try await table("deals.total", MetricSplit(fields: ["pipeline", "stage"]))
        let counts: [String: Int] = Dictionary(uniqueKeysWithValues: stages.groups.map { ($0.labels[1], $0.total.figure.count) })
        #expect(counts == ["Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500])

        let reading: DashboardReading = try await office.host.read { transaction in
            let reader = DashboardReader(transaction)
            return try reader.read(try reader.find("crm"), .year, holding: end)
        }
        let revenue = reading.figures(in: "Revenue")
        #expect(dollars(.init(figure: revenue[0].figure.reading.figure, query: [])) == 10_005_534)
        // 10,005,534 over 4,238 deals, to the nearest cent: 2,360.91
        #expect(revenue[2].figure.reading.figure.value == .amounts([Money(minor: 236_091, Currency("USD") ?? .eur)]))
        let months: ChartReading = try #require(reading.charts["Deals by month"])
        #expect(months.rows.map(\.label) == ["Jul 2017", "Aug 2017", "Sep 2017", "Oct 2017", "Nov 2017", "Dec 2017"])
        #expect(dollars(months.totals[3]) == Int64(5_784_751), "the third quarter and the fourth")
        for (path, cell) in reading.cells {
            let listed: Int = try await office.host.read { transaction in
                let entity = try #require(transaction.registry.entity(path: path))
                return try transaction.count(entity, where: try ListQuery(cell.query, entity: entity, transaction: transaction).filter)
            }
            #expect(listed == cell.figure.count, "\(path)?\(cell.query.encoded)")
        }
    }

    @Test("accounts find their parents, whichever comes first in the file")
    func parents() async throws {
        let office = try await SalesOffice()
        try await office.people()
        #expect(try await office.figures("SELECT 'parents', count(*) FROM company WHERE parent IS NOT NULL") == ["parents": 15])
        #expect(try await office.figures("""
            SELECT p.name, c.annual_revenue FROM company c JOIN company p ON p.id = c.parent WHERE c.name = 'Bluth Company'
            """) == ["Acme Corporation": 124_232_000_000])
    }

    @Test("a dry run stores nothing, and the whole pipeline can be taken back")
    func takenBack() async throws {
        let office = try await SalesOffice()
        try await office.people()
        let record: ImportRecord = try await office.upload("sales_pipeline.csv", "deals", SalesOffice.pipeline)
        let checked: ImportRecord = try await office.finish(.checking, record)
        #expect(checked.counts.created == 8800)
        #expect(try await office.figures("SELECT 'deals', count(*) FROM deal") == ["deals": 0])
        let done: ImportRecord = try await office.finish(.running, checked)
        #expect(try await office.figures("SELECT 'deals', count(*) FROM deal") == ["deals": 8800])
        let reverted: ImportRecord = try await office.finish(.reverting, done)
        #expect(reverted.state == .reverted && reverted.details.faults.isEmpty)
        #expect(try await office.figures("SELECT 'deals', count(*) FROM deal") == ["deals": 0])
    }

    @Test("without the accounts every row that names one says so, and nothing is stored")
    func withoutAccounts() async throws {
        let office = try await SalesOffice()
        let agents: ImportRecord = try await office.upload("sales_teams.csv", "users", SalesOffice.agents)
        #expect(try await office.finish(.running, agents).counts.created == 35)
        let record: ImportRecord = try await office.upload("sales_pipeline.csv", "deals", SalesOffice.pipeline)
        let failed: ImportRecord = try await office.finish(.running, record)
        #expect(failed.state == .failed)
        #expect(failed.counts.failed == 8800 - 1425)
        #expect(failed.details.faults.first?.text == "account: there is no company “Cancity”")
        #expect(try await office.figures("SELECT 'deals', count(*) FROM deal") == ["deals": 0])
    }

    @Test("only who may import is let in")
    func rights() async throws {
        let office = try await SalesOffice()
        await #expect(throws: CRMError.self) {
            try await office.importer.add(
                SalesFiles.bytes("accounts.csv"), fileName: "a.csv", entity: "companies", options: CSVOptions(),
                actor: office.host.actor(.finance))
        }
    }
}
