import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// PluginAPI as plugins were promised it: docs/api/PluginAPI.swiftinterface.
@Suite struct PromisedInterfaceTests {
    private static let promised: URL = Deployment.sources.appendingPathComponent("docs/api")
    private static let digest: String = Deployment.sources.appendingPathComponent("tools/api-digest").path

    /// The interface's text is enough to build against, so the old declarations need no old sources.
    @Test func `a plugin that was built against the promised interface loads and works`() async throws {
        let work: URL = try Self.folder()
        defer { try? FileManager.default.removeItem(at: work) }
        let sources: URL = Deployment.sources.appendingPathComponent("Examples/hello/Sources")
        let library: URL = work.appendingPathComponent("libHello.so")
        try run([
            "swiftc", "-emit-library", "-module-name", "Hello", "-swift-version", "6", "-I", Self.promised.path, "-module-cache-path",
            work.appendingPathComponent("cache").path, "-L", Deployment.buildFolder.path, "-lPluginAPI", "-o", library.path,
            sources.appendingPathComponent("Greeting.swift").path, sources.appendingPathComponent("HelloPlugin.swift").path,
        ])

        let deployment = try Deployment()
        let running: Deployment.Running = try await deployment.start()
        try deployment.install(
            "hello", manifest: Data(contentsOf: sources.deletingLastPathComponent().appendingPathComponent("plugin.json")), library: library)
        let status: PluginStatus = try await running.host.enable("hello", by: running.administrator)
        #expect(status.state == .enabled, "\(status.reason)")
        let refusal: CRMError? = await #expect(throws: CRMError.self) { try await Self.greet("Good day", running) }
        #expect(refusal?.problems.map(\.field) == ["text"])
        try await Self.greet("Good day!", running)
    }

    private static func greet(_ text: String, _ running: Deployment.Running) async throws {
        try await running.store.write(as: running.administrator) { transaction in
            var greeting: RecordData = try transaction.blank("greeting")
            greeting["text"] = .text(text)
            _ = try transaction.save("greeting", greeting)
        }
    }

    @Test func `the present interface breaks nothing that was promised`() throws {
        let (status, output) = try Self.compare(with: Self.promised.path)
        #expect(status == 0, "\(output)")
    }

    /// Seen from an interface that promised more, the present one is a break, and each declaration that is gone is named.
    @Test func `a break names the declaration`() throws {
        let work: URL = try Self.folder()
        defer { try? FileManager.default.removeItem(at: work) }
        var text = try String(contentsOf: Self.promised.appendingPathComponent("PluginAPI.swiftinterface"), encoding: .utf8)
        let old = "public protocol Plugin : Swift.Sendable {\n"
        try #require(text.contains(old))
        text = text.replacingOccurrences(of: old, with: "public func farewell(to plugin: Swift.String)\n" + old)
        let frozen = "@frozen public enum Scope : Swift.String, Swift.Sendable, Swift.Hashable, Swift.CaseIterable, Swift.Comparable {\n"
        try #require(text.contains(frozen))
        text = text.replacingOccurrences(of: frozen, with: frozen + "  case nobody\n")
        try Data(text.utf8).write(to: work.appendingPathComponent("PluginAPI.swiftinterface"))

        let (status, output) = try Self.compare(with: work.path)
        #expect(status != 0)
        #expect(output.contains("Func farewell(to:) has been removed"), "\(output)")
        #expect(output.contains("EnumElement Scope.nobody has been removed"), "\(output)")
    }

    private static func folder() throws -> URL {
        let folder: URL = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-interface-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func compare(with promised: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: digest)
        process.arguments = ["--compare", promised]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let bytes: Data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
    }
}
