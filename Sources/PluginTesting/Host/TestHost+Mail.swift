import Synchronization

extension TestHost {
    /// Gives the deployment a mail server of its own, which keeps all that it takes: look at ``mails`` afterwards.
    ///
    /// ```swift
    /// try await host.takeMail()
    /// try await host.act("visits", visit["id"], "finish")
    /// try await host.settle()
    /// #expect(host.mails.map(\.subject) == ["Your visit"])
    /// ```
    ///
    /// Without it there is no mail server, and sending mail throws `unavailable`, as in a deployment where nobody has set one up.
    /// `refusing`: what the server answers for recipients whom it does not take, by their address, such as
    /// `["gone@example.com": "550 no such user"]`.
    public func takeMail(refusing: [String: String] = [:]) async throws {
        let server = try LocalMailServer(refusing: refusing)
        try await call("PATCH", "settings", [
            "kernel.mail_server": .string("smtp://127.0.0.1:\(server.port)"), "kernel.mail_sender": "Test <crm@example.com>",
            "kernel.mail_unencrypted": true,
        ])
        mailServer.withLock { $0 = server }
    }

    /// The messages that the product has sent since ``takeMail(refusing:)``, the oldest first. What follows a change has been sent
    /// when ``settle()`` returns.
    public var mails: [SentMail] { mailServer.withLock { $0?.mails ?? [] } }

    /// Forgets the messages so far.
    public func forgetMails() { mailServer.withLock { $0?.forget() } }
}
