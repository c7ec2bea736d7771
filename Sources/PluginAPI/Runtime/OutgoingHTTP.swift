/// A request that a plugin sends to a system outside.
///
/// ```swift
/// var request = HTTPRequest(.post, "https://api.example.com/v1/scores", body: try PayloadCoding.encode(question))
/// request.headers["content-type"] = "application/json"
/// let answer = try await context.http.send(request)
/// ```
public struct HTTPRequest: Sendable {
    /// The verb.
    public var method: HTTPMethod
    /// The address, with `https://` or `http://`.
    public var url: String
    /// Headers by name. Host, lengths and the like are set by the product.
    public var headers: [String: String]
    /// The body.
    public var body: [UInt8]
    /// How long the whole exchange may take, in seconds: one minute at most.
    public var timeout: Double

    /// Makes a request.
    public init(
        _ method: HTTPMethod = .get, _ url: String, headers: [String: String] = [:], body: [UInt8] = [], timeout: Double = 30
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// What a system outside answered, whatever its status.
public struct HTTPResponse: Sendable {
    /// The status: 200, 404, …
    public var status: Int
    /// The headers, by their names in small letters.
    public var headers: [String: String]
    /// The body.
    public var body: [UInt8]

    /// Makes an answer. For the kernel and for test doubles.
    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether the status is one of success: 200 to 299.
    public var isSuccess: Bool { (200..<300).contains(status) }
    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
    /// The body read from JSON.
    public func decode<T: Decodable>(_: T.Type) throws -> T { try PayloadCoding.decode(T.self, from: body) }
}

/// The way to systems outside: only to the hosts that `plugin.json` declares under `capabilities.hosts` and that an
/// administrator approved. Redirects to other hosts are not followed but given back, certificates are verified, and
/// addresses within the own network are refused unless the deployment allows them.
public struct OutgoingHTTP: Sendable {
    private let backend: any ContextBackend

    init(_ backend: any ContextBackend) { self.backend = backend }

    /// Sends a request and gives the answer, whatever its status. Throws `forbidden` for a host that was not approved,
    /// `unavailable` when no answer came, `tooLarge` when it was longer than 8 MiB.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse { try await backend.send(request) }
}

extension Context {
    /// The way to systems outside. Needs `"capabilities": {"hosts": ["api.example.com"]}`.
    public var http: OutgoingHTTP { OutgoingHTTP(backend) }
}
