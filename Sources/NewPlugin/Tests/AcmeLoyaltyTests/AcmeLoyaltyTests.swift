import PluginTesting
import Testing

@Suite struct AcmeLoyaltyTests {
    @Test func `it keeps the rules that every plugin keeps`() async throws { try await PluginCompatTest().run() }

    @Test func `finishing an entry notes what came of it and tells its owner`() async throws {
        let host = try await TestHost.start()
        let entry = try await host.create("acme-loyalty-entries", ["name": "A first one", "assigned_to": "me"])
        #expect(entry["state"] == "open")

        let refusal = await #expect(throws: Refusal.self) { try await host.act("acme-loyalty-entries", entry["id"], "finish") }
        #expect(refusal?.fields == ["note"])

        let answer = try await host.act("acme-loyalty-entries", entry["id"], "finish", ["note": "It went well."])
        #expect(answer["record"]["state"] == "finished")
        try await host.settle()
        let told = try await host.read("notifications")["data"].items.map { $0["message"].text }
        #expect(told.contains("A first one is finished"))
    }
}
