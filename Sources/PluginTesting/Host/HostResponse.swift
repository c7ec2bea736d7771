/// An answer of the product.
public struct HostResponse: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The headers, with names in lower case.
    public let headers: [String: String]
    /// The body.
    public let body: [UInt8]

    /// Whether the status is in the two hundreds.
    public var isSuccess: Bool { (200..<300).contains(status) }
    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
    /// The body as JSON; null for an empty one.
    public var json: JSON { get throws { body.isEmpty ? .null : try JSON(parsing: body) } }
}
