import PluginTesting
import Testing

@Suite struct FixedClockTests {
    @Test func `the product shows the time that the test sets, and moves on with it`() async throws {
        let clock = try FixedClock("2026-05-04T09:00:00Z")
        let host = try await TestHost.start(.ofTree("Plugins/Customers"), clock: clock, product: .built())
        let first = try await host.create("companies", ["name": "Kestrel Foods"])
        #expect(first["created_at"].text.hasPrefix("2026-05-04T09:00:00"))
        try clock.advance(days: 30, hours: 1)
        let second = try await host.create("companies", ["name": "Otter Paper"])
        #expect(second["created_at"].text.hasPrefix("2026-06-03T10:00:00"))
    }

    @Test func `a restart keeps records, and a refusal names the field`() async throws {
        let host = try await TestHost.start(.ofTree("Plugins/Customers"), product: .built())
        let company = try await host.create("companies", ["name": "Kestrel Foods"])
        try await host.restart()
        #expect(try await host.show("companies", company["id"])["name"] == "Kestrel Foods")
        let refusal = await #expect(throws: Refusal.self) { try await host.create("companies", ["website": "no address"]) }
        #expect(refusal?.status == 422)
        #expect(refusal?.fields.contains("name") == true)
    }
}
