import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct OtherCompilerTests {
    @Test func `a plugin with the stamp of another compiler is refused before anything of it runs`() async throws {
        let deployment = try Deployment()
        let library: URL = try Self.copy(of: "libThrowsInHook.so", into: deployment.folder, stamped: "clang version 17.0.0 (swift 5.9)")
        let manifest: URL = Deployment.sources.appendingPathComponent("Tests/Fixtures/Plugins/ThrowsInHook/plugin.json")
        try deployment.install("Stranger", manifest: Data(contentsOf: manifest), library: library)
        let running: Deployment.Running = try await deployment.start()
        let status: PluginStatus = try await running.host.status(of: "throws-in-hook")
        #expect(status.state == .refused)
        #expect(status.reason.contains("clang version 17.0.0 (swift 5.9)"))
        #expect(status.reason.contains("the host was built by"))
        #expect(status.hint == "Build it here: tenon plugin build throws-in-hook")
        #expect(dlopen(library.path, RTLD_LAZY | RTLD_NOLOAD) == nil)
        #expect(!running.entities.contains("parcel"))
    }

    /// A copy whose `.comment` names another compiler.
    private static func copy(of name: String, into folder: URL, stamped stamp: String) throws -> URL {
        let comment: URL = folder.appendingPathComponent("comment")
        try Data((stamp + "\0").utf8).write(to: comment)
        let copy: URL = folder.appendingPathComponent(name)
        let command: [String] = [
            "objcopy", "--update-section", ".comment=\(comment.path)", Deployment.buildFolder.appendingPathComponent(name).path, copy.path,
        ]
        try run(command)
        return copy
    }
}

/// Runs a program of the machine; throws when it fails.
func run(_ command: [String]) throws {
    struct Failed: Error {
        let command: [String]
        let output: String
    }
    let (status, said) = try ChildProcess.run(command)
    guard status == 0 else { throw Failed(command: command, output: said) }
}
