/// A place in a database's log of changes: what is stored later stands further on.
struct LogPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Before all changes: where nobody counts, too.
    static let beginning = LogPosition(bytes: 0)

    var bytes: UInt64

    init(bytes: UInt64) { self.bytes = bytes }

    /// As PostgreSQL writes it: two hexadecimal numbers, `16/B374D848`.
    init?(_ text: String?) {
        guard let parts = text?.split(separator: "/"), parts.count == 2, let high = UInt64(parts[0], radix: 16), high <= UInt32.max,
            let low = UInt64(parts[1], radix: 16), low <= UInt32.max
        else { return nil }
        bytes = high << 32 | low
    }

    var description: String { String(bytes >> 32, radix: 16, uppercase: true) + "/" + String(bytes & 0xFFFF_FFFF, radix: 16, uppercase: true) }

    static func < (one: LogPosition, other: LogPosition) -> Bool { one.bytes < other.bytes }
}
