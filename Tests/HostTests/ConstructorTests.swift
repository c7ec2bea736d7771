import Foundation
import Testing

@testable import Kernel

@Suite struct ConstructorTests {
    @Test func `a library that writes a file when it is loaded is refused, and the file is absent`() async throws {
        let deployment = try Deployment()
        let file: URL = deployment.folder.appendingPathComponent("written")
        let source: URL = deployment.folder.appendingPathComponent("constructor.c")
        try """
            #include <stdio.h>
            __attribute__((constructor)) static void begin(void) { FILE *f = fopen("\(file.path)", "w"); if (f) fclose(f); }
            void *tenon_plugin(void) { return 0; }
            """.write(to: source, atomically: true, encoding: .utf8)
        let library: URL = deployment.folder.appendingPathComponent("libConstructor.so")
        try run(["cc", "-shared", "-fPIC", "-o", library.path, source.path])
        let manifest = """
            {"id": "constructor", "name": "Constructor", "version": "1.0.0", "api": {"from": "1.0", "below": "2.0"},
             "summary": "Writes.", "licence": "Apache-2.0", "library": "Constructor"}
            """
        try deployment.install("Constructor", manifest: Data(manifest.utf8), library: library)
        let running: Deployment.Running = try await deployment.start()
        let status: PluginStatus = try await running.host.status(of: "constructor")
        #expect(status.state == .refused)
        #expect(status.reason.contains("the host was built by"))
        #expect(status.hint == "Build it here: tenon plugin build constructor")
        await #expect(throws: (any Error).self) { try await running.host.plan(.enable, ["constructor"], cascade: false, by: running.administrator) }
        #expect(!FileManager.default.fileExists(atPath: file.path))
        // The test can fail: loading it does write.
        #expect(dlopen(library.path, RTLD_NOW | RTLD_LOCAL) != nil)
        #expect(FileManager.default.fileExists(atPath: file.path))
    }
}
