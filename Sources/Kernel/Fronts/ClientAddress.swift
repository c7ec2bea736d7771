import FoundationEssentials

/// The address of whoever sent a request, for the login throttle.
enum ClientAddress {
    /// Behind a proxy on the same machine every request seems to come from that machine, so that ten typing errors anywhere
    /// would shut out everybody: the proxy's word is taken then, and only then. Its own entry is the last one; what stands
    /// before it came from outside and may be invented.
    ///
    /// A proxy on another machine is believed when `TENON_PROXIES` names its address.
    static func of(peer: String, forwarded: String?, proxies: Set<String> = ClientAddress.proxies) -> String {
        guard isLoopback(peer) || proxies.contains(plain(peer)), let last = forwarded?.split(separator: ",").last.map({ String($0).trimmed }), !last.isEmpty else { return peer }
        return last
    }

    /// The proxies that the environment names, set apart by spaces.
    static let proxies: Set<String> = Set(
        (ProcessInfo.processInfo.environment["TENON_PROXIES"] ?? "").split(whereSeparator: \.isWhitespace).map { plain(String($0)) })

    /// An address of IPv4 as a socket for both kinds tells it, without the sign of that.
    private static func plain(_ address: String) -> String {
        address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
    }

    private static func isLoopback(_ address: String) -> Bool {
        address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}
