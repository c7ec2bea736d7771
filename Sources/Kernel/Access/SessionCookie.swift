/// The cookie of a web session.
enum SessionCookie {
    static let name = "tenon_session"

    /// What sets it. The server decides when the session ends; the browser may keep the cookie as long as it likes (400
    /// days are the most that browsers accept).
    static func set(_ secret: String, for request: FrontRequest) -> String {
        header(secret, age: 400 * 86_400, isSecure: request.isSecure)
    }

    /// What takes it away.
    static func clear(for request: FrontRequest) -> String { header("", age: 0, isSecure: request.isSecure) }

    private static func header(_ value: String, age: Int, isSecure: Bool) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(age); HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
    }
}
