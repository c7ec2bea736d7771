import Testing

@testable import Kernel

@Suite struct CycleATests {
    @Test func `a plugin that requires itself by way of another is left out with the circle named`() async throws {
        let running: Deployment.Running = try await Deployment("CycleA", "CycleB", "ThrowsInHook").start()
        #expect(try await running.state("cycle-a") == .failed)
        #expect(try await running.reason("cycle-a") == "requires itself in a circle: cycle-a → cycle-b → cycle-a")
        #expect(try await running.state("throws-in-hook") == .enabled)
    }
}
