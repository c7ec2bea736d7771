import CCurl
import PluginAPI

/// An address as libcurl reads it, which is what decides where a request goes: a reader of our own might read a tricky one
/// otherwise than the client that connects.
struct OutgoingAddress: Sendable, Equatable {
    /// As libcurl writes it.
    let url: String
    let scheme: String
    /// In small letters.
    let host: String
    let port: Int

    /// Throws `invalid` for anything but a plain address with http or https.
    init(_ text: String) throws {
        try Curl.load()
        guard text.utf8.count <= 4000, let handle = curl_url() else { throw OutgoingAddress.unfit("is too long") }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_URLENCODE)) == CURLUE_OK else {
            throw OutgoingAddress.unfit("cannot be read")
        }
        func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard tenon_curl_url_get(handle, part, &value, UInt32(flags)) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
            throw OutgoingAddress.unfit("has a name or a password in it; send a header instead")
        }
        let scheme: String = part(CURLUPART_SCHEME)?.lowercased() ?? ""
        guard scheme == "https" || scheme == "http" else { throw OutgoingAddress.unfit("does not begin with https:// or http://") }
        var host: String = part(CURLUPART_HOST)?.lowercased() ?? ""
        if host.hasSuffix("."), host.utf8.count > 1 { host.removeLast() }
        guard !host.isEmpty, let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap({ Int($0) }), let url = part(CURLUPART_URL) else {
            throw OutgoingAddress.unfit("names no host")
        }
        self.url = url
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Scheme, host and port: what a redirect may not leave.
    func hasSameOrigin(as other: OutgoingAddress) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// Whether one of these patterns covers the host: `api.example.com`, `*.example.com` for all below it, either with a
    /// port to allow that one alone.
    func isCovered(by patterns: [String]) -> Bool { patterns.contains(where: isCovered) }

    private func isCovered(by pattern: String) -> Bool {
        var name: Substring = pattern.lowercased()[...]
        // An address in brackets has colons of its own.
        if let colon = name.lastIndex(of: ":"), let given = Int(name[name.index(after: colon)...]), name[colon...].firstIndex(of: "]") == nil,
            name.hasPrefix("[") || name[..<colon].firstIndex(of: ":") == nil
        {
            guard given == port else { return false }
            name = name[..<colon]
        }
        if name.hasPrefix("*.") {
            let parent = name.dropFirst(1)
            return host.hasSuffix(parent) && host.utf8.count > parent.utf8.count
        }
        return host == name
    }

    private static func unfit(_ message: String) -> CRMError {
        CRMError(.invalid, "the address \(message)", hint: "An address looks like https://api.example.com/path.")
    }
}
