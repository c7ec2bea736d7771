import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

@Suite struct LeadFormTests {
    private static let ada = "contact_name=Ada+Falk&contact_email=ada%40x.example&description=Call+me"

    @Test func `a form made in the settings is a page that makes a lead with its source, campaign and owner`() async throws {
        let host = try await PublicHost()
        let agent = try await host.user("Sales agent")
        let source = try await host.ask("GET", "lead-sources?name=Website").data.first?["id"]?.int ?? 0
        let key = try await host.form(#""source": \#(source), "campaign": "spring", "assign_to": "\#(agent)", "introduction": "We answer <b>soon</b>.""#)
        let page = await host.visit("GET", "/plugins/leads/forms/\(key)")
        #expect(page.status == 200)
        #expect(page.text.contains("We answer &lt;b&gt;soon&lt;/b&gt;."))
        #expect(page.text.contains("Contact name"))
        #expect(!page.text.contains("<script"))
        let sent = try await host.send(key, Self.ada)
        #expect((sent.status, sent.headers["location"]) == (303, "/plugins/leads/forms/\(key)/thanks"))
        #expect(await host.visit("GET", "/plugins/leads/forms/\(key)/thanks").text.contains("Thank you. We will be in touch."))
        let lead = try #require(try await host.ask("GET", "leads").data.first)
        #expect(lead["title"]?.text == "Contact us: Ada Falk")
        #expect(lead["contact_email"]?.text == "ada@x.example")
        #expect(lead["description"]?.text == "Call me")
        #expect(lead["source"]?.int == source)
        #expect(lead["campaign"]?.text == "spring")
        #expect(lead["assigned_to_label"]?.text == "Sales agent")
        #expect(lead["lead_form_label"]?.text == "Contact us")
        #expect(lead["outcome"]?.text == "open")
        // Whom the lead is, that user is told.
        #expect(try await host.ask("GET", "notifications", as: agent).text.contains("Contact us: Ada Falk"))
    }

    @Test func `a submission never writes fields outside of the whitelist`() async throws {
        let host = try await PublicHost()
        let key = try await host.form(#""fields": "contact_name,contact_email", "campaign": "spring""#)
        let more = "&title=Mine&value=1000000&score=99&outcome=converted&status=4&assigned_to=1&description=x&campaign=other&lead_form=9&id=7&created_at=2020-01-01"
        #expect(try await host.send(key, Self.ada + more).status == 303)
        let lead = try #require(try await host.ask("GET", "leads").data.first)
        #expect(lead["title"]?.text == "Contact us: Ada Falk")
        for field in ["value", "assigned_to", "description"] { #expect(lead[field] == .null, "\(field)") }
        #expect(lead["score"]?.int == 0)
        #expect(lead["outcome"]?.text == "open")
        #expect(lead["campaign"]?.text == "spring")
        #expect(lead["status_label"]?.text == "New")
        #expect(lead["id"]?.int == 1)
    }

    @Test func `a form never offers companies or customers as options`() async throws {
        let host = try await PublicHost()
        for (name, target) in [("bought_by", "customer"), ("part_of", "company")] {
            let made = try await host.ask(
                "POST", "custom-fields", #"{"entity": "lead", "name": "\#(name)", "label": "\#(name)", "type": "reference", "target": "\#(target)"}"#)
            #expect((200...201).contains(made.status), "\(made)")
            let refused = try await host.ask("POST", "lead-forms", #"{"name": "x", "title": "x", "fields": "contact_name,\#(name)"}"#)
            #expect((refused.status, refused.fields.first) == (422, "fields"), "\(refused)")
        }
    }

    @Test func `a form cannot name fields that decide about a lead, or that are not there`() async throws {
        let host = try await PublicHost()
        for field in ["status", "assigned_to", "outcome", "score", "converted_at", "campaign", "created_at", "nothing"] {
            let refused = try await host.ask("POST", "lead-forms", #"{"name": "x", "title": "x", "fields": "contact_name,\#(field)"}"#)
            #expect((refused.status, refused.fields.first) == (422, "fields"), "\(field)")
        }
        let required = try await host.ask("POST", "lead-forms", #"{"name": "x", "title": "x", "fields": "contact_name", "required_fields": "contact_email"}"#)
        #expect(required.fields == ["required_fields"])
        let labels = try await host.ask("POST", "lead-forms", #"{"name": "x", "title": "x", "labels": "Your name"}"#)
        #expect(labels.fields == ["labels"])
        let target = try await host.ask("POST", "lead-forms", #"{"name": "x", "title": "x", "allowed_origins": "example.com", "redirect_url": "javascript:alert(1)"}"#)
        #expect(target.status == 422)
        #expect(Set(target.fields).isSuperset(of: ["redirect_url"]))
    }

    @Test func `a field that an administrator made can stand on a form, with words of its own, in the form's order`() async throws {
        let host = try await PublicHost()
        let made = try await host.ask("POST", "custom-fields", #"{"entity": "lead", "name": "wishes", "type": "text", "label": "Wishes"}"#)
        #expect((200...201).contains(made.status), "\(made)")
        let key = try await host.form(
            ##""fields": "wishes,source,contact_email,value", "required_fields": "wishes", "labels": "wishes = What would you like?""##)
        let page = await host.visit("GET", "/plugins/leads/forms/\(key)")
        let wishes = try #require(page.text.firstRange(of: "What would you like?"))
        let mail = try #require(page.text.firstRange(of: "name=\"contact_email\""))
        #expect(wishes.lowerBound < mail.lowerBound)
        #expect(page.text.contains(">Trade fair</option>"))
        let source = try await host.ask("GET", "lead-sources?name=Referral").data.first?["id"]?.int ?? 0
        let sent = try await host.send(key, "wishes=A+boat&source=\(source)&value=1250.50&value.currency=USD&contact_email=a%40b.example")
        #expect(sent.status == 303, "\(sent)")
        let lead = try #require(try await host.ask("GET", "leads").data.first)
        #expect(lead["wishes"]?.text == "A boat")
        #expect(lead["source_label"]?.text == "Referral")
        #expect(lead["value"]?["amount"]?.text == "1250.50")
        #expect(lead["value"]?["currency"]?.text == "USD")
    }

    @Test func `what a visitor can mend is shown by field, with what was typed, and nothing is stored`() async throws {
        let host = try await PublicHost()
        let key = try await host.form(#""fields": "contact_name,contact_email,contact_phone,value""#)
        let answer = try await host.send(key, "contact_name=&contact_email=nonsense&contact_phone=%22%3E%3Cscript%3E&value=many")
        #expect(answer.status == 422)
        #expect(answer.text.contains("Contact name must be filled in."))
        let again = try await host.send(key, "contact_name=Ada&contact_email=nonsense&contact_phone=%22%3E%3Cscript%3E&value=many")
        #expect(again.status == 422)
        #expect(again.text.contains("aria-invalid=\"true\""))
        #expect(again.text.contains("E-mail is not an e-mail address."))
        #expect(again.text.contains("Value must be an amount."))
        #expect(again.text.contains("value=\"nonsense\""))
        #expect(!again.text.contains("<script"))
        #expect(try await host.count("leads") == 0)
        #expect(try await host.count("failed-submissions") == 0)
    }

    @Test func `what a visitor cannot mend is kept with its reason, and the visitor is thanked`() async throws {
        let host = try await PublicHost()
        let key = try await host.form()
        let other = try await host.ask("POST", "leads", #"{"title": "Pilot", "contact_email": "ada@x.example"}"#)
        let sent = try await host.send(key, Self.ada)
        #expect(sent.status == 303, "a visitor is not told whom we know")
        #expect(try await host.count("leads") == 1)
        let failed = try #require(try await host.ask("GET", "failed-submissions").data.first)
        #expect(failed["state"]?.text == "waiting")
        #expect(failed["reason"]?.text == "an open lead has this e-mail address already")
        #expect(failed["other_lead"]?.int == other.id)
        #expect(failed["other_lead_label"]?.text == "Pilot")
        #expect(failed["sender"]?.text == "Ada Falk")
        #expect(failed["form_label"]?.text == "Contact us")
        #expect(failed["address"]?.text == "192.0.2.7")
        #expect(failed["values"]?.text?.contains("contact_email: ada@x.example") == true)
        // The same again is counted, not kept twice.
        _ = try await host.send(key, Self.ada)
        let list = try await host.ask("GET", "failed-submissions").data
        #expect(list.count == 1)
        #expect(list.first?["times"]?.int == 2)
    }

    @Test func `a failed submission becomes a lead when it is retried, mended or after the cause is gone, once only`() async throws {
        let host = try await PublicHost()
        let key = try await host.form(#""campaign": "spring""#)
        let other = try await host.ask("POST", "leads", #"{"title": "Pilot", "contact_email": "ada@x.example"}"#)
        _ = try await host.send(key, Self.ada)
        let id = try await host.ask("GET", "failed-submissions").data.first?["id"]?.int ?? 0
        let still = try await host.ask("POST", "failed-submissions/\(id)/actions/retry")
        #expect(still.status == 409, "\(still)")
        #expect(still.json["links"]?.array?.first?["href"]?.text == "/admin/leads/\(other.id)")
        let mended = try await host.ask(
            "POST", "failed-submissions/\(id)/actions/retry",
            #"{"values": "contact_name: Ada Falk\ncontact_email: ada@y.example\nscore: 99"}"#)
        #expect(mended.status == 200, "\(mended)")
        let lead = try #require(try await host.ask("GET", "leads?contact_email=ada@y.example").data.first)
        #expect(lead["campaign"]?.text == "spring")
        #expect(lead["score"]?.int == 0, "a retry obeys the form, too")
        let failed = try await host.ask("GET", "failed-submissions/\(id)")
        #expect(failed.json["state"]?.text == "accepted")
        #expect(failed.json["lead"]?.int == lead["id"]?.int)
        #expect(try await host.ask("POST", "failed-submissions/\(id)/actions/retry").status == 409)
        try await host.ask("POST", "leads/\(other.id)/actions/mark-junk")
        _ = try await host.send(key, Self.ada)
        #expect(try await host.count("leads?outcome=open") == 2)
    }

    @Test func `a discarded submission is put aside, and deleted after half a year; what waits never is`() async throws {
        let host = try await PublicHost()
        let key = try await host.form()
        try await host.ask("POST", "leads", #"{"title": "Pilot", "contact_email": "ada@x.example"}"#)
        _ = try await host.send(key, Self.ada)
        _ = try await host.send(key, Self.ada + "&contact_phone=123456")
        #expect(try await host.count("failed-submissions") == 2)
        #expect(try await host.ask("POST", "failed-submissions/1/actions/discard").status == 200)
        #expect(try await host.ask("GET", "failed-submissions/1").json["state"]?.text == "discarded")
        #expect(try await host.ask("POST", "failed-submissions/1/actions/discard").status == 409)
        host.clock.advance(days: 200)
        _ = try await host.kernel.jobs.runNow("leads.prune_submissions")
        try await host.kernel.jobs.runDue()
        let left = try await host.ask("GET", "failed-submissions").data
        #expect(left.map { $0["state"]?.text } == ["waiting"])
    }

    @Test func `a field that the form lacks and every lead needs is nothing that a visitor can mend`() async throws {
        let host = try await PublicHost()
        let key = try await host.form()
        let made = try await host.ask("POST", "custom-fields", #"{"entity": "lead", "name": "member_number", "type": "text", "label": "Number", "required": true}"#)
        #expect((200...201).contains(made.status), "\(made)")
        #expect(try await host.send(key, Self.ada).status == 303)
        let failed = try #require(try await host.ask("GET", "failed-submissions").data.first)
        #expect(failed["reason"]?.text?.contains("member_number") == true)
        #expect(try await host.count("leads") == 0)
        // Now the form asks for it, and what was sent is retried with it.
        try await host.ask("PATCH", "lead-forms/1", #"{"fields": "contact_name,contact_email,member_number"}"#)
        let values = #"{"values": "contact_name: Ada Falk\ncontact_email: ada@x.example\nmember_number: 12"}"#
        #expect(try await host.ask("POST", "failed-submissions/1/actions/retry", values).status == 200)
        #expect(try await host.ask("GET", "leads/1").json["member_number"]?.text == "12")
    }

    @Test func `the spam trap takes what fills in the field that nobody sees, and answers as if it were accepted`() async throws {
        let host = try await PublicHost()
        let key = try await host.form()
        let answer = try await host.send(key, Self.ada + "&website=http%3A%2F%2Fspam.example")
        #expect((answer.status, answer.headers["location"]) == (303, "/plugins/leads/forms/\(key)/thanks"))
        #expect(try await host.count("leads") == 0)
        #expect(try await host.ask("GET", "metrics/leads.spam").text.contains("1"))
        // Somebody was mistaken for a program: a retry makes the lead after all.
        let spam = try #require(try await host.ask("GET", "failed-submissions?state=spam").data.first)
        #expect(try await host.ask("POST", "failed-submissions/\(spam["id"]?.int ?? 0)/actions/retry").status == 200)
        #expect(try await host.count("leads") == 1)
    }

    @Test func `what is filled in within a moment, with a made up mark or without any is spam`() async throws {
        let host = try await PublicHost()
        let key = try await host.form()
        let quick = try await host.open(key, for: 0.5)
        for mark in [quick, "1793786400000.00", "x", ""] {
            let answer = await host.visit("POST", "/plugins/leads/forms/\(key)", Self.ada + "&contact_phone=\(mark.count)&began=\(mark)")
            #expect(answer.status == 303)
        }
        #expect(try await host.count("leads") == 0)
        #expect(try await host.count("failed-submissions?state=spam") == 4)
        // A mark of another form does not count either.
        let other = try await host.form(named: "Other")
        let answer = await host.visit("POST", "/plugins/leads/forms/\(key)", Self.ada + "&began=\(try await host.open(other))", from: "192.0.2.8")
        #expect(answer.status == 303)
        #expect(try await host.count("leads") == 0)
        let old = try await host.open(key, for: 25 * 3600)
        let shown = await host.visit("POST", "/plugins/leads/forms/\(key)", Self.ada + "&began=\(old)")
        #expect(shown.status == 422, "a page that was open overnight is shown again, filled in")
        #expect(shown.text.contains("value=\"Ada Falk\""))
    }

    @Test func `own pages may send the plain form where that is allowed`() async throws {
        let host = try await PublicHost()
        let key = try await host.form(#""own_markup": true"#)
        #expect(await host.visit("POST", "/plugins/leads/forms/\(key)", Self.ada, headers: ["origin": "https://www.example.com"]).status == 303)
        #expect(try await host.count("leads") == 1)
    }

    @Test func `a form thanks with its own text, or goes on to another page`() async throws {
        let host = try await PublicHost()
        let key = try await host.form(#""thanks": "Merci !", "redirect_url": "https://www.example.com/thanks?x=1", "allowed_origins": "https://www.example.com""#)
        let page = await host.visit("GET", "/plugins/leads/forms/\(key)")
        #expect(page.headers["content-security-policy"]?.contains("form-action 'self' https://www.example.com;") == true)
        let sent = try await host.send(key, Self.ada)
        #expect((sent.status, sent.headers["location"]) == (303, "https://www.example.com/thanks?x=1"))
        // Within a frame the thanks stand in it, with a way on for the whole window.
        let framed = await host.visit("POST", "/plugins/leads/forms/\(key)?embed=1", Self.ada.replacing("ada", with: "eva") + "&began=\(try await host.open(key))")
        #expect((framed.status, framed.headers["location"]) == (303, "/plugins/leads/forms/\(key)/thanks?embed=1"))
        let thanks = await host.visit("GET", "/plugins/leads/forms/\(key)/thanks?embed=1")
        #expect(thanks.text.contains("Merci !"))
        #expect(thanks.text.contains("href=\"https://www.example.com/thanks?x=1\" target=\"_top\""))
        #expect(thanks.headers["content-security-policy"]?.contains("frame-ancestors https://www.example.com") == true)
        #expect(thanks.headers["x-frame-options"] == nil)
    }

    @Test func `a form that is closed, renewed or made up is not there`() async throws {
        let host = try await PublicHost()
        let key = try await host.form()
        #expect(key.count == 32)
        let renewed = try await host.ask("POST", "lead-forms/1/actions/renew-key")
        #expect(renewed.status == 200)
        let fresh = try await host.ask("GET", "lead-forms/1").json["key"]?.text ?? ""
        #expect(fresh != key)
        for path in [key, "x", fresh + "0"] {
            #expect(await host.visit("GET", "/plugins/leads/forms/\(path)").status == 404)
            #expect(await host.visit("POST", "/plugins/leads/forms/\(path)", Self.ada).status == 404)
        }
        #expect(await host.visit("GET", "/plugins/leads/forms/\(fresh)").status == 200)
        try await host.ask("PATCH", "lead-forms/1", #"{"active": false}"#)
        #expect(await host.visit("GET", "/plugins/leads/forms/\(fresh)").text.contains("This form is closed"))
    }

    @Test func `a form tells its address, a frame for the sites that may embed it, and a plain form for own pages`() async throws {
        let host = try await PublicHost()
        let key = try await host.form()
        let plain = try await host.ask("GET", "lead-forms/1/panels/address").text
        #expect(plain.contains("/plugins/leads/forms/\(key)"))
        #expect(!plain.contains("iframe"))
        try await host.ask("PATCH", "settings", #"{"kernel.public_url": "https://crm.example.com/"}"#)
        try await host.ask(
            "PATCH", "lead-forms/1",
            ##"{"title": "Say \"hello\" <now>", "allowed_origins": "https://www.example.com", "own_markup": true, "fields": "contact_name,contact_email,source,description"}"##)
        let panel = try await host.ask("GET", "lead-forms/1/panels/address").json.text()
        #expect(panel.contains("https://crm.example.com/plugins/leads/forms/\(key)?embed=1"))
        #expect(panel.contains("Say &quot;hello&quot; &lt;now&gt;"))
        #expect(panel.contains("<textarea name="))
        #expect(panel.contains(">Trade fair</option>"))
        #expect(panel.contains("name=\\\"website\\\""), "the trap is in the plain form, too")
    }

    @Test func `whoever may not see the lead in the way is not told which it is`() async throws {
        let host = try await PublicHost()
        let manager = try await host.user("Sales manager")
        let key = try await host.form()
        try await host.ask("POST", "leads", #"{"title": "Hush hush", "contact_email": "ada@x.example"}"#)
        _ = try await host.send(key, Self.ada)
        for path in ["failed-submissions", "failed-submissions/1", "failed-submissions/1/timeline"] {
            let seen = try await host.ask("GET", path, as: manager)
            #expect(seen.status == 200)
            #expect(!seen.text.contains("Hush"), "\(path)")
        }
        let retried = try await host.ask("POST", "failed-submissions/1/actions/retry", as: manager)
        #expect(retried.status == 409)
        #expect(!retried.text.contains("Hush") && !retried.text.contains("/admin/leads/1"), "\(retried)")
    }

    @Test func `marketing and administrators make forms, others do not, and nobody sees what signs them`() async throws {
        let host = try await PublicHost()
        let marketing = try await host.user("Marketing")
        let agent = try await host.user("Sales agent")
        let made = try await host.ask("POST", "lead-forms", #"{"name": "Fair", "title": "Fair"}"#, as: marketing)
        #expect(made.status == 201, "\(made)")
        #expect(try await host.ask("POST", "lead-forms/1/actions/renew-key", as: marketing).status == 200)
        #expect(try await host.ask("POST", "lead-forms", #"{"name": "Mine", "title": "Mine"}"#, as: agent).status == 403)
        #expect(try await host.ask("GET", "failed-submissions", as: agent).status == 403)
        #expect(try await host.ask("POST", "inbound-keys", #"{"name": "Mine"}"#, as: marketing).status == 403)
        #expect(try await host.ask("GET", "settings", as: marketing).status == 403)
        for user in [marketing, PublicHost.boss] {
            #expect(try await !host.ask("GET", "lead-forms/1", as: user).text.contains("secret"))
            #expect(try await !host.ask("GET", "lead-forms/1/timeline", as: user).text.contains("secret"))
        }
    }

    @Test func `a form posted a thousand times a minute makes as many leads as it may, asks the others to wait, and holds up nobody`() async throws {
        let host = try await PublicHost()
        let key = try await host.form(#""per_minute": 60, "per_address": 1000"#)
        let began = try await host.open(key)
        try await host.serving { port in
            let tally = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for sender in 0..<8 {
                    group.addTask {
                        try await Self.onThread {
                            for number in 0..<125 {
                                let name = "n\(sender)x\(number)"
                                let body = Array("contact_name=\(name)&contact_email=\(name)%40x.example&began=\(began)".utf8)
                                // Behind a proxy each comes from an address of its own.
                                let head = "POST /plugins/leads/forms/\(key) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 198.51.\(sender).\(number)\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.count)\r\n\r\n"
                                let answer = try LocalSocket.exchange(Array(head.utf8) + body, with: port)
                                let status = Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0
                                tally.counts.withLock { $0[status, default: 0] += 1 }
                                if status == 429 { #expect(answer.lowercased().contains("retry-after: ")) }
                            }
                        }
                    }
                }
                group.addTask { () async throws -> Void in
                    // Meanwhile somebody works.
                    for _ in 0..<20 {
                        let start = ContinuousClock.now
                        let status = try await host.ask("GET", "leads?limit=10").status
                        #expect(status == 200)
                        let took = ContinuousClock.now - start
                        tally.slowest.withLock { $0 = max($0, Double(took.components.attoseconds) / 1e18 + Double(took.components.seconds)) }
                    }
                }
                try await group.waitForAll()
            }
            let found = tally.counts.withLock { $0 }
            #expect(found == [303: 60, 429: 940], "\(found)")
            #expect(tally.slowest.withLock { $0 } < 2)
        }
        #expect(try await host.count("leads") == 60)
        #expect(try await host.count("failed-submissions") == 0)
        #expect(host.kernel.store.calls.limits.size <= 1001)
        host.clock.advance(seconds: 120)
        #expect(try await host.send(key, Self.ada).status == 303, "after a while there is room again")
    }

    @Test func `one address cannot use up what is there for all`() async throws {
        let host = try await PublicHost()
        let key = try await host.form(#""per_address": 2"#)
        let began = try await host.open(key)
        func post(_ number: Int, _ address: String) async -> PublicHost.Answer {
            await host.visit("POST", "/plugins/leads/forms/\(key)", "contact_name=a&contact_email=a\(number)%40x.example&began=\(began)", from: address)
        }
        #expect(await post(1, "192.0.2.7").status == 303)
        #expect(await post(2, "192.0.2.7").status == 303)
        let busy = await post(3, "192.0.2.7")
        #expect(busy.status == 429)
        #expect(busy.text.contains("value=\"a3@x.example\""), "what was typed is not lost")
        #expect(await post(4, "192.0.2.8").status == 303)
        #expect(await post(5, "2001:db8:1:2::1").status == 303)
        #expect(await post(6, "2001:db8:1:2::2").status == 303)
        #expect(await post(7, "2001:db8:1:2:ffff::3").status == 429, "a network of long addresses counts as one")
    }

    @Test func `the page of a form works in a form of parts, and refuses what is no form`() async throws {
        let host = try await PublicHost()
        let key = try await host.form()
        #expect(await host.visit("POST", "/plugins/leads/forms/\(key)", "{}", type: "application/json").status == 400)
        let began = try await host.open(key)
        var body = ""
        for (name, value) in [("contact_name", "Ada Falk"), ("contact_email", "ada@x.example"), ("began", began)] {
            body += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        #expect(await host.visit("POST", "/plugins/leads/forms/\(key)", body + "--b--\r\n", type: "multipart/form-data; boundary=b").status == 303)
        #expect(try await host.count("leads") == 1)
    }

    private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }
}

/// What came of many requests at once.
private final class Tally: Sendable {
    /// How many were answered with each status.
    let counts = Mutex<[Int: Int]>([:])
    /// The longest that somebody else waited meanwhile, in seconds.
    let slowest = Mutex<Double>(0)
}
