/// A message that a plugin sends by the deployment's mail server.
///
/// ```swift
/// try await context.send(Mail(to: ["Ada Abel <ada@example.com>"], subject: "Your visit", text: "We are there at ten."))
/// ```
///
/// Addresses are written `ada@example.com` or `Ada Abel <ada@example.com>`. The sender is the deployment's, from its settings.
public struct Mail: Sendable {
    /// A file that goes along.
    public struct Attachment: Sendable {
        /// The name under which the reader sees it: no path, 200 bytes at most.
        public var name: String
        /// What it is: `application/pdf`, `text/calendar; charset=utf-8`.
        public var type: String
        /// What is in it.
        public var bytes: [UInt8]

        /// Makes an attachment.
        public init(name: String, type: String = "application/octet-stream", bytes: [UInt8]) {
            self.name = name
            self.type = type
            self.bytes = bytes
        }
    }

    /// Whom it is for. At least one, and with `cc` a hundred at most.
    public var to: [String]
    /// Who gets a copy, seen by all.
    public var cc: [String]
    /// Where answers go; to the deployment's sender when nil.
    public var replyTo: String?
    /// One line, 500 characters at most.
    public var subject: String
    /// The message as plain text.
    public var text: String
    /// The same as HTML, for readers that show it.
    public var html: String?
    /// Files that go along: with the texts, 20 MiB at most.
    public var attachments: [Attachment]

    /// Makes a message.
    public init(
        to: [String], cc: [String] = [], replyTo: String? = nil, subject: String, text: String, html: String? = nil,
        attachments: [Attachment] = []
    ) {
        self.to = to
        self.cc = cc
        self.replyTo = replyTo
        self.subject = subject
        self.text = text
        self.html = html
        self.attachments = attachments
    }
}

extension Context {
    /// Sends a message, and returns when the mail server has taken it for all recipients. Needs `"capabilities": {"mail": true}`.
    ///
    /// Throws `forbidden` when mail was not approved, `invalid` with the fields of a message that cannot be sent, `refused` when
    /// the server refuses it for good, and `unavailable` when it may be tried again: no server is set, none answers within a
    /// minute, or it takes nothing now. What throws in `after` and in jobs is tried again by the product.
    public func send(_ mail: Mail) async throws { try await backend.send(mail) }
}
