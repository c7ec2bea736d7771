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

    init(on serverURL: String) throws {
        server = try PostgreSQLAddress(serverURL)
        name = "tenon_test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        url = TemporaryServerDatabase.url(of: name, on: serverURL)
        let template: String = try TemporaryServerDatabase.template.make(on: serverURL)
        try PostgreSQLConnection(server).command("CREATE DATABASE \(name) TEMPLATE \(template)")
    }

    func engine() throws -> any Engine { try PostgreSQLEngine(try PostgreSQLAddress(url), readers: 3) }

    deinit { try? PostgreSQLConnection(server).command("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }

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
