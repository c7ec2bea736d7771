import CSodium
import PluginAPI

/// What a webhook signs with, in the way of the Standard Webhooks specification. After a new one was made, the one before it
/// signs, too, for a day: receivers can change over without missing an event.
struct WebhookSecret: Sendable {
    let current: String
    /// The one before, while it still counts.
    let previous: String?

    private static let prefix = "whsec_"
    private static let overlap: Double = 24 * 3600

    /// Makes the first secret of a webhook. Nobody has seen it: it signs until somebody makes one to see.
    static func make(for webhook: Int64, _ connection: any Connection) throws {
        try connection.execute(
            "INSERT INTO tenon_webhook_secret (webhook, secret) VALUES (?, ?)", [.integer(webhook), .text(random())])
    }

    /// Makes a new secret and gives it: the only time that it is shown.
    static func renew(_ webhook: Int64, _ connection: any Connection, now: Moment) throws -> String {
        let fresh = random()
        try connection.execute(
            "UPDATE tenon_webhook_secret SET previous = secret, previous_until = ?, secret = ? WHERE webhook = ?",
            [.integer(now.adding(seconds: overlap).milliseconds), .text(fresh), .integer(webhook)])
        return fresh
    }

    static func forget(_ webhook: Int64, _ connection: any Connection) throws {
        try connection.execute("DELETE FROM tenon_webhook_secret WHERE webhook = ?", [.integer(webhook)])
    }

    static func load(_ webhook: Int64, _ connection: any Connection, now: Moment) throws -> WebhookSecret? {
        try connection.first(
            "SELECT secret, previous, previous_until FROM tenon_webhook_secret WHERE webhook = ?", [.integer(webhook)]
        ) { row in
            let isValid: Bool = row.optionalInteger(2).map { $0 > now.milliseconds } ?? false
            return WebhookSecret(current: row.text(0), previous: isValid ? row.optionalText(1) : nil)
        }
    }

    /// The header `webhook-signature`: a signature by each secret that counts.
    func signature(id: String, seconds: Int64, body: [UInt8]) -> String {
        let signed: [UInt8] = Array("\(id).\(seconds).".utf8) + body
        return ([current] + (previous.map { [$0] } ?? [])).map { "v1," + WebhookSecret.sign(signed, with: $0) }.joined(separator: " ")
    }

    /// 30 bytes: their base64 needs no padding.
    private static func random() -> String { prefix + Secrets.plainBase64(Secrets.randomBytes(30)) }

    private static func sign(_ bytes: [UInt8], with secret: String) -> String {
        let key: [UInt8] = Secrets.bytes(base64: String(secret.dropFirst(prefix.utf8.count))) ?? []
        return Secrets.paddedBase64(Secrets.hmac(bytes, key: key))
    }
}

extension Secrets {
    /// HMAC-SHA256 (RFC 2104).
    static func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var state = crypto_auth_hmacsha256_state()
        var code = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        crypto_auth_hmacsha256_init(&state, key, key.count)
        crypto_auth_hmacsha256_update(&state, bytes, UInt64(bytes.count))
        crypto_auth_hmacsha256_final(&state, &code)
        return code
    }
}
