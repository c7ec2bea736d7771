import PluginAPI

/// A request as all fronts see it, free of any HTTP library: from the network, from the socket in the data directory, or
/// from the command line within the same process.
struct FrontRequest: Sendable {
    /// Upper case: `GET`, `POST`, …
    var method: String
    /// The path's decoded parts: `/api/v1/projects/4` is `["api", "v1", "projects", "4"]`.
    var path: [String]
    var query: [QueryItem] = []
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    /// The peer's address, for the login throttle; empty for local callers.
    var address: String {
        get { findAddress() }
        set { findAddress = { newValue } }
    }
    /// Most requests are answered without it.
    var findAddress: @Sendable () -> String = { "" }
    /// Whether it came through the socket in the data directory or within the process: whoever can open that directory
    /// holds the data anyway, and acts as an administrator or as the user named by `tenon-user`.
    var isLocal = false
    /// Whether the connection is encrypted (as told by a proxy): cookies are then marked secure.
    var isSecure = false

    struct QueryItem: Sendable, Hashable {
        var name: String
        var value: String
    }

    /// The last value of a query parameter, or nil.
    func parameter(_ name: String) -> String? { query.last { $0.name == name }?.value }

    var rawPath: String { "/" + path.joined(separator: "/") }

    /// A cookie's value, or nil.
    func cookie(_ name: String) -> String? {
        for part in headers["cookie"]?.split(separator: ";") ?? [] {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2, pair[0].drop(while: { $0 == " " }) == name { return String(pair[1]) }
        }
        return nil
    }
}

/// An answer as all fronts give it.
struct FrontResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// What is put together only when it is sent: it stands in different places.
        case pieces([ArraySlice<UInt8>])
        /// Pieces as they come: server-sent events, long exports.
        case stream(AsyncStream<[UInt8]>)

        /// All of it; nil for a stream.
        var bytes: [UInt8]? {
            switch self {
            case .bytes(let bytes): bytes
            case .pieces(let pieces): Array(pieces.joined())
            case .stream: nil
            }
        }

        /// How many bytes it has; nil for a stream.
        var count: Int? {
            switch self {
            case .bytes(let bytes): bytes.count
            case .pieces(let pieces): pieces.reduce(0) { $0 + $1.count }
            case .stream: nil
            }
        }
    }
    var status: Int
    var headers: [(name: String, value: String)]
    var body: Body
    /// For pages that others may show in a frame, or whose forms go elsewhere.
    var frame: Frame?

    struct Frame: Sendable {
        /// The origins that may show the page in a frame.
        var ancestors: [String] = []
        /// The origins, besides this one, to which a form of the page may go.
        var formTargets: [String] = []
    }

    init(_ status: Int, contentType: String, _ body: [UInt8], headers: [(name: String, value: String)] = []) {
        self.status = status
        self.headers = [("content-type", contentType)] + headers
        self.body = .bytes(body)
    }

    init(_ status: Int, headers: [(name: String, value: String)], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    static func html(_ body: [UInt8], status: Int = 200) -> FrontResponse {
        FrontResponse(status, contentType: "text/html; charset=utf-8", body)
    }
    static func json(_ body: [UInt8], status: Int = 200, headers: [(name: String, value: String)] = []) -> FrontResponse {
        FrontResponse(status, contentType: "application/json", body, headers: headers)
    }
    static func text(_ text: String, status: Int = 200) -> FrontResponse {
        FrontResponse(status, contentType: "text/plain; charset=utf-8", Array(text.utf8))
    }
    /// See other (303): the way on after a form.
    static func redirect(_ location: String) -> FrontResponse {
        FrontResponse(303, headers: [("location", location)], body: .bytes([]))
    }
    static var noContent: FrontResponse { FrontResponse(204, headers: [], body: .bytes([])) }

    /// The answer to `HEAD`: what would have come, told by its length only.
    var withoutBody: FrontResponse {
        let length: [(String, String)] = body.count.map { [("content-length", String($0))] } ?? []
        return FrontResponse(status, headers: headers + length, body: .bytes([]))
    }

    func with(_ name: String, _ value: String) -> FrontResponse {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }
}

/// Who asks, as found by the authentication.
struct Caller: Sendable {
    var actor: Actor
    /// The web session, if it is one: its CSRF token must come with every change.
    var csrf: String?
    /// How it was recognised.
    enum Kind: Sendable { case session, token, local }
    var kind: Kind
}

extension FrontRequest {
    /// Reads `a=1&b=2` (the body of a form, the query of a URL); nil when it is not UTF-8, an escape is
    /// broken, or it has a zero byte, which no text has.
    static func parseQuery(_ text: some StringProtocol) -> [QueryItem]? {
        var items: [QueryItem] = []
        for pair in Substring(text).utf8.split(separator: UInt8(ascii: "&")) {
            let mark = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = String(Substring(pair[..<mark])).percentDecoded(plusIsSpace: true),
                let value = String(Substring(pair[mark...].dropFirst())).percentDecoded(plusIsSpace: true),
                !name.utf8.contains(0), !value.utf8.contains(0)
            else { return nil }
            items.append(QueryItem(name: name, value: value))
        }
        return items
    }
}
