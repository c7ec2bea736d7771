import Testing

@testable import Kernel

@Suite struct NeedsMissingTests {
    @Test func `a plugin whose requirement is not installed is left out with the reason, and the others start`() async throws {
        let running: Deployment.Running = try await Deployment("NeedsMissing", "ThrowsInHook").start()
        #expect(try await running.state("needs-missing") == .failed)
        #expect(try await running.reason("needs-missing") == "requires the plugin nowhere, which is not installed")
        #expect(try await running.state("throws-in-hook") == .enabled)
        #expect(running.entities.contains("parcel"))
    }
}
