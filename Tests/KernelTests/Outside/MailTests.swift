import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Mail that plugins send, against a server that keeps it.
@Suite struct MailTests {
    private func account(_ sink: MailSink, user: String? = nil, password: String? = nil) throws -> MailPost.Account {
        MailPost.Account(
            server: try #require(try MailServer(sink.url)), sender: try #require(MailAddress("Kestrel Foods <crm@kestrel.example>")), user: user,
            password: password, isUnencrypted: true)
    }

    private func send(_ mail: Mail, _ sink: MailSink, user: String? = nil, password: String? = nil) async throws {
        let account = try account(sink, user: user, password: password)
        try await MailPost { account }.send(MailMessage(mail), at: try #require(Moment("2026-03-01T09:00:00Z")))
    }

    private func refusal(_ body: () async throws -> Void) async -> CRMError? {
        do { try await body() } catch { return error as? CRMError }
        return nil
    }

    /// What somebody else's reader of mail makes of a message: headers as they are shown, and the parts.
    private func read(_ message: MailSink.Message) throws -> JSONValue {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-mail-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(message.bytes).write(to: file)
        let program = """
            import sys, json, hashlib, email, email.policy
            mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
            parts = []
            for part in mail.walk():
                if part.is_multipart(): continue
                content = part.get_content()
                whole = content if isinstance(content, bytes) else content.encode()
                parts.append({"type": part.get_content_type(), "name": part.get_filename(), "disposition": part.get_content_disposition(),
                    "text": content if isinstance(content, str) else None, "bytes": len(whole), "hash": hashlib.sha256(whole).hexdigest()})
            shapes = [part.get_content_type() for part in mail.walk() if part.is_multipart()]
            faults = [str(fault) for part in mail.walk() for fault in part.defects]
            print(json.dumps({"headers": [[name, str(value)] for name, value in mail.items()], "parts": parts, "shapes": shapes, "faults": faults}))
            """
        return try JSONValue(parsing: Array(OpenSSL.run("/usr/bin/env", ["python3", "-c", program, file.path]).utf8))
    }

    private func header(_ name: String, _ mail: JSONValue) -> [String] {
        (mail["headers"]?.array ?? []).compactMap { $0.array }.filter { $0.first?.text == name }.compactMap { $0.last?.text }
    }

    // MARK: What arrives

    @Test func `a message arrives with its headers, both texts and its files as they were`() async throws {
        let sink = try MailSink()
        let text = "Grüß Gott!\n.\n..two dots\nFrom here on\r\nit is = fine.\n" + String(repeating: "long ", count: 300)
        var mail = Mail(
            to: ["Ada Abel <ada@example.com>", "Ødegård, \"Jo\" <jo@example.org>"], cc: ["boss@example.com"], replyTo: "Berta Böß <berta@example.org>",
            subject: "Angebot für “Möbel” – zehn Stück zum Preis von neun, und noch etwas mehr 🪑", text: text, html: "<p>Grüß Gott!</p>")
        let picture: [UInt8] = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 7) }
        mail.attachments = [
            .init(name: "Angebot Möbel.pdf", type: "application/pdf", bytes: picture), .init(name: "empty.txt", type: "text/plain", bytes: []),
        ]
        try await send(mail, sink)

        let message = try #require(sink.messages.first)
        #expect(sink.messages.count == 1)
        #expect(message.sender == "crm@kestrel.example")
        #expect(message.recipients == ["ada@example.com", "jo@example.org", "boss@example.com"])
        let lines: [Substring] = message.text.split(separator: "\r\n", omittingEmptySubsequences: false)
        // What says where parts begin, libcurl writes.
        let long: [Substring] = lines.filter { $0.utf8.count > 78 && !$0.contains("boundary=") }
        #expect(long.isEmpty, "\(long.joined(separator: " | "))")
        #expect(message.bytes.allSatisfy { $0 < 128 })

        let mine = try read(message)
        #expect(mine["faults"]?.array?.isEmpty == true, "\(mine["faults"]?.text() ?? "")")
        #expect(header("Subject", mine) == [mail.subject])
        #expect(header("From", mine) == ["Kestrel Foods <crm@kestrel.example>"])
        #expect(header("To", mine) == [#"Ada Abel <ada@example.com>, "Ødegård, \"Jo\"" <jo@example.org>"#])
        #expect(header("Cc", mine) == ["boss@example.com"])
        #expect(header("Reply-To", mine) == ["Berta Böß <berta@example.org>"])
        #expect(header("Date", mine) == ["Sun, 01 Mar 2026 09:00:00 +0000"])
        #expect(header("Message-ID", mine).first?.hasSuffix("@kestrel.example>") == true)
        #expect(header("MIME-Version", mine).count + header("Mime-Version", mine).count == 1)
        let parts: [JSONValue] = mine["parts"]?.array ?? []
        #expect(mine["shapes"]?.array?.compactMap(\.text) == ["multipart/mixed", "multipart/alternative"])
        #expect(parts.map { $0["type"]?.text ?? "" } == ["text/plain", "text/html", "application/pdf", "text/plain"])
        let arrived: String = (parts.first?["text"]?.text ?? "").replacing("\r\n", with: "\n")
        #expect(arrived.trimmed == text.replacing("\r\n", with: "\n").trimmed)
        #expect(parts.count > 2 && parts[2]["hash"]?.text == Checksum.sha256(picture))
        #expect(parts.suffix(2).map { $0["name"]?.text ?? "" } == ["Angebot Möbel.pdf", "empty.txt"])
        #expect(parts.last?["bytes"]?.int == 0)
    }

    @Test func `a plain message is plain`() async throws {
        let sink = try MailSink()
        try await send(Mail(to: ["ada@example.com", "ada@example.com"], subject: "Your visit", text: "At ten."), sink)
        let message = try #require(sink.messages.first)
        #expect(message.recipients == ["ada@example.com"])
        #expect(message.text.contains("\r\nSubject: Your visit\r\n"))
        let mine = try read(message)
        #expect(mine["parts"]?.array?.count == 1)
        #expect(mine["parts"]?.array?.first?["text"]?.text?.trimmed == "At ten.")
    }

    @Test func `a message of work that is tried again has one id, another message and other work have another`() throws {
        let mail = Mail(to: ["ada@example.com"], subject: "Your visit", text: "At ten.")
        var other = mail
        other.text = "At eleven."
        let id: String = try MailMessage(mail).id(under: "run_1")
        #expect(try MailMessage(mail).id(under: "run_1") == id)
        #expect(try MailMessage(mail).id(under: "run_2") != id)
        #expect(try MailMessage(other).id(under: "run_1") != id)
    }

    // MARK: What is refused

    @Test func `a line break in anything that becomes a header is refused by its field, and nothing is sent`() async throws {
        let sink = try MailSink()
        let good = Mail(to: ["ada@example.com"], subject: "Hello", text: "x")
        for trick in ["\r\nBcc: eve@example.com", "\nBcc: eve@example.com", "\r", "\u{0}", "\u{85}Bcc: eve@example.com", "\u{2028}"] {
            var cases: [(field: String, mail: Mail)] = []
            func add(_ field: String, _ change: (inout Mail) -> Void) {
                var mail = good
                change(&mail)
                cases.append((field, mail))
            }
            add("to") { $0.to = ["ada@example.com" + trick] }
            add("to") { $0.to = ["Ada\(trick) <ada@example.com>"] }
            add("cc") { $0.cc = ["Ada <ada@example.com\(trick)>"] }
            add("reply_to") { $0.replyTo = "Ada\(trick) <ada@example.com>" }
            add("subject") { $0.subject = "Hello\(trick)" }
            add("attachments") { $0.attachments = [.init(name: "a\(trick).txt", type: "text/plain", bytes: [1])] }
            add("attachments") { $0.attachments = [.init(name: "a.txt", type: "text/plain\(trick)", bytes: [1])] }
            for (field, mail) in cases {
                let error = await refusal { try await send(mail, sink) }
                #expect(error?.code == .invalid && error?.problems.map(\.field) == [field], "\(field) with \(trick.debugDescription): \(String(describing: error))")
                // Nor does the error break whatever line it is told in.
                #expect(error?.description.unicodeScalars.contains(where: MailHeader.isControl) == false)
            }
        }
        #expect(sink.messages.isEmpty)
    }

    @Test func `a message to nobody, to too many, of no size and of too much is refused by its field`() async throws {
        let sink = try MailSink()
        func fields(_ mail: Mail) async -> [String] { await refusal { try await send(mail, sink) }?.problems.map(\.field) ?? [] }
        #expect(await fields(Mail(to: [], subject: "x", text: "x")) == ["to"])
        #expect(await fields(Mail(to: ["nobody"], subject: "", text: "x")) == ["to", "subject"])
        #expect(await fields(Mail(to: (0...100).map { "a\($0)@example.com" }, subject: "x", text: "x")) == ["to"])
        #expect(await fields(Mail(to: ["a@example.com> SIZE=1"], subject: "x", text: "x")) == ["to"])
        #expect(await fields(Mail(to: ["a@example.com"], subject: "x", text: "x", attachments: [.init(name: "../a", bytes: [])])) == ["attachments"])
        let large = Mail(to: ["a@example.com"], subject: "x", text: "x", attachments: [.init(name: "a", bytes: [UInt8](repeating: 0, count: 21 * 1024 * 1024))])
        #expect(await refusal { try await send(large, sink) }?.code == .tooLarge)
        #expect(sink.messages.isEmpty)
    }

    @Test func `what the server says is told: for good, for now, or nothing at all`() async throws {
        let mail = Mail(to: ["ada@example.com", "gone@example.com"], subject: "Hello", text: "x")
        let picky = try MailSink(.init(refusals: ["gone@example.com": "550 5.1.1 no such user"]))
        let gone = await refusal { try await send(mail, picky) }
        #expect(gone?.code == .refused)
        #expect(gone?.message == "the mail server 127.0.0.1 refuses the message: 550 5.1.1 no such user")
        #expect(picky.messages.isEmpty)
        let busy = try MailSink(.init(verdict: "451 try later"))
        let later = await refusal { try await send(mail, busy) }
        #expect(later?.code == .unavailable)
        #expect(later?.message == "the mail server 127.0.0.1 does not take the message now: 451 try later")

        let silent = try MailSink(.init(isSilent: true))
        var transfer = MailTransfer(account: try account(silent), message: try MailMessage(mail), headers: [])
        transfer.timeout = 300
        let patient = transfer
        let mute = await refusal { try await OutgoingClient.onThread { try patient.perform() } }
        #expect(mute?.code == .unavailable && mute?.message == "the mail server 127.0.0.1 did not answer in time")
        transfer = MailTransfer(account: try account(silent), message: try MailMessage(mail), headers: [])
        transfer = MailTransfer(
            account: .init(server: try #require(try MailServer("smtp://127.0.0.1:1")), sender: transfer.account.sender), message: transfer.message, headers: [])
        let nobody = transfer
        #expect(await refusal { try await OutgoingClient.onThread { try nobody.perform() } }?.code == .unavailable)
    }

    @Test func `a server that offers no encryption is used only where that is allowed`() async throws {
        let sink = try MailSink()
        var account = try account(sink)
        account.isUnencrypted = false
        let strict = account
        let message = try MailMessage(Mail(to: ["ada@example.com"], subject: "Hello", text: "x"))
        let error = await refusal { try await MailPost { strict }.send(message, at: Moment(milliseconds: 0)) }
        #expect(error?.code == .unavailable)
        #expect(error?.message == "the mail server 127.0.0.1 offers no encryption")
        #expect(error?.hint.contains("kernel.mail_unencrypted") == true)
        #expect(sink.messages.isEmpty)
    }

    @Test func `user and password are said to the server, and wrong ones are told without the password`() async throws {
        let sink = try MailSink(.init(login: ("crm", "a long walk")))
        let mail = Mail(to: ["ada@example.com"], subject: "Hello", text: "x")
        try await send(mail, sink, user: "crm", password: "a long walk")
        #expect(sink.logins == 1 && sink.messages.count == 1)
        let error = await refusal { try await send(mail, sink, user: "crm", password: "a short walk") }
        #expect(error?.code == .unavailable)
        #expect(error?.message == "the mail server 127.0.0.1 does not take the user crm with this password: 535 who are you?")
        #expect(sink.messages.count == 1)
    }

    // MARK: Settings

    @Test func `settings name the server, the sender and the password, which is shown to nobody, also not to plugins`() async throws {
        let desk = try await FrontDesk()
        let post = try #require(desk.kernel.outside.mail)
        let message = try MailMessage(Mail(to: ["ada@example.com"], subject: "Hello", text: "x"))
        let unset = await refusal { try await post.send(message, at: desk.clock.now) }
        #expect(unset?.code == .unavailable && unset?.message == "no mail server is set")
        for bad in ["https://example.com", "smtp://user:pw@example.com", "smtp://example.com/path", "mail.example.com x", "smtps://"] {
            let answer = try await desk.ask("PATCH", "settings", #"{"kernel.mail_server": "\#(bad)"}"#)
            #expect(answer.status == 422 && answer.fields == ["kernel.mail_server"], "\(bad): \(answer.text)")
        }
        #expect(try await desk.ask("PATCH", "settings", #"{"kernel.mail_sender": "Ada\r\nBcc: x@example.com <a@example.com>"}"#).fields == ["kernel.mail_sender"])
        let sink = try MailSink(.init(login: ("crm", "by the quay")))
        let set = try await desk.ask(
            "PATCH", "settings",
            #"{"kernel.mail_server": "\#(sink.url)", "kernel.mail_sender": "CRM <crm@example.com>", "kernel.mail_user": "crm", "kernel.mail_password": "by the quay", "kernel.mail_unencrypted": true}"#)
        #expect(set.status == 200, "\(set.text)")
        try await post.send(message, at: desk.clock.now)
        #expect(sink.messages.count == 1 && sink.logins == 1)
        // Tried out by those who set it up, by default with a message to themselves.
        let tried = try await desk.ask("POST", "mail/test")
        #expect(tried.status == 200 && tried.json["to"]?.text == FrontDesk.boss, "\(tried.text)")
        #expect(sink.messages.last?.recipients == [FrontDesk.boss] && sink.messages.last?.text.contains("Subject: Mail from Tenon") == true)
        #expect(try await desk.ask("POST", "mail/test", #"{"to": "nobody"}"#).fields == ["to"])
        #expect(try await desk.ask("POST", "mail/test", as: FrontDesk.agent).status == 403)
        // Shown in every front, and the password in none.
        let page = try await desk.ask("GET", "/admin/settings/kernel")
        let list = try await desk.ask("GET", "settings")
        for text in [page.text, list.text] {
            #expect(text.contains("CRM &lt;crm@example.com&gt;") || text.contains("CRM <crm@example.com>"))
            #expect(text.contains("Mail server") && !text.contains("by the quay"))
        }
    }

    @Test func `the environment's password comes first, then the file that it names`() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-password-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try MailPassword.read([:]) == nil)
        try Data("named\n".utf8).write(to: file)
        let named = ["TENON_MAIL_PASSWORD_FILE": file.path]
        #expect(try MailPassword.read(named) == "named")
        #expect(try MailPassword.read(named.merging(["TENON_MAIL_PASSWORD": "said"]) { $1 }) == "said")
        #expect(throws: CRMError.self) { try MailPassword.read(["TENON_MAIL_PASSWORD_FILE": file.path + "-none"]) }
        var settings = DeploymentSettings()
        settings.values = ["kernel.mail_server": .text("smtps://mail.example.com"), "kernel.mail_sender": .text("a@example.com"), "kernel.mail_user": .text("crm"), "kernel.mail_password": .text("set")]
        #expect(try MailPost.Account(settings, password: nil).password == "set")
        #expect(try MailPost.Account(settings, password: "said").password == "said")
    }
}
