import Foundation
import Synchronization

@testable import Kernel

/// A database on a PostgreSQL server, dropped when nobody needs it any more. Tests have one where `TENON_TEST_DATABASE_URL`
/// names a server; the tests of plugins have this file, too.
final class TemporaryServerDatabase: Sendable {
    /// The server that the tests run on, if it is not the embedded engine.
    static var serverURL: String? {
        ProcessInfo.processInfo.environment["TENON_TEST_DATABASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A database for a test, where the tests run on a server.
    static func whereAsked() throws -> TemporaryServerDatabase? {
        try serverURL.map { try TemporaryServerDatabase(on: $0) }
    }

    private let server: PostgreSQLAddress
    private let name: String
    let url: String
    /// The deployments that work on it.
    private let kernels = Mutex<[Kernel]>([])

    /// The same, filled: the first time for its kind by a closure, later by copying what that came to, which is much quicker.
    static func whereAsked(_ kind: String, fill: @escaping @Sendable (any Engine) async throws -> Void) async throws -> TemporaryServerDatabase? {
        guard let serverURL else { return nil }
        if try PostgreSQLConnection(PostgreSQLAddress(serverURL)).keepsStatements {
            return try TemporaryServerDatabase(on: serverURL, like: try await moulds.mould(kind, serverURL, fill).name)
        }
        let database = try TemporaryServerDatabase(on: serverURL)
        try await database.filled(by: fill)
        return database
    }

    /// - Parameter filled: the name of a database to copy; nil for one with what every database must have.
    init(on serverURL: String, like filled: String? = nil) throws {
        server = try PostgreSQLAddress(serverURL)
        name = "tenon_test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        url = TemporaryServerDatabase.url(of: name, on: serverURL)
        let connection = try PostgreSQLConnection(server)
        let template: String
        if let filled {
            template = filled
        } else {
            // A proxy keeps connections to what is to be copied, which then cannot be.
            template = connection.keepsStatements ? try TemporaryServerDatabase.template.make(on: serverURL) : "template0 ENCODING 'UTF8'"
        }
        try connection.command("CREATE DATABASE \(name) TEMPLATE \(template)")
    }

    private func filled(by fill: @Sendable (any Engine) async throws -> Void) async throws {
        let engine: any Engine = try engine()
        try await fill(engine)
        try await engine.close()
    }

    private static let moulds = Moulds()

    /// Filled databases, by what they are filled with.
    private actor Moulds {
        private var made: [String: Task<TemporaryServerDatabase, any Error>] = [:]

        func mould(
            _ kind: String, _ serverURL: String, _ fill: @escaping @Sendable (any Engine) async throws -> Void
        ) async throws -> TemporaryServerDatabase {
            if let making = made[kind] { return try await making.value }
            let making = Task {
                let database = try TemporaryServerDatabase(on: serverURL)
                try await database.filled(by: fill)
                return database
            }
            made[kind] = making
            return try await making.value
        }
    }

    /// Has a deployment stopped before its database goes: it would look for it ever after.
    func serves(_ kernel: Kernel) { kernels.withLock { $0.append(kernel) } }

    func engine() throws -> any Engine { try PostgreSQLEngine(try PostgreSQLAddress(url), readers: 3) }

    deinit {
        let (server, name, kernels): (PostgreSQLAddress, String, [Kernel]) = (server, name, kernels.withLock { $0 })
        Task {
            for kernel in kernels { try? await kernel.stop() }
            Thread.detachNewThread { try? PostgreSQLConnection(server).command("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
        }
    }

    static func url(of name: String, on serverURL: String) -> String {
        var parts = URLComponents(string: serverURL)
        parts?.path = "/" + name
        return parts?.string ?? ""
    }

    private static let template = Template()

    /// A database with what every database must have: copying it is quicker than making that again for each test.
    private final class Template: Sendable {
        private let made = Mutex<String?>(nil)

        func make(on serverURL: String) throws -> String {
            try made.withLock { made in
                if let made { return made }
                let name = "tenon_template_\(UInt64.random(in: 0...UInt64.max))"
                try PostgreSQLConnection(try PostgreSQLAddress(serverURL)).command(
                    "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'")
                // The engine goes at once: nobody may be connected to what is copied.
                _ = try PostgreSQLEngine(try PostgreSQLAddress(TemporaryServerDatabase.url(of: name, on: serverURL)))
                made = name
                return name
            }
        }
    }
}
