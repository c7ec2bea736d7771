import Foundation
import PluginAPI

/// Hands messages to the deployment's mail server, some at once and no more.
///
/// The server is the administrator's choice, so that one in the own network is as good as any; plugins choose whom they write to,
/// and nothing of where it goes.
final class MailPost: Sendable {
    /// What a deployment sends with.
    struct Account: Sendable {
        var server: MailServer
        var sender: MailAddress
        var user: String?
        var password: String?
        var isUnencrypted = false
    }

    private let turnstile = Turnstile(
        places: 4, lineLimit: 1000, whenFull: CRMError(.unavailable, "too many messages are waiting for the mail server", hint: "Try again later."))
    private let account: @Sendable () throws -> Account

    init(account: @escaping @Sendable () throws -> Account) { self.account = account }

    /// - Parameter id: what the message is known by where it may be sent again; by chance when nil.
    func send(_ message: MailMessage, at now: Moment, id: String? = nil) async throws {
        let account: Account = try account()
        let headers: [String] = message.headers(from: account.sender, at: now, id: id ?? Secrets.random(bytes: 18))
        let transfer = MailTransfer(account: account, message: message, headers: headers)
        try await turnstile.pass { try await OutgoingClient.onThread { try transfer.perform() } }
    }
}

extension MailPost.Account {
    /// From the settings; throws `unavailable` while no server is set. A password from outside comes before that of the settings.
    init(_ settings: DeploymentSettings, password: @autoclosure () throws -> String?) throws {
        guard let text = settings.value(KernelSettings.mailServer), let server = try MailServer(text),
            let sender = settings.value(KernelSettings.mailSender).flatMap({ MailAddress($0) })
        else {
            throw CRMError(
                .unavailable, "no mail server is set", hint: "Set \(KernelSettings.mailServer.key) and \(KernelSettings.mailSender.key) in the settings.")
        }
        let user: String? = settings.value(KernelSettings.mailUser)
        self.init(
            server: server, sender: sender, user: user,
            password: user == nil ? nil : try password() ?? settings.value(KernelSettings.mailPassword),
            isUnencrypted: settings.value(KernelSettings.mailUnencrypted))
    }
}

/// The password at the mail server where it is not to stand in the database. Read anew each time, so that it can be changed while
/// the product runs.
enum MailPassword {
    static func read(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> String? {
        if let given = environment["TENON_MAIL_PASSWORD"], !given.isEmpty { return given }
        guard let file = environment["TENON_MAIL_PASSWORD_FILE"], !file.isEmpty else { return nil }
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw CRMError(.unavailable, "the password of the mail server cannot be read", hint: "TENON_MAIL_PASSWORD_FILE names \(file).")
        }
        // A file ends with a line break more often than a password does.
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
    }
}
