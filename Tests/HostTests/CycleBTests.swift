import Testing

@testable import Kernel

@Suite struct CycleBTests {
    @Test func `a plugin that requires itself by way of another is left out with the circle named`() async throws {
        let running: Deployment.Running = try await Deployment("CycleA", "CycleB", "ThrowsInHook").start()
        #expect(try await running.state("cycle-b") == .failed)
        #expect(try await running.reason("cycle-b") == "requires itself in a circle: cycle-b → cycle-a → cycle-b")
        #expect(try await running.state("throws-in-hook") == .enabled)
    }
}
