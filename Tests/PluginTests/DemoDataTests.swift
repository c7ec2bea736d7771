import PluginAPI
import Testing

@testable import Kernel

@Suite struct DemoDataTests {
    @Test func `the demo data are two lifelike years of three hundred companies, two thousand leads and fifteen hundred deals`() async throws {
        let host = try await SalesHost()
        try await host.fillDemo()
        try await host.read { transaction in
            func count(_ entity: String, _ field: String? = nil, _ value: Value = .null) throws -> Int {
                try transaction.count(entity, where: field.map { .compare($0, .equal, .value(value)) } ?? .everything)
            }
            #expect(try count("company") == 300)
            #expect((330...370).contains(try count("customer")))
            #expect(try count("lead") == 2000)
            #expect(try count("deal") == 1500)
            for outcome in ["open", "converted", "lost", "junk"] { #expect(try count("lead", "outcome", .text(outcome)) > 100) }
            for outcome in ["open", "won", "lost"] { #expect(try count("deal", "outcome", .text(outcome)) > 100) }
            #expect(try transaction.connection.integer("SELECT count(*) FROM tenon_audit", []) ?? 0 < 13_000)

            // A past, and no future.
            let oldest = try #require(try transaction.connection.integer("SELECT min(created_at) FROM deal", []))
            #expect(oldest < SalesHost.start.adding(days: -600).milliseconds)
            for entity in ["company", "customer", "lead", "deal"] {
                let newest = try transaction.connection.integer("SELECT max(updated_at) FROM \(entity)", []) ?? 0
                #expect(newest <= SalesHost.start.milliseconds, "\(entity)")
                let backwards = try transaction.connection.integer("SELECT count(*) FROM \(entity) WHERE updated_at < created_at", [])
                #expect(backwards == 0, "\(entity)")
            }
            let orphans = """
                SELECT count(*) FROM deal d JOIN customer c ON c.id = d.customer
                WHERE d.created_at < c.created_at OR coalesce(d.company, 0) <> coalesce(c.company, 0)
                """
            #expect(try transaction.connection.integer(orphans, []) == 0)
            #expect(try transaction.connection.integer("SELECT count(*) FROM deal WHERE outcome <> 'open' AND actual_close_date IS NULL", []) == 0)
            #expect(try transaction.connection.integer("SELECT count(DISTINCT assigned_to) FROM lead", []) ?? 0 >= 6)
            #expect(try transaction.connection.integer("SELECT count(*) FROM deal WHERE source_lead IS NOT NULL", []) ?? 0 > 200)
        }
    }

    @Test func `the demo data are the same every time`() async throws {
        let (first, second) = (try await SalesHost(), try await SalesHost())
        try await first.fillDemo()
        try await second.fillDemo()
        func digest(_ host: SalesHost) async throws -> [String] {
            try await host.read { transaction in
                let leads = try transaction.connection.all("SELECT title, contact_email, value, status, outcome, updated_at FROM lead", []) { row in
                    "\(row.text(0)) \(row.optionalText(1) ?? "") \(row.optionalText(2) ?? "") \(row.integer(3)) \(row.text(4)) \(row.integer(5))"
                }
                let deals = try transaction.connection.all("SELECT title, value, stage, actual_close_date, assigned_to FROM deal", []) { row in
                    "\(row.text(0)) \(row.integer(1)) \(row.integer(2)) \(row.optionalText(3) ?? "") \(row.optionalText(4) ?? "")"
                }
                return leads + deals
            }
        }
        let (left, right) = (try await digest(first), try await digest(second))
        #expect(left == right)
    }
}
