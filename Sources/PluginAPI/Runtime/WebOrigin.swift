/// Where a page comes from, as browsers tell sites apart: `https://www.example.com`, with a port where it is not the usual one.
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
    /// In small letters, without a path.
    public let description: String

    /// Reads an origin, or the origin of an address; nil for anything but http and https with a plain host.
    public init?(_ text: String) {
        let lower = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else { return nil }
        let place = lower.dropFirst(scheme.utf8.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let parts = place.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, !host.hasPrefix("."), !host.hasSuffix("-"), host.utf8.allSatisfy(WebOrigin.isPlain)
        else { return nil }
        if parts.count == 2 {
            guard let port = Int(parts[1]), (1...65535).contains(port) else { return nil }
        }
        description = scheme + place
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
