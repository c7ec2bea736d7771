/// The address of whoever sent a request, for the login throttle.
enum ClientAddress {
    /// Behind a proxy on the same machine every request seems to come from that machine, so that ten typing errors anywhere
    /// would shut out everybody: the proxy's word is taken then, and only then. Its own entry is the last one; what stands
    /// before it came from outside and may be invented.
    static func of(peer: String, forwarded: String?) -> String {
        guard isLoopback(peer), let last = forwarded?.split(separator: ",").last.map({ String($0).trimmed }), !last.isEmpty else { return peer }
        return last
    }

    private static func isLoopback(_ address: String) -> Bool {
        address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}
