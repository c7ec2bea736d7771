import PluginAPI
import Testing

@testable import Kernel

/// Two people with every right on their own records and none on each other's. What one does must not be found out by the other: by
/// nothing that can be read, asked, tried or told.
@Suite("Scope own leaks nothing") struct ColleagueTests {
    /// Stands in every text of the colleague's, and nowhere else.
    static let secret = "Zanzibar7Q9X"

    struct Office: Sendable {
        let host: PublicHost
        let anna: String
        let ben: String
        /// Anna's records and one of Ben's of each kind, by path.
        var ids: [String: [Int64]] = [:]
        var hers: [String: Int64] = [:]
        var his: [String: Int64] = [:]
    }

    // MARK: Two desks

    /// Every right on own records; what all share is seen by all, a log only by whoever wrote in it.
    private static func grants(_ registry: Registry) -> String {
        var entities: [String] = []
        for entity in registry.entities {
            let isShared = entity.schema.isLookup && !entity.schema.isLog || entity.name == "company"
            if entity.name == "user" { entities.append("\"user\": {\"view\": \"all\"}") }
            guard entity.plugin != "kernel" || ["webhook", "webhook_delivery"].contains(entity.name) else { continue }
            let rights: [String] = isShared ? ["\"view\": \"all\""] : entity.rights.map { "\"\($0)\": \"\($0 == "create" || $0 == "import" ? "all" : "own")\"" }
            entities.append("\"\(entity.name)\": {\(rights.joined(separator: ", "))}")
        }
        return "{\"entities\": {\(entities.joined(separator: ", "))}}"
    }

    static func office() async throws -> Office {
        let host = try await PublicHost()
        let role = try await host.ask("POST", "roles", #"{"name": "Own desk", "grants": \#(grants(host.kernel.store.registry))}"#)
        try #require(role.status == 201, "\(role.text)")
        var people: [String] = []
        for name in ["Anna", "Ben"] {
            let email = name.lowercased() + "@example.org"
            let made = try await host.ask("POST", "users", #"{"name": "\#(name)", "email": "\#(email)", "roles": [\#(role.id)]}"#)
            try #require(made.status == 201, "\(made.text)")
            people.append(email)
        }
        var office = Office(host: host, anna: people[0], ben: people[1])
        func make(_ path: String, _ body: String, as user: String = PublicHost.boss) async throws -> Int64 {
            let made = try await host.ask("POST", path, body, as: user)
            try #require(made.status == 201, "\(path): \(made.text)")
            return made.id
        }
        let company = try await make("companies", #"{"name": "Shared AG"}"#)
        let her = try await make("customers", #"{"name": "Hanna Hers", "email": "hanna@example.com", "company": \#(company)}"#, as: people[0])
        let him = try await make("customers", #"{"name": "Hans His", "email": "hans@example.com", "company": \#(company), "assigned_to": "\#(people[1])"}"#)
        for title in ["One", "Two", "Three"] {
            let more = #""contact_name": "Carl Common", "contact_email": "\#(title)@common.example", "contact_phone": "+49 170 44444", "company_name": "Common GmbH", "value": "1000""#
            office.ids["leads", default: []].append(try await make("leads", #"{"title": "\#(title)", \#(more)}"#, as: people[0]))
        }
        office.his["leads"] = try await make("leads", #"{"title": "Quiet", "assigned_to": "\#(people[1])"}"#)
        let spare = try await make("leads", #"{"title": "Quiet, too", "assigned_to": "\#(people[1])"}"#)
        // A deal of hers that points at what is his: somebody who sees both has made it so.
        office.hers["deals"] = try await make(
            "deals", #"{"title": "Hers with his customer", "value": "500", "customer": \#(him), "company": \#(company), "assigned_to": "\#(people[0])"}"#)
        office.his["deals"] = try await make("deals", #"{"title": "His", "customer": \#(her), "company": \#(company), "assigned_to": "\#(people[1])"}"#)
        office.hers["customers"] = her
        office.his["customers"] = him
        office.hers["leads"] = office.ids["leads"]?.first
        for note in ["leads/\(office.ids["leads"]?[0] ?? 0)", "customers/\(her)"] { _ = try await make(note + "/notes", #"{"text": "Called."}"#) }
        office.ids["companies"] = [company]
        office.ids["customers"] = [her, him, 999_999]
        office.ids["deals"] = [office.hers["deals"] ?? 0, office.his["deals"] ?? 0, 999_999]
        office.ids["leads"]? += [office.his["leads"] ?? 0, spare, 999_999]
        return office
    }

    /// All that a colleague may do in a day, with the secret in every text.
    private static func busyDay(_ office: Office) async throws {
        let (host, secret) = (office.host, secret)
        func does(_ method: String, _ path: String, _ body: String = "", as user: String? = nil, _ wanted: Int...) async throws -> PublicHost.Answer {
            let answer = try await host.ask(method, path, body, as: user ?? office.ben)
            try #require(wanted.contains(answer.status), "\(method) \(path): \(answer.text)")
            return answer
        }
        func texts(_ entity: String) throws -> String {
            let model = try host.kernel.store.registry.require(entity)
            return model.fields.compactMap { field -> String? in
                guard case .text = field.type, !field.isSystem, !field.description.isReadOnly, !field.description.isUnique else { return nil }
                switch field.description.format {
                case .email: return "\"\(field.name)\": \"\(secret.lowercased())@example.com\""
                case .plain: return "\"\(field.name)\": \"\(secret)\""
                default: return nil
                }
            }.joined(separator: ", ")
        }
        let (lead, deal, customer) = (office.his["leads"] ?? 0, office.his["deals"] ?? 0, office.his["customers"] ?? 0)
        _ = try await does("PATCH", "customers/\(customer)", "{\(try texts("customer"))}", 200)
        _ = try await does("PATCH", "leads/\(lead)", "{\(try texts("lead")), \"value\": \"777777.77\"}", 200)
        _ = try await does("PATCH", "deals/\(deal)", "{\(try texts("deal")), \"value\": \"888888.88\"}", 200)
        for path in ["leads/\(lead)", "deals/\(deal)", "customers/\(customer)"] { _ = try await does("POST", path + "/notes", "{\"text\": \"\(secret) said\"}", 201) }
        // The same person as in her leads: as alike as can be.
        let alike = #""contact_name": "Carl Common", "contact_phone": "+49 170 44444", "company_name": "Common GmbH", "description": "\#(secret)""#
        var made: [Int64] = []
        for number in 1...4 { made.append(try await does("POST", "leads", "{\"title\": \"\(secret) \(number)\", \(alike), \"value\": \"999999\"}", 201).id) }
        _ = try await does("POST", "leads/\(made[0])/actions/convert", #"{"customer_name": "\#(secret)", "create_deal": true, "deal_title": "\#(secret)", "deal_value": "4444"}"#, 200)
        _ = try await does("POST", "leads/\(made[1])/merge", #"{"records": [\#(made[2])]}"#, 200)
        _ = try await does("POST", "leads/bulk", #"{"ids": [\#(made[1]), \#(made[3])], "update": {"industry": "\#(secret)"}}"#, 200)
        _ = try await does("DELETE", "leads/\(made[3])", "", 204)
        _ = try await does("POST", "customers", #"{"name": "\#(secret) & Co", "email": "hanna.more@example.com", "company": \#(office.ids["companies"]?.first ?? 0)}"#, 201)
        _ = try await does("POST", "deals", #"{"title": "\#(secret)", "value": "31337", "company": \#(office.ids["companies"]?.first ?? 0)}"#, 201)
        try await importing(office)
        try await host.kernel.deliveries.deliverDue()
        try await host.kernel.jobs.runDue()
    }

    private static func importing(_ office: Office) async throws {
        var request = PublicHost.request("POST", ["api", "v1", "imports"], [.init(name: "entity", value: "lead"), .init(name: "file_name", value: secret + ".csv")], as: office.ben)
        request.headers["content-type"] = "text/csv"
        request.body = Array("Title,Description\n\(secret) imported,\(secret)\n".utf8)
        let made = await office.host.kernel.front.respond(request)
        try #require(made.status == 201)
        guard let bytes = made.body.bytes else { return }
        let id = try JSONValue(parsing: bytes)["id"]?.int ?? 0
        let run = try await office.host.ask("POST", "imports/\(id)/run?wait=true", #"{"bad_rows": "skip"}"#, as: office.ben)
        try #require(run.json["state"]?.text == "done", "\(run.text)")
    }

    // MARK: Reading

    @Test func `nothing that somebody can read changes by what a colleague does, and the secret stands nowhere`() async throws {
        let office = try await ColleagueTests.office()
        let hook = try await office.host.ask("POST", "webhooks", #"{"name": "Mine", "url": "https://anna.example/", "hooks": "lead_created, lead_updated, deal_created, customer_updated"}"#, as: office.anna)
        #expect(hook.status == 201, "\(hook.text)")
        let anna = Reader(host: office.host, email: office.anna)
        let addresses = await anna.addresses(ids: office.ids, words: [ColleagueTests.secret, "Hans His"])
        // Reading some of them marks her notices as read.
        _ = await anna.all(addresses)
        let before = await anna.all(addresses)
        try await ColleagueTests.busyDay(office)
        let after = await anna.all(addresses)
        // The test is worth something only when much was read, and what is hers was found.
        #expect(before.count > 900, "\(before.count)")
        #expect(before.values.count { $0.status == 200 } > 600)
        #expect(before["/api/v1/leads?limit=500&count=true"]?.text.contains("\"total\":3") == true)
        #expect(before.values.allSatisfy { $0.status != 500 }, "\(before.filter { $0.value.status == 500 }.keys)")
        var told = 0
        for (address, was) in before.sorted(by: { $0.key < $1.key }) {
            guard let now = after[address], now != was, told < 12 else { continue }
            told += 1
            Issue.record("\(address) tells of it: \(ColleagueTests.difference(was, now))")
        }
        for (address, now) in after where before[address] == nil { Issue.record("\(address) has come up: \(now.status)") }
        for (address, now) in after where !address.contains(ColleagueTests.secret) && now.text.contains(ColleagueTests.secret) {
            Issue.record("\(address) holds the secret")
        }
        // And he has done all this.
        let ben = Reader(host: office.host, email: office.ben)
        let his = await ben.read("/api/v1/leads?q=\(ColleagueTests.secret)&count=true").text
        #expect(his.contains("\"total\":4"), "the one that he changed, two that he made and kept, one that he imported: \(his.suffix(300))")
    }

    private static func difference(_ a: Reader.Seen, _ b: Reader.Seen) -> String {
        if a.status != b.status { return "\(a.status) and now \(b.status)" }
        if a.headers != b.headers { return "\(a.headers) and now \(b.headers)" }
        let (x, y) = (Array(a.text), Array(b.text))
        let place = zip(x, y).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(x.count, y.count)
        func around(_ text: [Character]) -> String { String(text[max(0, place - 60)..<min(text.count, place + 80)]) }
        return "\(around(x)) … and now … \(around(y))"
    }

    // MARK: Trying

    /// An answer without the numbers of the records that are compared.
    private static func unnumbered(_ text: String, _ ids: [Int64]) -> String {
        let numbers: [String] = ids.map(String.init)
        var told = ""
        var number = ""
        func flush() {
            told += numbers.contains(number) ? "N" : number
            number = ""
        }
        for character in text {
            if character.isASCII, character.isNumber { number.append(character) } else { flush(); told.append(character) }
        }
        flush()
        return told
    }

    /// What is tried on a record: the answer must be the same for one of a colleague's and for none.
    @Test func `a colleague's record answers like one that is not there, whatever is tried on it`() async throws {
        let office = try await ColleagueTests.office()
        let anna = Reader(host: office.host, email: office.anna)
        let registry = office.host.kernel.store.registry
        for path in ["leads", "customers", "deals"] {
            let entity = try #require(registry.entity(path: path))
            let (hers, his) = (try #require(office.hers[path]), try #require(office.his[path]))
            let version = try await office.host.ask("GET", "\(path)/\(his)", as: office.ben).json["version"]?.int
            // One that he had and has deleted is no more there than one that never was.
            let gone = try await office.host.ask("POST", path, #"{"\#(entity.labelField)": "Soon gone"}"#, as: office.ben).id
            #expect(try await office.host.ask("DELETE", "\(path)/\(gone)", as: office.ben).status == 204)
            var tries: [(String, String, String)] = [
                ("PATCH", "{id}", "{}"), ("PATCH", "{id}", #"{"description": "x"}"#), ("POST", "{id}/notes", #"{"text": "x"}"#), ("GET", "{id}/notes/1", ""),
                ("PATCH", "{id}/notes/1", #"{"text": "x"}"#), ("DELETE", "{id}/notes/1", ""), ("POST", "{id}/merge", #"{"records": [\#(hers)]}"#),
                ("GET", "{id}/merge?records=\(hers)", ""), ("GET", "\(hers)/merge?records={id}", ""), ("POST", "\(hers)/merge", #"{"records": [{id}]}"#),
                ("POST", "\(hers)/merge", #"{"records": [{id}], "take": {"title": {id}}}"#), ("POST", "bulk", #"{"ids": [{id}], "update": {"description": "x"}}"#),
                ("POST", "bulk", #"{"ids": [{id}], "delete": true}"#), ("GET", "{id}/duplicates", ""), ("GET", "{id}/timeline", ""), ("GET", "{id}/panels", ""),
                ("GET", "?id={id}&count=true", ""), ("GET", "export?id={id}", ""), ("POST", "{id}/move", "{}"), ("POST", "\(hers)/move", #"{"below": {id}}"#),
                ("DELETE", "{id}", ""),
            ]
            for action in entity.actions {
                tries += [("GET", "{id}/actions/\(action.name)", ""), ("POST", "{id}/actions/\(action.name)", "{}"), ("POST", "bulk", #"{"ids": [{id}], "action": "\#(action.name)"}"#)]
            }
            for (method, address, body) in tries {
                func answer(_ id: Int64) async -> Reader.Seen {
                    let address = "/api/v1/\(path)/" + address.replacing("{id}", with: String(id))
                    var seen = method == "GET" ? await anna.read(address.replacing("/?", with: "?")) : await anna.send(method, address, body.replacing("{id}", with: String(id)))
                    seen.text = ColleagueTests.unnumbered(seen.text, [his, gone, 999_999])
                    seen.headers = seen.headers.filter { !$0.hasPrefix("tenon-change") }
                    return seen
                }
                let (foreign, absent, past) = (await answer(his), await answer(999_999), await answer(gone))
                #expect(foreign == absent, "\(method) \(path) \(address): \(foreign.text) and \(absent.text)")
                #expect(past == absent, "\(method) \(path) \(address) of one that is gone: \(past.text) and \(absent.text)")
            }
            for page in ["", "/edit", "/delete", "/timeline", "/move", "/merge-in", "/cell/\(entity.labelField)", "/notes"] {
                let (foreign, absent) = (await anna.read("/admin/\(path)/\(his)\(page)"), await anna.read("/admin/\(path)/999999\(page)"))
                let (his, none) = (ColleagueTests.unnumbered(foreign.text, [his, 999_999]), ColleagueTests.unnumbered(absent.text, [his, 999_999]))
                #expect(foreign.status == absent.status && his == none, "\(path)\(page)")
            }
            // He still has it all, as it was.
            #expect(try await office.host.ask("GET", "\(path)/\(his)", as: office.ben).json["version"]?.int == version)
        }
    }

    @Test func `a link to a colleague's record is refused like a link to nothing, by id and by name`() async throws {
        let office = try await ColleagueTests.office()
        let anna = Reader(host: office.host, email: office.anna)
        let (deal, his) = (try #require(office.hers["deals"]), try #require(office.his["customers"]))
        func answer(_ value: String) async -> Reader.Seen {
            var seen = await anna.send("POST", "/api/v1/deals", #"{"title": "x", "customer": \#(value)}"#)
            if let id = Int64(value) { seen.text = ColleagueTests.unnumbered(seen.text, [id]) } else { seen.text = seen.text.replacing(value.filter { $0 != "\"" }, with: "N") }
            return seen
        }
        #expect(await answer(String(his)) == answer("999999"))
        #expect(await answer("\"Hans His\"") == answer("\"Nobody\""))
        #expect(await answer("\"hans@example.com\"") == answer("\"nobody@example.com\""))
        // The link that is there stays, unnamed, and is not lost by a change of another field.
        let shown = try await office.host.ask("GET", "deals/\(deal)", as: office.anna)
        #expect(shown.json["customer_label"]?.text == nil && !shown.text.contains("Hans"))
        #expect(try await office.host.ask("PATCH", "deals/\(deal)", #"{"title": "Still"}"#, as: office.anna).status == 200)
        #expect(try await office.host.ask("GET", "deals/\(deal)").json["customer"]?.int == his)
    }

    @Test func `a new record is never said to be like a colleague's`() async throws {
        let office = try await ColleagueTests.office()
        let host = office.host
        let his = #"{"title": "Twin", "contact_name": "Tina Twin", "contact_phone": "+49 170 55555", "company_name": "Twin GmbH"}"#
        #expect(try await host.ask("POST", "leads", his, as: office.ben).status == 201)
        #expect(try await host.ask("POST", "customers", #"{"name": "Tina Twin", "email": "tina@twin.example", "phone": "+49 170 55555"}"#, as: office.ben).status == 201)
        for (path, body) in [("leads", his), ("customers", #"{"name": "Tina Twin", "email": "tina@twin.example", "phone": "+49 170 55555"}"#)] {
            #expect(try await host.ask("POST", path + "/duplicates", body, as: office.anna).data.isEmpty, "\(path)")
            let made = try await host.ask("POST", path, body, as: office.anna)
            #expect(made.status == 201 && made.headers["tenon-duplicates"] == nil, "\(path): \(made.headers)")
            #expect(try await host.ask("GET", "\(path)/\(made.id)/duplicates", as: office.anna).data.isEmpty, "\(path)")
            #expect(try await host.ask("GET", path + "/duplicates", as: office.anna).data.allSatisfy { $0["records"]?.array?.allSatisfy { $0["id"]?.int != made.id } ?? true }, "\(path)")
            // He is told of hers no more than she of his, and somebody who sees both is told.
            #expect(try await host.ask("GET", "\(path)/\(made.id)/duplicates").data.count == 1, "\(path)")
        }
        // A lead that becomes a customer finds no other's customer to become.
        let lead = try await host.ask("GET", "leads?q=Twin", as: office.anna).data.first?["id"]?.int ?? 0
        let form = try await host.ask("GET", "leads/\(lead)/actions/convert", as: office.anna)
        #expect(form.status == 200 && form.json["customer"]?.int.map { $0 == office.his["customers"] } != true, "\(form.text)")
    }

    @Test func `an import finds nothing of a colleague's`() async throws {
        let office = try await ColleagueTests.office()
        let host = office.host
        func check(_ entity: String, _ table: String, _ plan: String) async throws -> String {
            var request = PublicHost.request("POST", ["api", "v1", "imports"], [.init(name: "entity", value: entity)], as: office.anna)
            request.headers["content-type"] = "text/csv"
            request.body = Array(table.utf8)
            guard let bytes = await host.kernel.front.respond(request).body.bytes else { return "" }
            let id = try JSONValue(parsing: bytes)["id"]?.int ?? 0
            let changed = try await host.ask("PATCH", "imports/\(id)", plan, as: office.anna)
            #expect(changed.status == 200, "\(changed.text)")
            let checked = try await host.ask("POST", "imports/\(id)/check?wait=true", as: office.anna)
            let told = checked.text.replacing("\"id\":\(id),", with: "")
            #expect(checked.json["state"]?.text == "checked", "\(checked.text)")
            return told
        }
        for mode in ["create", "update", "create-or-update"] {
            let match = mode == "create" ? "" : #", "match": "email""#
            let plan = #"{"mode": "\#(mode)"\#(match), "unknown_references": "refuse"}"#
            let his = try await check("customer", "Name,E-mail\nSome,hans@example.com\n", plan)
            let nobodys = try await check("customer", "Name,E-mail\nSome,hans@nowhere.com\n", plan)
            #expect(his.replacing("hans@example.com", with: "X") == nobodys.replacing("hans@nowhere.com", with: "X"), "\(mode)")
        }
        let his = try await check("deal", "Title,Customer\nSome,Hans His\n", #"{"unknown_references": "refuse"}"#)
        let nobodys = try await check("deal", "Title,Customer\nSome,Hans Hit\n", #"{"unknown_references": "refuse"}"#)
        #expect(his.replacing("Hans His", with: "X") == nobodys.replacing("Hans Hit", with: "X"))
    }

    @Test func `an error tells neither name nor number of a colleague's record`() async throws {
        let office = try await ColleagueTests.office()
        let registry = office.host.kernel.store.registry
        let (host, secret) = (office.host, ColleagueTests.secret)
        // What is unique is so among everybody's: that it is taken can be told, and nothing more.
        for entity in registry.entities where entity.plugin != "kernel" && !entity.schema.isLookup {
            for field in entity.fields where field.description.isUnique && !field.description.isReadOnly {
                guard case .text = field.type else { continue }
                let value = field.description.format == .email ? "\(secret.lowercased())@example.com" : "\(secret)1"
                let label = field.name == entity.labelField ? "" : #""\#(entity.labelField)": "\#(secret) hidden", "#
                let made = try await host.ask("POST", entity.path, #"{\#(label)"\#(field.name)": "\#(value)", "assigned_to": "\#(office.ben)"}"#)
                guard made.status == 201 else { continue }
                let refused = try await host.ask("POST", entity.path, #"{"\#(entity.labelField)": "other", "\#(field.name)": "\#(value)"}"#, as: office.anna)
                #expect(refused.status >= 400, "\(entity.name).\(field.name)")
                #expect(!refused.text.contains("hidden") && !refused.text.contains("/\(made.id)"), "\(entity.name).\(field.name): \(refused.text)")
            }
        }
        // His deal hangs on her customer: she is not told what it is that keeps it.
        let refused = try await host.ask("DELETE", "customers/\(office.hers["customers"] ?? 0)", as: office.anna)
        #expect(!refused.text.contains("His") && !refused.text.contains("deals/\(office.his["deals"] ?? 0)"), "\(refused.text)")
    }

    @Test func `what is hidden of one's own record cannot be found by asking, sorting or looking back`() async throws {
        let office = try await ColleagueTests.office()
        let host = office.host
        let role = try #require(host.kernel.rights.roles.first { $0.value.name == "Own desk" }?.key)
        let shown = try await host.ask("GET", "roles/\(role)")
        var grants = RoleDocument(tolerating: shown.json["grants"]?.text() ?? "")
        for field in ["description", "contact_email", "value"] { grants.masks["lead", default: [:]][field] = .hidden }
        #expect(try await host.ask("PATCH", "roles/\(role)", #"{"grants": \#(grants.text)}"#).status == 200)
        let anna = Reader(host: host, email: office.anna)
        let (secret, lead) = (ColleagueTests.secret, office.hers["leads"] ?? 0)
        let addresses = await anna.addresses(ids: office.ids, words: [secret, secret.lowercased() + "@example.com"])
        let asked = addresses + ["description", "contact_email", "value"].flatMap { name in
            ["sort=\(name)", "sort=-\(name)", "\(name)=\(secret)", "\(name).contains=Zanz", "\(name).gte=1", "\(name).empty=false", "fields=\(name)", "where=\("not (\(name) = null)".percentEncoded)"]
                .flatMap { ["/api/v1/leads?count=true&\($0)", "/api/v1/leads/board?\($0)", "/api/v1/leads/export?\($0)", "/admin/leads?\($0)"] }
                + ["/api/v1/leads/export?columns=\(name)", "/api/v1/leads/board?rows=\(name)", "/api/v1/metrics/leads.created?group=\(name)", "/admin/leads/\(lead)/cell/\(name)"]
        }
        func order(_ seen: [String: Reader.Seen]) -> [String: [String]] {
            // What everybody may see of a change: that there was one, when, and by whom.
            seen.mapValues { $0.text.split(separator: "\"title\":\"").map { String($0.prefix(8)) } }
        }
        let before = await anna.all(asked)
        let change = #"{"description": "\#(secret)", "contact_email": "\#(secret.lowercased())@example.com", "value": "123456.78"}"#
        #expect(try await host.ask("PATCH", "leads/\(lead)", change).status == 200)
        let after = await anna.all(asked)
        #expect(before.count > 900 && before.values.allSatisfy { $0.status != 500 }, "\(before.filter { $0.value.status == 500 }.keys)")
        for (address, now) in after.sorted(by: { $0.key < $1.key }) {
            let isEcho = address.lowercased().contains(secret.lowercased())
            if !isEcho { #expect(!now.text.lowercased().contains(secret.lowercased()) && !now.text.contains("123456") && !now.text.contains("123,456"), "\(address)") }
            if let was = before[address] { #expect(was.status == now.status, "\(address)") }
        }
        let (was, now) = (order(before), order(after))
        for address in asked where address.hasPrefix("/api/v1/leads?") && !address.contains("updated_at") {
            #expect(was[address] == now[address], "\(address): the order or the choice has changed")
        }
    }
}
