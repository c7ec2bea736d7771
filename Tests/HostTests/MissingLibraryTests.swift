import Foundation
import Testing

@testable import Kernel

/// libpq and libcurl are loaded by those who need them: a server without them serves, and whoever needs them is told.
@Suite struct MissingLibraryTests {
    /// A folder in which the system looks first, and finds files by these names that are no libraries.
    private func environment(_ program: TenonProgram) throws -> [String: String] {
        let folder: URL = program.folder.appendingPathComponent("broken-libraries")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in ["libpq.so.5", "libcurl.so.4"] { try Data("none".utf8).write(to: folder.appendingPathComponent(file)) }
        let known: String? = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        return ["LD_LIBRARY_PATH": [folder.path, known].compactMap(\.self).joined(separator: ":")]
    }

    @Test func `a deployment on SQLite is made, and a server of it starts, without either`() throws {
        let program = try TenonProgram([])
        let broken: [String: String] = try environment(program)
        let made = try program.run(
            ["init", "--admin-email", "admin@example.com", "--admin-password-file", "-"], input: "a long walk by the sea\n", environment: broken)
        #expect(made.status == 0, "\(made)")
        let server = try program.serve(environment: broken)
        defer {
            server.process.terminate()
            server.process.waitUntilExit()
        }
        let answer = try CurlTransfer(method: "GET", url: server.address + "/healthz").perform()
        #expect(answer.status == 200)
    }

    @Test func `who wants PostgreSQL without libpq is told what to install`() throws {
        let program = try TenonProgram([])
        let run = try program.run(
            ["init", "--database-url", "postgresql://localhost/none", "--admin-email", "admin@example.com", "--admin-password-file", "-"],
            input: "a long walk by the sea\n", environment: try environment(program))
        #expect(run.status != 0)
        #expect(run.errors.contains("libpq cannot be loaded") && run.errors.contains("libpq5"), "\(run)")
    }

    @Test func `who calls a server outside without libcurl is told what to install`() throws {
        let program = try TenonProgram([])
        var broken: [String: String] = try environment(program)
        broken["TENON_TOKEN"] = "none"
        let run = try program.run(["user", "list", "--server", "http://127.0.0.1:9"], environment: broken)
        #expect(run.status != 0)
        #expect(run.errors.contains("libcurl cannot be loaded") && run.errors.contains("libcurl4"), "\(run)")
    }
}
