import Foundation
import PluginAPI

@testable import Kernel

/// A browser of tests: a deployment of the kernel alone in a folder of its own, and somebody who is logged in.
final class Browser: Sendable {
    let kernel: Kernel
    let cookie: String
    let csrf: String
    /// The database, where it is this browser's own.
    private let server: TemporaryServerDatabase?

    static let email = "ada@example.com"
    static let password = "correct horse battery"

    static func open() async throws -> Browser {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("web-\(UUID().uuidString)").path
        let server = try TemporaryServerDatabase.whereAsked()
        let kernel = try await Kernel.boot(
            Kernel.Options(dataDirectory: folder, databaseURL: server?.url, home: .none, isDurable: false))
        server?.serves(kernel)
        try await kernel.makeAdministrator(email: email, name: "Ada Admin", password: password)
        let session = try await kernel.authenticator.login(email: email, password: password, address: "", agent: "test")
        return Browser(kernel: kernel, cookie: "\(SessionCookie.name)=\(session.secret)", csrf: session.csrf, server: server)
    }

    init(kernel: Kernel, cookie: String, csrf: String, server: TemporaryServerDatabase? = nil) {
        self.server = server
        self.kernel = kernel
        self.cookie = cookie
        self.csrf = csrf
    }

    struct Answer {
        var status: Int
        var text: String
        var headers: [(name: String, value: String)]
        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
    }

    func get(_ address: String, fragment: String = "") async -> Answer {
        let parts = address.split(separator: "?", maxSplits: 1).map(String.init)
        var request = FrontRequest(method: "GET", path: parts[0].split(separator: "/").map { $0.removingPercentEncoding ?? String($0) })
        if parts.count > 1 { request.query = QueryState(parsing: parts[1]).items }
        return await send(request, fragment)
    }

    /// Sends a form with the session's token unless told otherwise.
    func post(_ address: String, _ fields: [(String, String)], csrf: String? = nil, fragment: String = "") async -> Answer {
        let parts = address.split(separator: "?", maxSplits: 1).map(String.init)
        var request = FrontRequest(method: "POST", path: parts[0].split(separator: "/").map(String.init))
        if parts.count > 1 { request.query = QueryState(parsing: parts[1]).items }
        request.headers["content-type"] = "application/x-www-form-urlencoded"
        let all = fields + [("csrf", csrf ?? self.csrf)]
        request.body = Array(all.map { $0.0.percentEncoded + "=" + $0.1.percentEncoded }.joined(separator: "&").utf8)
        return await send(request, fragment)
    }

    private func send(_ request: FrontRequest, _ fragment: String) async -> Answer {
        var request = request
        request.headers["cookie"] = cookie
        if !fragment.isEmpty { request.headers["tenon-fragment"] = fragment }
        let response = await kernel.front.respond(request)
        guard let bytes = response.body.bytes else { return Answer(status: response.status, text: "", headers: response.headers) }
        return Answer(status: response.status, text: String(decoding: bytes, as: UTF8.self), headers: response.headers)
    }
}
