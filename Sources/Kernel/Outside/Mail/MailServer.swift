import CCurl
import PluginAPI

/// Where a deployment's mail goes: `smtps://mail.example.com`, or `smtp://mail.example.com:587`.
struct MailServer: Sendable, Equatable {
    /// As libcurl writes it.
    let url: String
    let host: String

    /// Nil for what names no mail server, or more than one. Throws where libcurl, which reads it, is missing.
    init?(_ text: String) throws {
        try Curl.load()
        guard text.utf8.count <= 300, let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK else { return nil }
        func part(_ part: CURLUPart) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard tenon_curl_url_get(handle, part, &value, 0) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), scheme == "smtp" || scheme == "smtps",
            let host = part(CURLUPART_HOST), !host.isEmpty, let url = part(CURLUPART_URL),
            part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil, part(CURLUPART_QUERY) == nil, part(CURLUPART_FRAGMENT) == nil,
            ["", "/"].contains(part(CURLUPART_PATH) ?? "")
        else { return nil }
        self.url = url
        self.host = host
    }
}

extension KernelSettings {
    static let mailServer = Setting<String?>(
        "kernel.mail_server", "Mail server", default: nil, .maxLength(300),
        .help("Plugins send mail there: smtps://mail.example.com, or smtp://mail.example.com:587. Without one, no mail is sent."))
    static let mailSender = Setting<String?>(
        "kernel.mail_sender", "Sender of mail", default: nil, .maxLength(300), .help("Such as Kestrel Foods <crm@example.com>."))
    static let mailUser = Setting<String?>(
        "kernel.mail_user", "User at the mail server", default: nil, .maxLength(200),
        .help("Left empty where the server wants none."))
    static let mailPassword = Setting<String?>(
        "kernel.mail_password", "Password at the mail server", default: nil, .maxLength(500), .secret,
        .help("TENON_MAIL_PASSWORD and the file that TENON_MAIL_PASSWORD_FILE names come first."))
    static let mailUnencrypted = Setting<Bool>(
        "kernel.mail_unencrypted", "Send mail without encryption", default: false,
        .help("Whether a mail server may be used that offers no encryption. Right for one on this machine, wrong for most others."))

    /// What is wrong with a setting of mail, or nil.
    static func mailProblem(_ key: String, _ text: String) -> String? {
        switch key {
        case mailServer.key:
            do {
                return try MailServer(text) == nil ? "is not a mail server such as smtps://mail.example.com" : nil
            } catch {
                return "cannot be read: \((error as? CRMError)?.message ?? "\(error)")"
            }
        case mailSender.key: return MailAddress(text) != nil ? nil : "is not an address such as Kestrel Foods <crm@example.com>"
        default: return nil
        }
    }
}
