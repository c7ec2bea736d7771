import PluginAPI

/// A message that can be sent: addresses read, sizes and headers checked.
struct MailMessage: Sendable {
    let to: [MailAddress]
    let cc: [MailAddress]
    let replyTo: MailAddress?
    let subject: String
    let text: String
    let html: String?
    let attachments: [Mail.Attachment]

    static let mostRecipients = 100
    static let mostBytes = 20 * 1024 * 1024

    /// Throws `invalid` with a problem for each field that does not do.
    init(_ mail: Mail) throws {
        var problems: [Problem] = []
        func addresses(_ texts: [String], _ field: String) -> [MailAddress] {
            texts.compactMap { text in
                if let address = MailAddress(text) { return address }
                problems.append(Problem(field: field, "names \(MailMessage.shown(text)), which is not an address such as ada@example.com"))
                return nil
            }
        }
        to = addresses(mail.to, "to")
        cc = addresses(mail.cc, "cc")
        replyTo = addresses(mail.replyTo.map { [$0] } ?? [], "reply_to").first
        subject = mail.subject
        text = mail.text
        html = mail.html
        attachments = mail.attachments
        if mail.to.isEmpty { problems.append(Problem(field: "to", "names nobody")) }
        if mail.to.count + mail.cc.count > MailMessage.mostRecipients {
            problems.append(Problem(field: "to", "names more than \(MailMessage.mostRecipients) people, with those of cc"))
        }
        if subject.isEmpty || subject.count > 500 { problems.append(Problem(field: "subject", "must have 1 to 500 characters")) }
        if subject.unicodeScalars.contains(where: MailHeader.isControl) { problems.append(Problem(field: "subject", "must be one line")) }
        for attachment in attachments {
            let name: String = attachment.name
            if name.isEmpty || name.utf8.count > 200 || name.contains(where: { $0 == "/" || $0 == "\\" })
                || name.unicodeScalars.contains(where: MailHeader.isControl)
            {
                problems.append(Problem(field: "attachments", "have a file called \(MailMessage.shown(name)), which is not a plain name"))
            }
            if !MailMessage.isType(attachment.type) {
                problems.append(Problem(field: "attachments", "have a type \(MailMessage.shown(attachment.type)), which is not one such as text/plain"))
            }
        }
        guard problems.isEmpty else { throw CRMError(.invalid, "the message cannot be sent as it is", problems: problems) }
        let size: Int = attachments.reduce(text.utf8.count + (html?.utf8.count ?? 0)) { $0 + $1.bytes.count }
        guard size <= MailMessage.mostBytes else {
            throw CRMError(
                .tooLarge, "the message has more than \(MailMessage.mostBytes / 1024 / 1024) MiB", hint: "Send a link to what is large.")
        }
    }

    var recipients: [MailAddress] {
        var all: [MailAddress] = []
        for one in to + cc where !all.contains(where: { $0.address == one.address }) { all.append(one) }
        return all
    }

    /// Where it goes, each domain once.
    var domains: [String] { Set(recipients.map(\.domain)).sorted() }

    /// `text/plain; charset=utf-8`: a type and its parameters in ASCII, and nothing that would end the header.
    private static func isType(_ type: String) -> Bool {
        let plain: Substring = type.prefix { $0 != ";" }
        let parts: [Substring] = plain.split(separator: "/", omittingEmptySubsequences: false)
        let isWord: (Substring) -> Bool = { part in
            !part.isEmpty && part.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"()<>@,:\\\"[]?=".utf8.contains($0) }
        }
        return type.utf8.count <= 200 && parts.count == 2 && parts.allSatisfy(isWord) && type.utf8.allSatisfy { $0 >= 32 && $0 < 127 }
    }

    /// Enough of a text for an error, without what would break a line.
    private static func shown(_ text: String) -> String {
        let tame = String(String.UnicodeScalarView(text.unicodeScalars.filter { !MailHeader.isControl($0) }).prefix(60))
        return "“\(tame)”"
    }

    /// What it is known by when it is sent in work that may be tried again: the same for the same message.
    func id(under key: String) -> String {
        var parts: [String] = [key, subject, text, html ?? ""]
        parts += recipients.map(\.address)
        for attachment in attachments { parts += [attachment.name, String(attachment.bytes.count)] }
        return Secrets.fingerprint(parts.joined(separator: "\n"))
    }

    /// The headers, whole lines. What names the parts of the body, libcurl adds.
    func headers(from sender: MailAddress, at now: Moment, id: String) -> [String] {
        func list(_ name: String, _ addresses: [MailAddress]) -> [String] {
            addresses.isEmpty ? [] : [name + ": " + addresses.map(\.header).joined(separator: ",\r\n ")]
        }
        let date: String = HTTPDate.text(Int(now.milliseconds / 1000)).replacing("GMT", with: "+0000")
        return ["Date: " + date, "Message-ID: <\(id)@\(sender.domain)>"] + list("From", [sender]) + list("To", to) + list("Cc", cc)
            + list("Reply-To", replyTo.map { [$0] } ?? []) + ["Subject: " + MailHeader.text(subject), "Auto-Submitted: auto-generated"]
    }
}
