import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The product with the real plugins and others beside them, in a browser of an administrator.
final class SalesDesk: Sendable {
    let folder: URL
    let kernel: Kernel
    let clock = StillClock(SalesHost.start)
    private let cookie: String
    private let csrf: String

    static let email = "boss@example.org"
    private static let password = "a long walk by the sea"

    init(_ plugins: [String] = ["customers", "leads", "deals"], with more: [Composition.Part] = []) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-desk-\(UUID().uuidString)")
        kernel = try await Kernel.boot(.init(dataDirectory: folder.path, home: .none, clock: clock, isDurable: false))
        var system = Registrar()
        SystemPlugin().register(with: &system)
        let parts: [Composition.Part] = [.init(id: "kernel", name: "Kernel", version: "1", optional: [], contributions: system.contributions)]
            + (try plugins.map(PluginLibrary.part)) + more
        guard case .registry(let registry) = RegistryBuilder.build(Composition(parts: parts)) else {
            throw CRMError(.invalid, "the plugins do not fit: \(CompositionChecks.problems(in: Composition(parts: parts)))")
        }
        kernel.store.replace(registry: registry)
        let migrator = SchemaMigrator(dialect: kernel.store.engine.dialect, registry: registry)
        try await kernel.store.write(as: .system("test", rights: .empty)) { transaction in
            for part in parts { try migrator.apply(part.id, renames: [], transaction.connection) }
            for part in parts {
                try migrator.run(part.contributions.migrations, of: part.id, done: [], at: transaction.now, transaction.connection) { transaction }
            }
        }
        try await kernel.makeAdministrator(email: Self.email, name: "Berta Boss", password: Self.password)
        let session = try await kernel.authenticator.login(email: Self.email, password: Self.password, address: "", agent: "test")
        cookie = "\(SessionCookie.name)=\(session.secret)"
        csrf = session.csrf
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A page as the browser gets it.
    func page(_ address: String, fragment: String = "") async -> (status: Int, text: String) {
        let parts = address.split(separator: "?", maxSplits: 1).map(String.init)
        var request = FrontRequest(method: "GET", path: parts[0].split(separator: "/").map(String.init))
        if parts.count > 1 { request.query = QueryState(parsing: parts[1]).items }
        request.headers["cookie"] = cookie
        if !fragment.isEmpty { request.headers["tenon-fragment"] = fragment }
        return await answer(request)
    }

    /// Sends a form.
    func post(_ address: String, _ fields: [String: String], fragment: String = "") async -> (status: Int, text: String) {
        var request = FrontRequest(method: "POST", path: address.split(separator: "/").map(String.init))
        request.headers["cookie"] = cookie
        request.headers["content-type"] = "application/x-www-form-urlencoded"
        if !fragment.isEmpty { request.headers["tenon-fragment"] = fragment }
        let all = fields.merging(["csrf": csrf]) { first, _ in first }
        request.body = Array(all.map { $0.key.percentEncoded + "=" + $0.value.percentEncoded }.joined(separator: "&").utf8)
        return await answer(request)
    }

    private func answer(_ request: FrontRequest) async -> (status: Int, text: String) {
        let response = await kernel.front.respond(request)
        guard let bytes = response.body.bytes else { return (response.status, "") }
        return (response.status, String(decoding: bytes, as: UTF8.self))
    }

    /// Does something as the administrator.
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        try await kernel.store.write(as: .system("test", rights: kernel.rights), body)
    }
}
