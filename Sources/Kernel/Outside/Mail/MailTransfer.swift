import CCurl
import PluginAPI

/// One message on its way to the mail server by libcurl, on the thread that sends it.
struct MailTransfer: Sendable {
    let account: MailPost.Account
    let message: MailMessage
    let headers: [String]
    /// In milliseconds: to connect, and for all of it.
    var connectTimeout = 10_000
    var timeout = 60_000

    /// Returns when the server has taken the message for all recipients.
    func perform() throws {
        try Curl.load()
        guard let handle = curl_easy_init() else { throw CRMError(.unavailable, "libcurl could not be started") }
        defer { curl_easy_cleanup(handle) }
        set(up: handle)
        var lists: [UnsafeMutablePointer<curl_slist>] = []
        defer { for list in lists { curl_slist_free_all(list) } }
        func list(_ texts: [String]) -> UnsafeMutablePointer<curl_slist>? {
            var list: UnsafeMutablePointer<curl_slist>?
            for text in texts { list = curl_slist_append(list, text) }
            if let list { lists.append(list) }
            return list
        }
        if let headers = list(headers) { tenon_curl_set_list(handle, CURLOPT_HTTPHEADER, headers) }
        if let recipients = list(message.recipients.map { "<\($0.address)>" }) { tenon_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients) }
        guard let mime = curl_mime_init(handle) else { throw CRMError(.unavailable, "libcurl could not make a message") }
        defer { curl_mime_free(mime) }
        try build(mime, handle, list)
        tenon_curl_set_pointer(handle, CURLOPT_MIMEPOST, UnsafeMutableRawPointer(mime))
        let answers = ServerAnswers()
        tenon_curl_set_write(handle, CURLOPT_HEADERFUNCTION, ServerAnswers.line)
        tenon_curl_set_pointer(handle, CURLOPT_HEADERDATA, Unmanaged.passUnretained(answers).toOpaque())
        let code: CURLcode = withExtendedLifetime(answers) { curl_easy_perform(handle) }
        if code != CURLE_OK { throw failure(code, answers) }
    }

    private func set(up handle: UnsafeMutableRawPointer) {
        tenon_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        tenon_curl_set_text(handle, CURLOPT_URL, account.server.url)
        // What the environment of the process names as a proxy is for the web.
        tenon_curl_set_text(handle, CURLOPT_PROXY, "")
        tenon_curl_set_long(handle, CURLOPT_USE_SSL, Int(account.isUnencrypted ? CURLUSESSL_TRY.rawValue : CURLUSESSL_ALL.rawValue))
        tenon_curl_set_text(handle, CURLOPT_MAIL_FROM, "<\(account.sender.address)>")
        if let user = account.user {
            tenon_curl_set_text(handle, CURLOPT_USERNAME, user)
            tenon_curl_set_text(handle, CURLOPT_PASSWORD, account.password ?? "")
        }
        tenon_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        tenon_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, connectTimeout)
        // A server that says nothing has its whole time to do so.
        tenon_curl_set_long(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout / 1000)
        tenon_curl_set_long(handle, CURLOPT_TIMEOUT_MS, timeout)
    }

    // MARK: The body

    private typealias MakeList = ([String]) -> UnsafeMutablePointer<curl_slist>?

    /// Text and HTML as one part in two forms, then the files.
    private func build(_ mime: OpaquePointer, _ handle: UnsafeMutableRawPointer, _ list: MakeList) throws {
        if let html = message.html {
            guard let both = curl_mime_init(handle), let part = curl_mime_addpart(mime) else { throw Self.noMemory }
            guard curl_mime_subparts(part, both) == CURLE_OK else {
                curl_mime_free(both)
                throw Self.noMemory
            }
            // From here on the part frees what is in it.
            try Self.check(curl_mime_type(part, "multipart/alternative"))
            try add(message.text, "text/plain; charset=utf-8", to: both)
            try add(html, "text/html; charset=utf-8", to: both)
        } else {
            try add(message.text, "text/plain; charset=utf-8", to: mime)
        }
        for attachment in message.attachments {
            guard let part = curl_mime_addpart(mime) else { throw Self.noMemory }
            try Self.fill(part, attachment.bytes)
            try Self.check(curl_mime_type(part, attachment.type))
            try Self.check(curl_mime_encoder(part, "base64"))
            try Self.check(curl_mime_headers(part, list(["Content-Disposition: " + MailHeader.attachment(attachment.name)]), 0))
        }
    }

    /// In lines as mail has them, encoded so that only ASCII is sent.
    private func add(_ text: String, _ type: String, to mime: OpaquePointer) throws {
        guard let part = curl_mime_addpart(mime) else { throw Self.noMemory }
        let lines: [UInt8] = Array(text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").replacing("\n", with: "\r\n").utf8)
        try Self.fill(part, lines)
        try Self.check(curl_mime_type(part, type))
        try Self.check(curl_mime_encoder(part, "quoted-printable"))
    }
}

extension MailTransfer {
    private static let noMemory = CRMError(.unavailable, "libcurl could not make a message")

    private static func check(_ code: CURLcode) throws { if code != CURLE_OK { throw noMemory } }

    /// Copies bytes into a part, also none: without a place to read from, libcurl would leave the part out.
    private static func fill(_ part: OpaquePointer, _ bytes: [UInt8]) throws {
        let held: [UInt8] = bytes.isEmpty ? [0] : bytes
        try check(held.withUnsafeBytes { curl_mime_data(part, $0.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) })
    }

    /// What went wrong, in the server's words where it said any: 5 at the beginning is for good, 4 is for now.
    private func failure(_ code: CURLcode, _ answers: ServerAnswers) -> CRMError {
        let host: String = account.server.host
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return CRMError(.unavailable, "the mail server \(host) did not answer in time")
        case CURLE_USE_SSL_FAILED:
            return CRMError(
                .unavailable, "the mail server \(host) offers no encryption",
                hint: "Ask for an address that begins with smtps://, or allow it: \(KernelSettings.mailUnencrypted.key).")
        case CURLE_LOGIN_DENIED:
            return CRMError(
                .unavailable, "the mail server \(host) does not take the user \(account.user ?? "") with this password: \(answers.last)",
                hint: "See \(KernelSettings.mailUser.key) in the settings, and the password beside it.")
        default: break
        }
        switch answers.status {
        case 500...599: return CRMError(.refused, "the mail server \(host) refuses the message: \(answers.last)")
        case 400...499: return CRMError(.unavailable, "the mail server \(host) does not take the message now: \(answers.last)")
        default: return CRMError(.unavailable, "the mail server \(host) could not be reached: \(String(cString: curl_easy_strerror(code)).lowercased())")
        }
    }
}

/// The last line that the mail server said before its goodbye. Used by one thread, during one call of `curl_easy_perform`.
private final class ServerAnswers {
    private(set) var last = ""

    var status: Int { Int(last.prefix(3)) ?? 0 }

    private func hear(_ bytes: [UInt8]) {
        let text = String(decoding: bytes.prefix(400), as: UTF8.self)
        // Its goodbye says nothing about what came before.
        if text.hasPrefix("221") { return }
        last = String(String.UnicodeScalarView(text.unicodeScalars.filter { !MailHeader.isControl($0) }))
    }

    static let line: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = { data, size, count, user in
        guard let user else { return 0 }
        Unmanaged<ServerAnswers>.fromOpaque(user).takeUnretainedValue().hear(Array(UnsafeRawBufferPointer(start: data, count: size * count)))
        return size * count
    }
}
