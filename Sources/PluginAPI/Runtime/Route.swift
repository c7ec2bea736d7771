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
    /// Makes a request.
    public init(method: HTTPMethod, parameters: [String: String], query: [String: String], body: [UInt8]) {
        self.method = method
        self.parameters = parameters
        self.query = query
        self.body = body
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
}
