import PluginAPI
import Testing

@testable import Kernel

@Suite struct TakenNameTests {
    @Test func `a plugin that claims another's names is not switched on, and both are named`() async throws {
        let deployment = try Deployment("TakenName", "ThrowsInHook")
        let running: Deployment.Running = try await deployment.start(.only(["throws-in-hook"]))
        let refusal: CRMError? = await #expect(throws: CRMError.self) {
            try await running.host.enable("taken-name", by: running.administrator)
        }
        let messages: [String] = refusal?.problems.map(\.message) ?? []
        // Which of the two the claim is held against follows the load order; the one to be switched on is the one refused.
        #expect(messages.contains { $0.contains("entity parcel is claimed by the plugins") && $0.contains("throws-in-hook") && $0.contains("taken-name") })
        #expect(messages.contains { $0.contains("hook parcel_sent is claimed by the plugins") })
        #expect(try await running.state("taken-name") == .failed)
        #expect(try await running.state("throws-in-hook") == .enabled)
        #expect(running.store.registry.entity("parcel")?.plugin == "throws-in-hook")
    }

    @Test func `of two that are switched on and claim one name, one starts and the other says why not`() async throws {
        let running: Deployment.Running = try await Deployment("TakenName", "ThrowsInHook").start()
        let states: [PluginState] = [try await running.state("taken-name"), try await running.state("throws-in-hook")]
        #expect(states == [.enabled, .failed])
        #expect(try await running.reason("throws-in-hook").contains("entity parcel is claimed by the plugins taken-name and throws-in-hook"))
    }
}
