import Foundation
import Logging
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

@Suite struct HTTPServerTests {
    /// Runs a closure while the product answers on a free port.
    private func serving(_ body: @Sendable (FrontDesk, Int, String) async throws -> Void) async throws {
        let desk = try await FrontDesk()
        let token = try await desk.ask("POST", "tokens", #"{"name": "test"}"#).json["token"]?.text ?? ""
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let server = HTTPServer(front: desk.kernel.front, logger: Logger(label: "test"))
        let socket = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))
        let running = Task {
            try await server.run([socket]) { told.yield($0.port ?? 0) }
        }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        try await body(desk, port, token)
    }

    private func send(_ head: String, _ body: [UInt8] = [], to port: Int) async throws -> String {
        let bytes = Array((head.replacing("\n", with: "\r\n") + "\r\n\r\n").utf8) + body
        // A thread of its own: the client blocks, and the pool of tasks has few threads to give away.
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try LocalSocket.exchange(bytes, with: port) }) }
        }
    }

    private func status(_ answer: String) -> Int { Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    @Test func `answers over the network are the front's`() async throws {
        try await serving { desk, port, token in
            try await desk.chore("Sweep")
            let auth = "Host: x\nConnection: close\nAuthorization: Bearer \(token)"
            let list = try await send("GET /api/v1/chores?limit=1 HTTP/1.1\n\(auth)", to: port)
            #expect(status(list) == 200)
            #expect(list.contains(#""title":"Sweep""#))
            let body = Array(#"{"title": "Über"}"#.utf8)
            let made = try await send("POST /api/v1/chores HTTP/1.1\n\(auth)\nContent-Length: \(body.count)", body, to: port)
            #expect(status(made) == 201)
            #expect(try await desk.ask("GET", "chores?title.starts=%C3%BC").titles == ["Über"])
            let head = try await send("HEAD /api/v1/chores/1 HTTP/1.1\n\(auth)", to: port)
            let get = try await send("GET /api/v1/chores/1 HTTP/1.1\n\(auth)", to: port)
            let length = get.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length") }
            #expect(length != nil)
            #expect(head.lowercased().contains(length?.lowercased() ?? "?"), "\(head)")
            #expect(head.hasSuffix("\r\n\r\n"))
            let gone = try await send("GET /api/v1/chores HTTP/1.1\nHost: x\nConnection: close", to: port)
            #expect(status(gone) == 401)
            let guards = [
                "content-type: application/json", "x-content-type-options: nosniff", "referrer-policy: same-origin", "x-frame-options: deny",
                "content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
                "cache-control: no-store",
            ]
            let lines = get.lowercased().components(separatedBy: "\r\n")
            for line in guards { #expect(lines.count { $0 == line } == 1, "\(line) in \(get)") }
        }
    }

    @Test(arguments: [
        "/api/v1/%ff", "/api/v1/chores/%00", "/api/v1/%zz", "/api/v1/%4", "/api/v1/chores?q=%ff", "/api/v1/chores?q=%00", "/api/v1/chores?%ff=1", "/api/v1/chores?q=%", "/%c0%ae%c0%ae/etc",
    ])
    func `an address that is not UTF-8 is refused`(target: String) async throws {
        try await serving { _, port, token in
            let answer = try await send("GET \(target) HTTP/1.1\nHost: x\nConnection: close\nAuthorization: Bearer \(token)", to: port)
            #expect(status(answer) == 400, "\(answer)")
            #expect(answer.contains("application/problem+json"))
        }
    }

    @Test func `a body that is too large is refused, told ahead or not`() async throws {
        try await serving { desk, port, token in
            let auth = "Host: x\nConnection: close\nAuthorization: Bearer \(token)"
            let told = try await send("POST /api/v1/chores HTTP/1.1\n\(auth)\nContent-Length: 2000000", to: port)
            #expect(status(told) == 413, "\(told)")
            #expect(told.contains("the body is larger than 1 MiB"))
            let piece = Array("10000\r\n".utf8) + [UInt8](repeating: 0x20, count: 0x10000) + Array("\r\n".utf8)
            let pieces = Array(repeatElement(piece, count: 20).joined()) + Array("0\r\n\r\n".utf8)
            let untold = try await send("POST /api/v1/chores HTTP/1.1\n\(auth)\nTransfer-Encoding: chunked", pieces, to: port)
            #expect(status(untold) == 413, "\(untold)")
            #expect(try await desk.count() == 0)
            let healthy = try await send("GET /healthz HTTP/1.1\nHost: x\nConnection: close", to: port)
            #expect(status(healthy) == 200)
        }
    }

    @Test(arguments: ["NONSENSE", "GET", "GET / HTTP/9.9\nHost: x", "GET / HTTP/1.1\nHost: x\nContent-Length: x", "GET / HTTP/1.1\nno colon", "\u{0}\u{1}\u{2}"])
    func `what is not HTTP is refused, and the next request is answered`(head: String) async throws {
        try await serving { _, port, _ in
            let answer = try await send(head, to: port)
            #expect(answer.isEmpty || status(answer) == 400 || status(answer) == 505, "\(answer)")
            let healthy = try await send("GET /healthz HTTP/1.1\nHost: x\nConnection: close", to: port)
            #expect(status(healthy) == 200)
        }
    }
}
