import Foundation

@testable import Kernel

/// A database on the PostgreSQL server that `TENON_TEST_DATABASE_URL` names, dropped when nobody needs it any more.
final class ServerDatabase: Sendable {
    static var serverURL: String? { ProcessInfo.processInfo.environment["TENON_TEST_DATABASE_URL"] }

    private let server: PostgreSQLAddress
    private let name: String
    let url: String

    init(on serverURL: String) throws {
        server = try PostgreSQLAddress(serverURL)
        name = "tenon_host_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        var parts = URLComponents(string: serverURL)
        parts?.path = "/" + name
        url = parts?.string ?? ""
        try PostgreSQLConnection(server).command("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'")
    }

    deinit { try? PostgreSQLConnection(server).command("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
}
