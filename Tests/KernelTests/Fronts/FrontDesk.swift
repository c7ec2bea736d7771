import Foundation
import PluginAPI

@testable import Kernel

/// A whole kernel in a folder of its own, with the chores, asked through its front door.
final class FrontDesk: Sendable {
    let folder: URL
    private let server: TemporaryServerDatabase?
    let kernel: Kernel
    let clock = FixedClock("2026-03-02T10:00:00Z")

    /// Everything.
    static let boss = "boss@example.org"
    /// Own chores; does not see secrets.
    static let agent = "agent@example.org"

    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let text: String

        var json: JSONValue { (try? JSONValue(parsing: Array(text.utf8))) ?? .null }
        /// The fields that a problem names.
        var fields: [String] { json["errors"]?.array?.compactMap { $0["field"]?.text } ?? [] }
        var detail: String { json["detail"]?.text ?? "" }
        var id: Int64 { json["id"]?.int ?? 0 }
        /// The titles in a list.
        var titles: [String] { json["data"]?.array?.compactMap { $0["title"]?.text } ?? [] }
    }

    init(with more: Composition.Part...) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-front-\(UUID().uuidString)")
        server = try TemporaryServerDatabase.whereAsked()
        kernel = try await Kernel.boot(
            .init(dataDirectory: folder.path, databaseURL: server?.url, home: .none, clock: clock, isDurable: false))
        server?.serves(kernel)
        let parts: [Composition.Part] = [.kernel, .of("chores", ChoresPlugin()), .of("receipts", ReceiptsPlugin())] + more
        guard case .registry(let registry) = RegistryBuilder.build(Composition(parts: parts)) else {
            throw CompositionRefused(problems: CompositionChecks.problems(in: Composition(parts: parts)))
        }
        let engine = kernel.store.engine
        try await engine.write { connection in
            let migrator = SchemaMigrator(dialect: engine.dialect, registry: registry)
            for plugin in registry.plugins { try migrator.apply(plugin.id, renames: [], connection) }
        }
        kernel.store.replace(registry: registry)
        try await kernel.makeAdministrator(email: FrontDesk.boss, name: "Berta Boss", password: "a long walk by the sea")
        let role = try await ask(
            "POST", "roles",
            #"""
            {"name": "Agent", "grants": {"entities": {"chore": {"view": "own", "create": "all", "edit": "own", "delete": "own"}, "step": {"view": "all"}},
             "masks": {"chore": {"secret": "hidden", "score": "hidden"}}}}
            """#)
        try await ask("POST", "users", #"{"name": "Anton Agent", "email": "\#(FrontDesk.agent)", "roles": [\#(role.id)]}"#)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Asks below `/api/v1`, or from the root when the path begins with a slash.
    @discardableResult
    func ask(
        _ method: String, _ path: String, _ body: String = "", headers: [String: String] = [:], as user: String? = boss
    ) async throws -> Answer {
        try await ask(method, path, bytes: Array(body.utf8), headers: headers, as: user)
    }

    func ask(
        _ method: String, _ path: String, bytes: [UInt8], headers: [String: String] = [:], as user: String? = boss
    ) async throws -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1)
        let prefix = path.hasPrefix("/") ? [] : ["api", "v1"]
        var request = FrontRequest(method: method, path: prefix + (parts.first ?? "").split(separator: "/").map(String.init))
        if parts.count == 2, let query = FrontRequest.parseQuery(parts[1]) { request.query = query }
        request.headers = headers
        request.body = bytes
        request.isLocal = user != nil
        if let user { request.headers["tenon-user"] = user }
        return await FrontDesk.answer(kernel.front.respond(request))
    }

    static func answer(_ response: FrontResponse) async -> Answer {
        var bytes: [UInt8] = []
        switch response.body {
        case .bytes, .pieces: bytes = response.body.bytes ?? []
        case .stream(let pieces): for await piece in pieces { bytes += piece }
        }
        return Answer(
            status: response.status, headers: Dictionary(response.headers.map { ($0.name, $0.value) }) { first, _ in first },
            text: String(decoding: bytes, as: UTF8.self))
    }

    /// Makes a chore and gives its id.
    @discardableResult
    func chore(_ title: String, _ more: String = "", as user: String = boss) async throws -> Int64 {
        try await ask("POST", "chores", #"{"title": "\#(title)"\#(more.isEmpty ? "" : ", " + more)}"#, as: user).id
    }

    func count() async throws -> Int64 { try await kernel.store.engine.read { try $0.integer("SELECT count(*) FROM chore") ?? 0 } }
}
