import Foundation

@testable import Kernel

/// A PostgreSQL server of the test's own, which it may restart.
final class PrivateServer: Sendable {
    static var isInstalled: Bool {
        let releases: [String] = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return releases.contains { FileManager.default.isExecutableFile(atPath: "/usr/lib/postgresql/\($0)/bin/pg_ctl") }
    }

    let url: String
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "tenon-pg-" + UUID().uuidString
        let started = try ChildProcess.run([Self.tool, "start", folder])
        guard started.status == 0, let line = started.said.split(separator: "\n").last(where: { $0.hasPrefix("postgres://") }) else {
            throw TenonProgram.Silent(said: started.said)
        }
        url = String(line)
    }

    private static var tool: String { Deployment.sources.path + "/tools/postgresql" }

    /// Ends it as a crash would, and starts it again.
    func restart() throws {
        let again = try ChildProcess.run([Self.tool, "restart", folder])
        guard again.status == 0 else { throw TenonProgram.Silent(said: again.said) }
    }

    /// A connection to look at what is there.
    func connect() throws -> PostgreSQLConnection { try PostgreSQLConnection(PostgreSQLAddress(url)) }

    deinit { _ = try? ChildProcess.run([Self.tool, "stop", folder]) }
}
