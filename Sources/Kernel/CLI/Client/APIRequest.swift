/// One request of the command line to the JSON interface, whatever way it travels.
struct APIRequest: Sendable {
    var method: String
    /// The path's parts, not encoded: `["api", "v1", "projects", "4"]`.
    var path: [String]
    var query: [QueryItem] = []
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    struct QueryItem: Sendable, Hashable {
        var name: String
        var value: String
        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    static func get(_ path: String..., query: [QueryItem] = []) -> APIRequest {
        APIRequest(method: "GET", path: ["api", "v1"] + path, query: query)
    }

    static func send(_ method: String, _ path: String..., body: JSONValue? = nil) -> APIRequest {
        var request = APIRequest(method: method, path: ["api", "v1"] + path)
        if let body { request.attach(body) }
        return request
    }

    mutating func attach(_ node: JSONValue) {
        body = Array(node.text().utf8)
        headers["content-type"] = "application/json"
    }

    /// Path and query as they stand in a URL.
    var target: String {
        var text = ""
        for part in path { text += "/" + part.percentEncoded }
        for (place, item) in query.enumerated() {
            text += (place == 0 ? "?" : "&") + item.name.percentEncoded + "=" + item.value.percentEncoded
        }
        return text
    }
}

/// An answer of the JSON interface.
struct APIResponse: Sendable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    var isSuccess: Bool { (200..<300).contains(status) }
}

/// A way to the JSON interface.
protocol APITransport: Sendable {
    /// Sends a request. With a sink the body of a successful answer goes there piece by piece instead of into the answer.
    func send(_ request: APIRequest, sink: (@Sendable ([UInt8]) throws -> Void)?) async throws -> APIResponse
    /// Has everything done that the requests have set going, where nobody else does it.
    func settle() async
    /// Lets go of what it holds, once all requests are answered.
    func close() async
}

extension APITransport {
    func settle() async {}
    func close() async {}
}
