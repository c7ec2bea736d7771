import PluginAPI

/// Keeps other sites from acting through a visitor's session.
enum CrossSite {
    /// Throws `forbidden` unless a change comes from a page of this site that knows the session's security token.
    static func check(_ request: FrontRequest, csrf: String) throws {
        try checkOrigin(request)
        let given = request.headers["x-csrf-token"] ?? FormToken.read(from: request)
        guard let given, !csrf.isEmpty, Secrets.same(given, csrf) else {
            throw CRMError(.forbidden, "the form's security token is missing or out of date", hint: "Reload the page and try again.")
        }
    }

    /// Throws `forbidden` when the browser says that the request comes from another site. Older browsers say nothing.
    static func checkOrigin(_ request: FrontRequest) throws {
        if let site = request.headers["sec-fetch-site"] {
            guard site == "same-origin" || site == "none" else { throw refusal }
        } else if let origin = request.headers["origin"] {
            guard let host = request.headers["host"], let scheme = origin.firstRange(of: "://"),
                origin[scheme.upperBound...].lowercased() == host.lowercased()
            else { throw refusal }
        }
    }

    private static var refusal: CRMError {
        CRMError(.forbidden, "the request comes from another site", hint: "Do this on a page of this site.")
    }
}

/// The security token in a form that was sent without script.
enum FormToken {
    static let field = "csrf"
    /// The token stands at the beginning of a form; the rest may be a large file.
    static let reach = 65_536

    static func read(from request: FrontRequest) -> String? {
        let type = request.headers["content-type"]?.lowercased() ?? ""
        let body = request.body.prefix(reach)
        if type.hasPrefix("application/x-www-form-urlencoded") { return pair(in: body) }
        if type.hasPrefix("multipart/form-data") { return part(in: body) }
        return nil
    }

    /// The alphabet of the token needs no percent encoding.
    private static func pair(in body: ArraySlice<UInt8>) -> String? {
        let name = Array((field + "=").utf8)
        for pair in body.split(separator: UInt8(ascii: "&")) where pair.starts(with: name) {
            return String(decoding: pair.dropFirst(name.count), as: UTF8.self)
        }
        return nil
    }

    private static func part(in body: ArraySlice<UInt8>) -> String? {
        let head = Array("name=\"\(field)\"\r\n\r\n".utf8)
        guard let start = body.firstRange(of: head) else { return nil }
        let rest = body[start.upperBound...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\r")) else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
