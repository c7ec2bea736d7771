import Foundation

@testable import Kernel

/// A PostgreSQL server of one test's own, which may be halted and come back; with copies and a proxy if asked. Ends with the test.
final class PrivateServer: Sendable {
    let url: String
    private let folder: String
    private static let tool: String = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("tools/postgresql").path

    private init(url: String, folder: String) {
        self.url = url
        self.folder = folder
    }

    deinit { _ = try? PrivateServer.run("stop", folder) }

    static func start() async throws -> PrivateServer { try await make("start") }
    /// Another server that follows this one.
    func replica() async throws -> PrivateServer { try await PrivateServer.make("replica", url) }
    /// A proxy that gives each transaction another connection.
    func pool() async throws -> PrivateServer { try await PrivateServer.make("pool", url) }

    /// Goes down at once, as a machine does.
    func halt() async throws { try await inThread { [folder] in _ = try PrivateServer.run("halt", folder) } }
    func resume() async throws { try await inThread { [folder] in _ = try PrivateServer.run("resume", folder) } }

    /// What the database itself says, without anything of ours in between.
    func ask(_ sql: String) async throws -> String {
        try await inThread { [url] in try PostgreSQLConnection(PostgreSQLAddress(url)).value(sql) ?? "" }
    }

    private static func make(_ task: String, _ more: String...) async throws -> PrivateServer {
        // The server runs as another user, who must get there; paths of sockets are short.
        let folder = "/tmp/tenon-server-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let url: String = try await inThread { try run(task, folder, more) }
        return PrivateServer(url: url, folder: folder)
    }

    private static func run(_ task: String, _ folder: String, _ more: [String] = []) throws -> String {
        let path: String = NSTemporaryDirectory() + "/tenon-tool-" + UUID().uuidString
        let file: Int32 = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer {
            close(file)
            unlink(path)
        }
        // What it starts keeps no pipe of ours open, since there is none.
        let code: Int32 = try ChildProcess(tool, [task, folder] + more, output: file, errors: 2).waitUntilExit()
        let said: String = try String(contentsOfFile: path, encoding: .utf8).trimmed
        guard code == 0 else { throw ToolFailed(task: task, said: said) }
        return said.split(separator: "\n").last.map(String.init) ?? ""
    }

    private struct ToolFailed: Error {
        var task: String
        var said: String
    }
}

/// Runs what waits on a thread of its own.
func inThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// Waits until something holds, and says whether it did.
func eventually(within limit: Duration = .seconds(120), _ holds: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await holds() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return try await holds()
}
