/// The verbs of HTTP.
public enum HTTPMethod: String, Sendable, CaseIterable {
    /// Reads.
    case get = "GET"
    /// Makes, or does something.
    case post = "POST"
    /// Changes.
    case patch = "PATCH"
    /// Deletes.
    case delete = "DELETE"
    /// Replaces.
    case put = "PUT"
    /// Reads the headers alone.
    case head = "HEAD"
}

/// Who may call a route.
public enum RouteAccess: Sendable, Hashable {
    /// Whoever has a right on an entity: the entity's name and the right's.
    case right(entity: String, right: String)
    /// Anyone who is logged in.
    case anyUser
    /// The whole world. To be used with care.
    case everyone

    /// Whoever may see records of the entity.
    public static func view<E: Entity>(_: E.Type) -> RouteAccess { .right(entity: E.schema.name, right: "view") }
    /// Whoever may change records of the entity.
    public static func edit<E: Entity>(_: E.Type) -> RouteAccess { .right(entity: E.schema.name, right: "edit") }
}

/// A request to a plugin's route.
public struct RouteRequest: Sendable {
    /// The verb.
    public var method: HTTPMethod
    /// The parts of the path that the route names: `{id}` under `id`.
    public var parameters: [String: String]
    /// The query, decoded.
    public var query: [String: String]
    /// The body, at most 1 MiB.
    public var body: [UInt8]
    /// The headers, by their names in small letters. Cookies are left out, and so is `authorization` where the product itself
    /// found out with it who asks: what opens the product is nothing for plugins.
    public var headers: [String: String] = [:]
    /// The network address of whoever asks, such as `192.0.2.7`; empty for callers on this machine. Behind a proxy on the same
    /// machine it is the one that the proxy names.
    public var address = ""
    /// What to count requests by: the address, or of a long one (IPv6) its first half, within which one household or one
    /// machine may change its address at will.
    public var network = ""

    /// Makes a request.
    public init(method: HTTPMethod, parameters: [String: String], query: [String: String], body: [UInt8]) {
        self.method = method
        self.parameters = parameters
        self.query = query
        self.body = body
    }

    /// Makes a request with headers from an address.
    public init(
        method: HTTPMethod, parameters: [String: String] = [:], query: [String: String] = [:], body: [UInt8] = [],
        headers: [String: String], address: String, network: String
    ) {
        self.init(method: method, parameters: parameters, query: query, body: body)
        self.headers = headers
        self.address = address
        self.network = network
    }
}

/// The answer of a plugin's route.
public struct RouteResponse: Sendable {
    /// The status, 200 to 599.
    public var status: Int
    /// The media type.
    public var contentType: String
    /// The body.
    public var body: [UInt8]
    /// More headers, by name: `location`, `cache-control`, `content-disposition`, `content-language`, `retry-after`, `etag`,
    /// `last-modified`, `link`, `vary`, `www-authenticate`, `x-robots-tag`, `access-control-allow-origin` and
    /// `access-control-expose-headers`. Any other is a defect of the plugin and answered with status 500: what keeps pages and
    /// sessions safe is set by the product.
    public var headers: [String: String] = [:]
    /// A page in the product's looks instead of a body.
    public var page: HostedPage?

    /// Makes an answer.
    public init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
    /// An answer in JSON.
    public static func json(_ value: some Encodable, status: Int = 200) throws -> RouteResponse {
        RouteResponse(status: status, contentType: "application/json", body: try PayloadCoding.encode(value))
    }
    /// An answer in plain text.
    public static func text(_ text: String, status: Int = 200) -> RouteResponse {
        RouteResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
    /// A page in the product's looks.
    public static func page(_ page: HostedPage, status: Int = 200) -> RouteResponse {
        var response = RouteResponse(status: status, contentType: "text/html; charset=utf-8", body: [])
        response.page = page
        return response
    }
    /// The way on after a form (303): a path of this product (`/plugins/…`), or an address with http or https. After a form of
    /// a hosted page an address outside must be among the page's ``HostedPage/formTargets``, or browsers stop there.
    public static func redirect(to location: String) -> RouteResponse {
        var response = RouteResponse(status: 303, contentType: "text/plain; charset=utf-8", body: [])
        response.headers["location"] = location
        return response
    }
    /// The same answer with another header.
    public func with(_ name: String, _ value: String) -> RouteResponse {
        var copy = self
        copy.headers[name] = value
        return copy
    }
}
