import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The dashboard of all of sales, to which the three plugins add.
@Suite("The sales dashboard") struct SalesDashboardTests {
    private func filled(_ plugins: [String] = ["customers", "leads", "deals"]) async throws -> SalesHost {
        let host = try await SalesHost(plugins)
        try await host.fillDemo()
        return host
    }

    private func read(
        _ host: SalesHost, as role: DefaultRole? = .administrator, _ period: Period = .all, date: String? = nil
    ) async throws -> DashboardReading {
        try await host.read(as: role) { transaction in
            let reader = DashboardReader(transaction)
            return try reader.read(try reader.find("crm"), period, holding: date.flatMap { Day($0) })
        }
    }

    private func count(_ host: SalesHost, _ entity: String, _ filter: Filter = .everything, as role: DefaultRole? = .administrator) async throws -> Int {
        try await host.read(as: role) { try $0.count(entity, where: filter) }
    }

    private static func number(_ figure: FigureReading?) -> Int? {
        guard case .number(let number) = figure?.reading.figure.value else { return nil }
        return Int(number.units)
    }

    // MARK: What stands there

    @Test func `cards tell companies and active, customers, leads and qualified, deals, open and won`() async throws {
        let host = try await filled()
        let reading = try await read(host)
        let cards = reading.figures(in: "")
        #expect(cards.map(\.title) == ["Companies", "Customers", "Leads", "Deals", "Open deals", "Won deals"])
        func card(_ title: String) -> FigureReading? { cards.first { $0.title == title }?.figure }
        let companies = try #require(card("Companies"))
        #expect(companies.beside?.title == "active")
        #expect(Self.number(companies) == (try await count(host, "company")))
        let active = try await count(host, "company", .compare("active", .equal, .value(.boolean(true))))
        #expect(companies.beside?.reading.figure.count == active && active > 0)
        #expect(Self.number(card("Customers")) == (try await count(host, "customer")))
        let leads = try #require(card("Leads"))
        let notJunk = Filter.compare("outcome", .notEqual, .value(.text("junk")))
        #expect(Self.number(leads) == (try await count(host, "lead", notJunk)))
        #expect(leads.beside?.title == "qualified")
        #expect((leads.beside?.reading.figure.count ?? 0) > 0)
        #expect(Self.number(card("Deals")) == (try await count(host, "deal")))
        for (title, outcome) in [("Open deals", "open"), ("Won deals", "won")] {
            #expect(Self.number(card(title)) == (try await count(host, "deal", .compare("outcome", .equal, .value(.text(outcome))))))
        }
    }

    @Test func `revenue is told as won, potential and average`() async throws {
        let reading = try await read(try await filled())
        let cards = reading.figures(in: "Revenue")
        #expect(cards.map(\.title) == ["Won", "Potential", "Average won deal"])
        for card in cards {
            guard case .amounts(let amounts) = card.figure.reading.figure.value else {
                Issue.record("\(card.title) is no money")
                continue
            }
            #expect(!amounts.isEmpty)
        }
    }

    @Test func `the five latest companies, customers and deals stand there`() async throws {
        let host = try await filled()
        let lists = try await read(host).lists
        #expect(lists.map(\.title) == ["Recent companies", "Recent customers", "Recent deals"])
        for (list, entity) in zip(lists.map(\.records), ["company", "customer", "deal"]) {
            #expect(list.entity.name == entity && list.request.limit == 5)
            #expect(list.query == [.init(name: "sort", value: "-created_at")])
        }
    }

    @Test func `deals are told by month over six months: total, won, lost, revenue`() async throws {
        let host = try await filled()
        let chart = try #require(try await read(host).charts["Deals by month"])
        #expect(chart.columns.map(\.title) == ["Total new", "Won", "Lost", "Revenue"])
        #expect(chart.rows.count == 6)
        #expect(chart.rows.last?.label == Period.month.title(of: try #require(Period.month.span(holding: SalesHost.start.day))))
        for row in chart.rows {
            let span = try #require(row.span)
            let won = Filter.all([.compare("outcome", .equal, .value(.text("won"))), span.filter(on: "actual_close_date")])
            #expect(row.cells[1].figure.count == (try await count(host, "deal", won)))
        }
        #expect(chart.totals.allSatisfy { $0.figure.count > 0 })
    }

    @Test func `leads are told by source, without junk`() async throws {
        let host = try await filled()
        let chart = try #require(try await read(host).charts["Leads by source"])
        let before = chart.rows.reduce(0) { $0 + $1.cells[0].figure.count }
        #expect(before == (try await count(host, "lead", .compare("outcome", .notEqual, .value(.text("junk"))))))
        let source = try #require(chart.rows.first)
        try await host.write { transaction in
            let lead = try #require(try transaction.all(
                "lead", where: .all([.compare("outcome", .equal, .value(.text("open"))), .not(.empty("source"))]), sort: [], limit: 1).first)
            try transaction.act("lead", lead.id, "mark-junk")
        }
        let after = try #require(try await read(host).charts["Leads by source"])
        #expect(after.rows.reduce(0) { $0 + $1.cells[0].figure.count } == before - 1)
        #expect(source.cells[0].figure.count >= (after.rows.first?.cells[0].figure.count ?? 0))
    }

    @Test func `junk leads are out of the numbers, and back when they are opened again`() async throws {
        let host = try await SalesHost()
        func leads() async throws -> [Int] {
            let reading = try await read(host)
            let card = try #require(reading.figures(in: "").first { $0.title == "Leads" }).figure
            let chart = try #require(reading.charts["Leads by source"])
            return [card.reading.figure.count, card.beside?.reading.figure.count ?? -1, chart.totals[0].figure.count]
        }
        let lead = try await host.write { transaction in
            let status = try transaction.link("lead_status", "Qualified")
            return try transaction.add("lead", ["title": .text("Spam"), "status": status, "source": transaction.link("lead_source", "Website")]).id
        }
        #expect(try await leads() == [1, 1, 1])
        try await host.write { try $0.act("lead", lead, "mark-junk") }
        #expect(try await leads() == [0, 0, 0])
        try await host.write { try $0.act("lead", lead, "reopen") }
        #expect(try await leads() == [1, 1, 1])
    }

    @Test func `the pipeline overview tells count and value by stage, pipeline by pipeline, empty stages too`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let pipeline = try transaction.add("pipeline", ["name": .text("Service"), "position": .integer(9)])
            try transaction.add("stage", ["name": .text("Offer"), "pipeline": .link(pipeline), "position": .integer(1)])
            let won = try transaction.add("stage", ["name": .text("Won"), "pipeline": .link(pipeline), "is_won": .boolean(true), "position": .integer(2)])
            try transaction.add("deal", ["title": .text("Wall"), "value": .euro(100)])
            try transaction.add("deal", ["title": .text("Repair"), "pipeline": .link(pipeline), "stage": .link(won), "value": .euro(70)])
            try transaction.add("pipeline", ["name": .text("Old"), "active": .boolean(false), "position": .integer(10)])
        }
        let chart = try #require(try await read(host).charts["Pipeline overview"])
        #expect(chart.columns.map(\.title) == ["Deals", "Value"])
        let service = chart.rows.filter { $0.section == "Service" }
        #expect(service.map(\.label) == ["Offer", "Won"])
        #expect(service.map { $0.cells[0].figure.count } == [0, 1])
        #expect(service[1].cells[1].figure.value == .amounts([Money(minor: 7000, .eur)]))
        let standard = chart.rows.filter { $0.section != "Service" }
        #expect(Set(standard.map(\.section)).count == 1 && standard.count > 3)
        let stages = try await host.read { transaction in
            try transaction.all("stage", where: .compare("pipeline", .equal, .value(.integer(1))), sort: [Sort(field: "position", descending: false)], limit: 50)
                .map { ValueText.plain($0["name"]) }
        }
        #expect(standard.map(\.label) == stages)
    }

    // MARK: Whose numbers

    @Test(arguments: [DefaultRole.administrator, .management, .salesManager, .salesAgent, .sdr, .accountManager, .marketing, .finance], [Period.all, .quarter])
    func `each number opens the list that makes it up, for whoever looks`(role: DefaultRole, period: Period) async throws {
        let host = try await filled()
        var looked = 0
        let reading = try await read(host, as: role, period)
        for (path, cell) in reading.cells {
            let listed = try await host.read(as: role) { transaction in
                let entity = try #require(transaction.registry.entity(path: path))
                return try transaction.count(entity, where: try ListQuery(cell.query, entity: entity, transaction: transaction).filter)
            }
            #expect(listed == cell.figure.count, "\(role) \(path)?\(cell.query.encoded)")
            looked += 1
        }
        #expect(looked > (role == .marketing || role == .finance ? 5 : 30))
    }

    @Test func `whoever sees only what is his own gets his own numbers`() async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            let agent = try transaction.all("user", where: .compare("name", .equal, .value(.text("sales_agent"))), sort: [], limit: 1)[0]
            let group = try transaction.add("customer", ["name": .text("Hidden Ltd")])
            let own = try transaction.add("customer", ["name": .text("Seen Ltd"), "assigned_to": .link(agent)])
            for (title, owner, customer, value) in [("A", true, own, 10), ("B", true, group, 20), ("C", false, own, 400), ("D", false, group, 800)] {
                var values: [String: Value] = ["title": .text(title), "customer": .link(customer), "value": .euro(Int64(value))]
                if owner { values["assigned_to"] = .link(agent) }
                try transaction.add("deal", values)
            }
            return (hidden: group.id, own: own.id)
        }
        let reading = try await read(host, as: .salesAgent)
        #expect(Self.number(reading.figures(in: "").first { $0.title == "Deals" }?.figure) == 2)
        #expect(reading.figures(in: "Revenue")[1].figure.reading.figure.value == .amounts([Money(minor: 3000, .eur)]))
        #expect(Self.number(reading.figures(in: "").first { $0.title == "Customers" }?.figure) == 1)

        // By a customer that he may not see, there is a group without a name.
        let table = try await host.read(as: .salesAgent) { transaction in
            let reader = MetricReader(transaction: transaction)
            return try reader.table(try reader.find("deals.total"), MetricSplit(fields: ["customer"]), .all)
        }
        #expect(table.groups.map(\.labels) == [["Seen Ltd"], ["(hidden)"]])
        #expect(table.groups.map(\.total.figure.count) == [1, 1])
        #expect(table.groups[1].total.query.contains(.init(name: "customer", value: "\(ids.hidden)")))
        let json = try await document(host, as: .salesAgent)
        #expect(!json.contains("Hidden Ltd") && !json.contains("800") && !json.contains("400.00"))
    }

    @Test func `a field that is hidden from somebody is in none of his numbers`() async throws {
        let host = try await filled()
        let rights = try host.actor(.management).rights
        let roles = rights.roles.mapValues { role -> RightsSnapshot.Role in
            var role = role
            if role.key == "management" { role.grants.masks = ["deal": ["value": .hidden], "lead": ["source": .hidden]] }
            return role
        }
        let masked = RightsSnapshot(people: rights.people, roles: roles)
        let actor = Actor.user(try #require(host.actor(.management).userID), via: "test", rights: masked)
        let reading = try await host.store.read(as: actor) { transaction in
            let reader = DashboardReader(transaction)
            return try reader.read(try reader.find("crm"), .all)
        }
        #expect(reading.figures(in: "Revenue").isEmpty)
        #expect(reading.charts["Leads by source"] == nil)
        #expect(reading.charts["Deals by month"]?.columns.map(\.title) == ["Total new", "Won", "Lost"])
        #expect(reading.charts["Pipeline overview"]?.columns.map(\.title) == ["Deals"])
        #expect(reading.lists.first { $0.title == "Recent deals" }?.records.columns.contains { $0.name == "value" } == false)
    }

    // MARK: Plugins that are switched off

    @Test func `without Deals, or without Leads, the rest stays right`() async throws {
        let withoutDeals = try await filled(["customers", "leads"])
        let first = try await read(withoutDeals)
        #expect(first.widgets.map(\.title) == ["Companies", "Customers", "Leads", "Leads by source", "Recent companies", "Recent customers"])
        let withoutLeads = try await filled(["customers", "deals"])
        let second = try await read(withoutLeads)
        #expect(second.figures(in: "").map(\.title) == ["Companies", "Customers", "Deals", "Open deals", "Won deals"])
        #expect(second.charts.keys.sorted() == ["Deals by month", "Pipeline overview"])
        #expect(Self.number(second.figures(in: "").first { $0.title == "Deals" }?.figure) == (try await count(withoutLeads, "deal")))
        let alone = try await read(try await filled(["customers"]))
        #expect(alone.widgets.map(\.title) == ["Companies", "Customers", "Recent companies", "Recent customers"])
    }

    // MARK: Periods and cost

    @Test func `figures with a date follow the period, with the one before; others are as of now`() async throws {
        let host = try await filled()
        let reading = try await read(host, .quarter, date: "2026-08-15")
        #expect(reading.span?.first.description == "2026-07-01" && reading.span?.last.description == "2026-09-30")
        let won = try #require(reading.figures(in: "").first { $0.title == "Won deals" }).figure.reading
        #expect(won.previous != nil && won.span == reading.span)
        let open = try #require(reading.figures(in: "").first { $0.title == "Open deals" }).figure.reading
        #expect(open.previous == nil && open.span == nil)
        #expect(try await read(host, date: "2026-08-15").charts["Deals by month"]?.rows.map(\.label) == ["Mar 2026", "Apr 2026", "May 2026", "Jun 2026", "Jul 2026", "Aug 2026"])
    }

    @Test func `the whole dashboard takes few questions, however much there is`() async throws {
        let host = try await filled()
        let asked = try await host.read { transaction -> Int in
            let counting = QuestionCounter(transaction.connection)
            let watched = StoreTransaction(
                connection: counting, dialect: transaction.dialect, state: Store.State(registry: transaction.registry, settings: transaction.settings),
                actor: transaction.actor, now: transaction.now, isWriting: false)
            let reader = DashboardReader(watched)
            let reading = try reader.read(try reader.find("crm"), .all)
            #expect(reading.widgets.count == 15)
            return counting.questions
        }
        #expect(asked <= 24, "\(asked) questions")
    }

    @Test func `the JSON front tells all of it at once`() async throws {
        let host = try await filled()
        let json = try JSONValue(parsing: Array(try await document(host, as: .administrator).utf8))
        #expect(json["title"]?.text == "CRM")
        let widgets = json["widgets"]?.array ?? []
        #expect(widgets.count == 15)
        #expect(Set(widgets.compactMap { $0["kind"]?.text }) == ["figure", "chart", "records"])
        let recent = try #require(widgets.first { $0["title"]?.text == "Recent deals" })
        #expect(recent["data"]?.array?.count == 5)
        #expect(recent["data"]?.array?.first?["stage_label"]?.text != nil && recent["data"]?.array?.first?["title"]?.text != nil)
        let month = try #require(widgets.first { $0["title"]?.text == "Deals by month" }?["rows"]?.array?.first)
        #expect(month["cells"]?.array?.first?["list"]?.text?.hasPrefix("/admin/deals?created_at.gte=") == true)
    }

    private func document(_ host: SalesHost, as role: DefaultRole) async throws -> String {
        let caller = Caller(actor: try host.actor(role), csrf: nil, kind: .token)
        let response = try await DashboardsAPI(store: host.store).respond(FrontRequest(method: "GET", path: []), caller, ["crm"][...])
        guard let bytes = response.body.bytes else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `whoever sees nothing of it has no dashboard`() async throws {
        let host = try await SalesHost()
        let nobody = try await host.write(as: nil) { try $0.add("user", ["name": .text("nobody"), "email": .text("nobody@example.com")]).id }
        try await host.reloadRights()
        let rights = try host.actor(.administrator).rights
        let actor = Actor.user(nobody.raw, via: "test", rights: rights)
        let names = try await host.store.read(as: actor) { DashboardReader($0).readable().map(\.body.name) }
        #expect(names == [])
        await #expect(throws: CRMError.self) { try await host.store.read(as: actor) { _ = try DashboardReader($0).find("crm") } }
    }
}

extension DashboardReading {
    func figures(in section: String) -> [(title: String, figure: FigureReading)] {
        widgets.filter { $0.section == section }.compactMap { widget in
            if case .figure(let figure) = widget.body { (widget.title, figure) } else { nil }
        }
    }

    var charts: [String: ChartReading] {
        Dictionary(uniqueKeysWithValues: widgets.compactMap { widget in
            if case .chart(let chart) = widget.body { (widget.title, chart) } else { nil }
        })
    }

    var lists: [(title: String, records: RecordsReading)] {
        widgets.compactMap { widget in if case .records(let records) = widget.body { (widget.title, records) } else { nil } }
    }

    /// Every figure, with the path of the list that it opens.
    var cells: [(path: String, cell: MetricCell)] {
        widgets.flatMap { widget -> [(path: String, cell: MetricCell)] in
            switch widget.body {
            case .figure(let figure):
                var cells = [(path: figure.path, cell: MetricCell(figure: figure.reading.figure, query: figure.reading.query))]
                if let beside = figure.beside?.reading { cells.append((figure.besidePath, MetricCell(figure: beside.figure, query: beside.query))) }
                return cells
            case .chart(let chart):
                return (chart.rows.map(\.cells) + [chart.totals]).flatMap { row in zip(chart.columns.map(\.path), row).map { ($0, $1) } }
            case .records: return []
            }
        }
    }
}

/// Counts what is asked of a database.
private final class QuestionCounter: Connection {
    private let inner: any Connection
    private(set) var questions = 0

    init(_ inner: any Connection) { self.inner = inner }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int { try inner.execute(sql, arguments) }
    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws {
        questions += 1
        try inner.query(sql, arguments, each)
    }
    func savepoint<T>(_ body: () throws -> T) throws -> T { try inner.savepoint(body) }
    func columns(of table: String) throws -> Set<String> { try inner.columns(of: table) }
    func indexes(of table: String) throws -> Set<String> { try inner.indexes(of: table) }
    func continueNumbers(of table: String) throws { try inner.continueNumbers(of: table) }
}
