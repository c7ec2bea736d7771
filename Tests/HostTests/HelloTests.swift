import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct HelloTests {
    @Test func `a plugin of a package outside the tree is built, switched on while the product runs, and works`() async throws {
        let scratch: URL = Deployment.buildFolder.appendingPathComponent("examples/hello")
        let package: URL = Deployment.sources.appendingPathComponent("Examples/hello")
        try run(["swift", "build", "--package-path", package.path, "--scratch-path", scratch.path])

        let deployment = try Deployment()
        let running: Deployment.Running = try await deployment.start()
        try deployment.install(
            "hello", manifest: Data(contentsOf: package.appendingPathComponent("plugin.json")),
            library: scratch.appendingPathComponent("debug/libHello.so"))
        let status: PluginStatus = try await running.host.enable("hello", by: running.administrator)
        #expect(status.state == .enabled)
        #expect(status.adds?.entities == ["greeting"])
        #expect(status.adds?.routes == ["GET greet/{name}"])

        let refusal: CRMError? = await #expect(throws: CRMError.self) { _ = try await Self.greet("Good day", running) }
        #expect(refusal?.problems == [Problem(field: "text", "must end with an exclamation mark")])
        let greeting: RecordData = try await Self.greet("Good day!", running)
        #expect(greeting.version == 1)
        let route: Contributions.RouteEntry = try #require(running.store.registry.routes.first { $0.plugin == "hello" }?.body)
        let context = Context(StoreContext(store: running.store, actor: running.administrator, plugin: "hello"))
        let request = RouteRequest(method: .get, parameters: ["name": "Ada"], query: [:], body: [])
        let answer: RouteResponse = try await route.body(request, context)
        #expect(String(decoding: answer.body, as: UTF8.self) == "Good day! Ada\n")
    }

    private static func greet(_ text: String, _ running: Deployment.Running) async throws -> RecordData {
        try await running.store.write(as: running.administrator) { transaction in
            var greeting: RecordData = try transaction.blank("greeting")
            greeting["text"] = .text(text)
            return try transaction.save("greeting", greeting)
        }
    }
}
