/// The identity of a record within its entity: a positive 64-bit integer, never used twice.
@frozen
public struct RecordID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The number as stored and shown, 1 or more for a stored record, 0 for one not stored yet.
    public let raw: Int64

    /// Makes an identity from its number.
    @inlinable public init(_ raw: Int64) { self.raw = raw }

    /// The identity of a record that is not stored yet.
    @inlinable public static var none: RecordID { RecordID(0) }

    /// Orders by age: a smaller number was stored earlier.
    @inlinable public static func < (left: RecordID, right: RecordID) -> Bool { left.raw < right.raw }

    /// The number in decimal.
    public var description: String { String(raw) }

    /// Reads the bare number.
    public init(from decoder: any Decoder) throws {
        raw = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes the bare number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(raw)
    }
}
