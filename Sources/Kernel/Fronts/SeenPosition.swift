import PluginAPI

/// Has a client's own changes in every list that it asks for, whichever server of the deployment it asks: what a change came to
/// in the log goes along with the answer, and comes back with the next request, from browsers as a cookie.
enum SeenPosition {
    static let header = "tenon-position"
    static let cookie = "tenon_position"

    static func carry(_ request: FrontRequest, _ engine: any Engine, _ answer: () async -> FrontResponse) async -> FrontResponse {
        let brought: LogPosition = LogPosition(request.headers[header] ?? request.cookie(cookie)) ?? .beginning
        let response: FrontResponse =
            brought == .beginning ? await answer() : await OwnChanges.$brought.withValue(brought) { await answer() }
        let reached: LogPosition = engine.position
        guard reached > brought, request.method != "GET", request.method != "HEAD" else { return response }
        let told: FrontResponse = response.with(header, "\(reached)")
        guard request.cookie(SessionCookie.name) != nil else { return told }
        // A copy that is further behind is not read from at all.
        let kept = "\(cookie)=\(reached); Path=/; Max-Age=60; HttpOnly; SameSite=Lax" + (request.isSecure ? "; Secure" : "")
        return told.with("set-cookie", kept)
    }
}
