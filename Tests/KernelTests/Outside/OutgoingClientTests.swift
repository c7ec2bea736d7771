import PluginAPI
import Testing

@testable import Kernel

@Suite struct OutgoingClientTests {
    let server: OutsideServer
    init() throws { server = try OutsideServer() }

    private func client(open: Bool = true, resolved: [String] = [], places: Int = 4) -> OutgoingClient {
        OutgoingClient(places: places, resolved: resolved) { open }
    }

    private func refusal(_ body: () async throws -> Void) async -> CRMError? {
        do { try await body() } catch { return error as? CRMError }
        return nil
    }

    @Test func `a request arrives whole and its answer comes back`() async throws {
        server.answer { .status(201, "made \($0.text)", headers: ["X-Kind": "score"]) }
        let answer = try await client().send(
            HTTPRequest(.post, server.url + "/scores?a=1", headers: ["content-type": "text/plain", "x-key": "k"], body: Array("abc".utf8)))
        #expect(answer.status == 201)
        #expect(answer.text == "made abc")
        #expect(answer.headers["x-kind"] == "score")
        let request = try #require(server.requests.first)
        #expect(request.method == "POST")
        #expect(request.path == "/scores?a=1")
        #expect(request.headers["x-key"] == "k")
        #expect(request.headers["user-agent"] == "Tenon/" + Kernel.version)
    }

    @Test func `this machine and its network are not reached unless the deployment allows it`() async throws {
        let error = try #require(await refusal { _ = try await client(open: false).send(HTTPRequest(.get, server.url)) })
        #expect(error.code == .forbidden)
        #expect(error.message == "127.0.0.1 is at 127.0.0.1, an address that is not reached from here")
        #expect(server.requests.isEmpty)
    }

    @Test func `a name that turns out to mean this machine is refused when the connection is made`() async throws {
        let names = ["harmless.example.com:\(server.port):127.0.0.1"]
        let url = "http://harmless.example.com:\(server.port)/"
        let error = try #require(await refusal { _ = try await client(open: false, resolved: names).send(HTTPRequest(.get, url)) })
        #expect(error.message == "harmless.example.com is at 127.0.0.1, an address that is not reached from here")
        #expect(server.requests.isEmpty)
        #expect(try await client(resolved: names).send(HTTPRequest(.get, url)).status == 200)
    }

    @Test(arguments: ["http://2130706433", "http://0x7f000001", "http://127.1", "http://[::ffff:127.0.0.1]", "http://0"])
    func `no spelling of this machine's address gets past`(_ host: String) async throws {
        let error = try #require(await refusal { _ = try await client(open: false).send(HTTPRequest(.get, "\(host):\(server.port)/")) })
        #expect(error.code == .forbidden)
        #expect(server.requests.isEmpty)
    }

    @Test func `a redirect is followed on the same host only`() async throws {
        let elsewhere = try OutsideServer()
        server.answer { [url = elsewhere.url] request in
            switch request.path {
            case "/away": .status(302, headers: ["location": url + "/caught"])
            case "/near": .status(302, headers: ["location": "/here"])
            case "/round": .status(302, headers: ["location": "/round"])
            default: .status(200, request.path)
            }
        }
        let away = try await client().send(HTTPRequest(.get, server.url + "/away"))
        #expect(away.status == 302)
        #expect(elsewhere.requests.isEmpty)
        #expect(try await client().send(HTTPRequest(.get, server.url + "/near")).text == "/here")
        #expect(try await client().send(HTTPRequest(.get, server.url + "/round")).status == 302)
        // What was sent with a body is not sent twice.
        #expect(try await client().send(HTTPRequest(.post, server.url + "/near")).status == 302)
    }

    @Test func `an answer that is too long is an error, or is cut off where the beginning is enough`() async throws {
        server.answer { _ in .status(200, String(repeating: "x", count: 5000)) }
        let error = await refusal { _ = try await client().send(HTTPRequest(.get, server.url), .init(mostBytes: 1000)) }
        #expect(error?.code == .tooLarge)
        let cut = try await client().send(HTTPRequest(.get, server.url), .init(mostBytes: 1000, cutsOff: true))
        #expect(cut.status == 200)
        #expect(cut.body.count == 1000)
    }

    @Test func `who does not answer in time is given up`() async throws {
        server.answer { _ in .init(isSilent: true) }
        let error = await refusal { _ = try await client().send(HTTPRequest(.get, server.url), .init(timeout: 0.3)) }
        #expect(error?.code == .unavailable)
        #expect(error?.message == "127.0.0.1 did not answer in time")
    }

    @Test(arguments: [("x-a", "1\r\nx-b: 2"), ("x a", "1"), ("host", "other.example.com"), ("", "1"), ("content-length", "4")])
    func `a header cannot carry another one or replace the product's own`(_ name: String, _ value: String) async throws {
        let error = await refusal { _ = try await client().send(HTTPRequest(.get, server.url, headers: [name: value])) }
        #expect(error?.code == .invalid)
        #expect(server.requests.isEmpty)
    }

    @Test func `only so many requests are under way at once`() async throws {
        server.answer { _ in .init(isSilent: true) }
        let narrow = OutgoingClient(places: 1, waiting: 0) { true }
        async let first = narrow.send(HTTPRequest(.get, server.url), .init(timeout: 1))
        while server.requests.isEmpty { await Task.yield() }
        let error = await refusal { _ = try await narrow.send(HTTPRequest(.get, server.url)) }
        #expect(error?.message == "too many requests to systems outside are waiting")
        _ = try? await first
    }
}
