import Foundation
import Logging
import Logging
import PluginAPI
import Testing

@testable import Kernel

/// The whole product with the real plugins, asked from outside as visitors and other systems do.
final class PublicHost: Sendable {
    static let boss = "boss@example.org"
    let folder: URL
    private let server: TemporaryServerDatabase?
    let kernel: Kernel
    let clock: StillClock

    struct Answer: Sendable {
        var status: Int
        var headers: [String: String]
        var text: String

        var json: JSONValue { (try? JSONValue(parsing: Array(text.utf8))) ?? .null }
        var fields: [String] { json["errors"]?.array?.compactMap { $0["field"]?.text } ?? [] }
        var id: Int64 { json["id"]?.int ?? 0 }
        var data: [JSONValue] { json["data"]?.array ?? [] }
    }

    /// - Parameter resolved: names that are not looked up, as `host:port:address`.
    init(resolved: [String] = []) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-public-\(UUID().uuidString)")
        let tree = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        for name in ["Customers", "Leads", "Deals"] {
            let place = folder.appendingPathComponent("plugins/\(name)")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for (file, source) in [
                ("plugin.json", tree.appendingPathComponent("Plugins/\(name)/plugin.json")),
                ("lib\(name).so", built.appendingPathComponent("lib\(name).so")),
            ] { try FileManager.default.createSymbolicLink(at: place.appendingPathComponent(file), withDestinationURL: source) }
        }
        let clock = StillClock(SalesHost.start)
        self.clock = clock
        server = try TemporaryServerDatabase.whereAsked()
        kernel = try await Kernel.boot(
            .init(
                dataDirectory: folder.path, databaseURL: server?.url, home: .none, beginning: .all, clock: clock, isDurable: false,
                resolved: resolved))
        server?.serves(kernel)
        try await kernel.makeAdministrator(email: Self.boss, name: "Berta Boss", password: "a long walk by the sea")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Asks as somebody outside.
    func visit(
        _ method: String, _ path: String, _ body: String = "", type: String = "application/x-www-form-urlencoded",
        headers: [String: String] = [:], from address: String = "192.0.2.7"
    ) async -> Answer {
        var request = Self.request(method, path)
        request.headers = headers
        if !body.isEmpty { request.headers["content-type"] = type }
        request.body = Array(body.utf8)
        request.address = address
        return await Self.answer(kernel.front.respond(request))
    }

    /// Asks below `/api/v1` as a user, the administrator unless another is named.
    @discardableResult
    func ask(_ method: String, _ path: String, _ body: String = "", as user: String = boss) async throws -> Answer {
        var request = Self.request(method, "/api/v1/" + path)
        request.body = Array(body.utf8)
        request.isLocal = true
        request.headers["tenon-user"] = user
        return await Self.answer(kernel.front.respond(request))
    }

    private static func request(_ method: String, _ path: String) -> FrontRequest {
        let parts = path.split(separator: "?", maxSplits: 1)
        var request = FrontRequest(method: method, path: (parts.first ?? "").split(separator: "/").map(String.init))
        if parts.count == 2, let query = FrontRequest.parseQuery(parts[1]) { request.query = query }
        return request
    }

    private static func answer(_ response: FrontResponse) async -> Answer {
        var bytes: [UInt8] = []
        switch response.body {
        case .bytes, .pieces: bytes = response.body.bytes ?? []
        case .stream(let pieces): for await piece in pieces { bytes += piece }
        }
        return Answer(
            status: response.status, headers: Dictionary(response.headers.map { ($0.name, $0.value) }) { first, _ in first },
            text: String(decoding: bytes, as: UTF8.self))
    }

    func user(_ role: String) async throws -> String {
        let email = role.lowercased().replacing(" ", with: "-") + "@example.org"
        let made = try await ask("POST", "users", #"{"name": "\#(role)", "email": "\#(email)", "roles": ["\#(role)"]}"#)
        if made.status != 201 { throw CRMError(.internalError, "no user \(role): \(made.text)") }
        return email
    }

    /// Makes a form and gives its key.
    func form(_ more: String = "", named name: String = "Contact us") async throws -> String {
        let body = #"{"name": "\#(name)", "title": "Contact us"\#(more.isEmpty ? "" : ", " + more)}"#
        let made = try await ask("POST", "lead-forms", body)
        if made.status != 201 { throw CRMError(.internalError, "no form: \(made.text)") }
        return made.json["key"]?.text ?? ""
    }

    /// Opens a form's page, waits as long as people need, and gives the mark of the page.
    func open(_ key: String, for seconds: Double = 20) async throws -> String {
        let page = await visit("GET", "/plugins/leads/forms/\(key)")
        clock.advance(seconds: seconds)
        guard let start = page.text.firstRange(of: #"name="began" value=""#) else {
            throw CRMError(.internalError, "no form on the page: \(page)")
        }
        return String(page.text[start.upperBound...].prefix { $0 != "\"" })
    }

    /// Opens a form's page, fills it in and sends it.
    func send(_ key: String, _ body: String, from address: String = "192.0.2.7") async throws -> Answer {
        await visit("POST", "/plugins/leads/forms/\(key)", body + "&began=" + (try await open(key)), from: address)
    }

    func count(_ path: String) async throws -> Int64 { try await ask("GET", path + (path.contains("?") ? "&" : "?") + "count=true&limit=1").json["total"]?.int ?? -1 }

    /// Runs a closure while the product answers over the network.
    func serving(_ body: @Sendable (Int) async throws -> Void) async throws {
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let server = HTTPServer(front: kernel.front, logger: Logger(label: "test"))
        let socket = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))
        let running = Task { try await server.run([socket]) { told.yield($0.port ?? 0) } }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        try await body(try #require(await iterator.next()))
    }
}

extension StillClock {
    func advance(seconds: Double) { move(to: now.adding(seconds: seconds)) }
}
