import PluginAPI
import Testing

@testable import Kernel

@Suite struct LeadViewsTests {
    private func titles(_ host: SalesHost, _ query: String, as role: DefaultRole = .administrator) async throws -> [String] {
        try await host.read(as: role) { transaction in
            let model = try transaction.registry.require("lead")
            let list = try ListQuery(FrontRequest.parseQuery(query) ?? [], entity: model, transaction: transaction)
            return try transaction.all("lead", where: list.filter, sort: [list.sort], limit: 50).map { ValueText.plain($0["title"]) }
        }
    }

    private func tab(_ host: SalesHost, _ title: String, as role: DefaultRole = .administrator) async throws -> [String] {
        try await host.read(as: role) { transaction in
            let preset = try #require(transaction.registry.require("lead").presets.first { $0.title == title })
            return try transaction.all("lead", where: preset.filter, sort: [preset.sort].compactMap(\.self), limit: 50)
                .map { ValueText.plain($0["title"]) }
        }
    }

    @Test func `leads are filtered by status and by source, and by whose they are`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            try transaction.add("lead", ["title": .text("A"), "source": transaction.link("lead_source", "Website")])
            try transaction.add("lead", ["title": .text("B"), "status": transaction.link("lead_status", "Contacted")])
        }
        try await host.write(as: .salesManager) { try $0.add("lead", ["title": .text("M")]) }
        #expect(try await titles(host, "status=Contacted") == ["B"])
        #expect(try await titles(host, "source=Website") == ["A"])
        #expect(try await tab(host, "Mine", as: .salesManager) == ["M"])
        #expect(host.store.registry.entity("lead")?.list.filters.prefix(3) == ["status", "source", "assigned_to"])
    }

    @Test func `today shows what came in today, and what is to be followed up until today`() async throws {
        let host = try await SalesHost()
        try await host.write { try $0.add("lead", ["title": .text("Late"), "next_follow_up": .day(Self.day(1))]) }
        host.clock.advance(days: 3)
        try await host.write { transaction in
            try transaction.add("lead", ["title": .text("Due"), "next_follow_up": .day(Self.day(3))])
            try transaction.add("lead", ["title": .text("Later"), "next_follow_up": .day(Self.day(4))])
            let junk = try transaction.add("lead", ["title": .text("Junk"), "next_follow_up": .day(Self.day(1))])
            try transaction.act("lead", junk.id, "mark-junk")
        }
        #expect(try await tab(host, "Follow up today") == ["Late", "Due"])
        let fresh: [String] = try await tab(host, "New today")
        #expect(fresh.sorted() == ["Due", "Junk", "Later"])
    }

    @Test func `untouched for N days takes any N: whoever changes a lead touches it, the product does not`() async throws {
        let host = try await SalesHost()
        let touched = try await host.write { transaction in
            try transaction.add("lead", ["title": .text("Quiet")])
            return try transaction.add("lead", ["title": .text("Touched")]).id
        }
        host.clock.advance(days: 20)
        try await host.write { try $0.change("lead", touched, ["area": .text("North")]) }
        try await host.runJob("leads.refresh")
        host.clock.advance(days: 3)
        #expect(try await titles(host, "last_activity_at.older=22") == ["Quiet"])
        #expect(try await titles(host, "last_activity_at.older=23") == [], "more than 23 days, not 23")
        #expect(try await titles(host, "last_activity_at.older=2&sort=title") == ["Quiet", "Touched"])
        #expect(try await titles(host, "last_activity_at.lt=-10d") == ["Quiet"])
        #expect(try await tab(host, "Untouched 14 days") == ["Quiet"])
    }

    @Test func `stagnant are those for more than fourteen days in one status, however often they were touched`() async throws {
        let host = try await SalesHost()
        let (still, moved) = try await host.write { transaction in
            (try transaction.add("lead", ["title": .text("Still")]).id, try transaction.add("lead", ["title": .text("Moved")]).id)
        }
        host.clock.advance(days: 10)
        try await host.write { try $0.change("lead", moved, ["status": $0.link("lead_status", "Contacted")]) }
        host.clock.advance(days: 5)
        try await host.write { try $0.change("lead", still, ["area": .text("North")]) }
        #expect(try await tab(host, "Stagnant 14 days") == ["Still"])
        #expect(try await titles(host, "status_since.older=4&sort=title") == ["Moved", "Still"])
    }

    @Test func `high scores come first`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            try transaction.add("lead_score_rule", ["name": .text("Size"), "points_formula": .text("default(company_size, 0)")])
            for size in [5, 50, 20] { try transaction.add("lead", ["title": .text("\(size)"), "company_size": .integer(Int64(size))]) }
        }
        #expect(try await tab(host, "High scores") == ["50", "20", "5"])
        #expect(try await titles(host, "sort=-score") == ["50", "20", "5"])
    }

    @Test func `junk is out of the board, of the pipeline's figures and of the new leads, and nothing is deleted`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let junk = try transaction.add("lead", ["title": .text("Junk"), "value": .euro(900)])
            try transaction.act("lead", junk.id, "mark-junk")
            let model = try transaction.registry.require("lead")
            #expect(try transaction.boardColumns(model, filter: .everything, within: nil, limit: 10).map(\.count) == [0, 0, 0])
            for metric in transaction.registry.metrics where metric.body.entity == "lead" {
                #expect(try transaction.count("lead", where: metric.body.filter) == 0, "\(metric.body.key)")
            }
            try transaction.act("lead", junk.id, "reopen")
            #expect(try transaction.boardColumns(model, filter: .everything, within: nil, limit: 10).map(\.count) == [1, 0, 0])
        }
        #expect(try await tab(host, "Junk") == [])
    }

    private static func day(_ number: Int) -> String { "\(Day(number: Int32(SalesHost.start.milliseconds / 86_400_000)).adding(days: number))" }
}
