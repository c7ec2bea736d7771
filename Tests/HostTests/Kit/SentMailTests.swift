import Foundation
import Testing

@testable import PluginTesting

/// What plugins' tests see of mail.
@Suite struct SentMailTests {
    @Test func `a test sees the mail that the product has sent as people would read it, and has the server refuse somebody`() async throws {
        let host = try await TestHost.start(.ofTree("Plugins/Customers"), product: .built())
        try await host.call("PATCH", "settings", ["kernel.name": "Möbel für Köln & Söhne"])
        let none = await #expect(throws: Refusal.self) { try await host.call("POST", "mail/test", ["to": "ada@example.com"]) }
        #expect(none?.status == 503, "nobody has set up mail yet")
        #expect(host.mails.isEmpty)

        try await host.takeMail(refusing: ["gone@example.com": "550 no such user"])
        try await host.call("POST", "mail/test", ["to": "ada@example.com"])
        let mail = try #require(host.mails.first)
        #expect(host.mails.count == 1 && mail.recipients == ["ada@example.com"] && mail.sender == "crm@example.com")
        #expect(mail.subject == "Mail from Möbel für Köln & Söhne")
        #expect(mail.text == "This message shows that Möbel für Köln & Söhne can send mail.\n")
        #expect(mail.html == nil && mail.attachments.isEmpty)
        #expect(mail.headers["to"] == "ada@example.com" && mail.headers["from"] == "Test <crm@example.com>")

        let refused = await #expect(throws: Refusal.self) { try await host.call("POST", "mail/test", ["to": "gone@example.com"]) }
        #expect(refused?.description.contains("no such user") == true, "\(String(describing: refused))")
        #expect(host.mails.count == 1)
        host.forgetMails()
        #expect(host.mails.isEmpty)
        try await host.stop()
    }

    @Test func `a message of several parts is told by its texts and the names of its files`() {
        let source = """
            Subject: =?utf-8?B?R3LDvMOfZQ==?= =?utf-8?Q?_aus_K=C3=B6ln?=
            To: Ada <ada@example.com>,
             Bo <bo@example.com>
            Content-Type: multipart/mixed; boundary="outer"

            --outer
            Content-Type: multipart/alternative; boundary=inner

            --inner
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            Sch=C3=B6ne Gr=C3=BC=C3=9Fe, 100 =3D 100, and a line that goes on=
             here

            --inner
            Content-Type: text/html; charset=utf-8
            Content-Transfer-Encoding: base64

            PHA+SGFsbG88L3A+
            --inner--
            --outer
            Content-Type: text/plain
            Content-Transfer-Encoding: base64
            Content-Disposition: attachment; filename="notes.txt"

            aGVsbG8=
            --outer--
            """
        let mail = SentMail(sender: "crm@example.com", recipients: ["ada@example.com", "bo@example.com"], bytes: Array(source.replacing("\n", with: "\r\n").utf8))
        #expect(mail.subject == "Grüße aus Köln")
        #expect(mail.headers["to"] == "Ada <ada@example.com>, Bo <bo@example.com>")
        #expect(mail.text == "Schöne Grüße, 100 = 100, and a line that goes on here\n")
        #expect(mail.html == "<p>Hallo</p>")
        #expect(mail.attachments == ["notes.txt"])
    }
}
