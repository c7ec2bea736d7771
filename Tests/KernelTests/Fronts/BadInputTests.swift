import PluginAPI
import Testing

@testable import Kernel

/// Bad input gets a clear answer with the field's name, and loses nothing.
@Suite struct BadInputTests {
    @Test(arguments: [
        ("{\"title\": \"x\",\n  \"points\": }", "line 2, column 13"), ("{\"title\": \"x\"", "line 1, column 14"), ("{'title': 1}", "line 1, column 2"),
        ("{\"title\": \"x\",}", "a name in quotes"), ("{\"title\": \"x\"} x", "more text"), ("{\"title\": \"a\tb\"}", "control character"),
        ("{\"title\": \"\\ud800\"}", "surrogate"), ("{\"title\": \"\\q\"}", "escape"), ("{\"title\": 01}", "comma"), ("nul", "a value"),
        ("{\"title\": \"a\", \"title\": \"b\"}", "given twice"), ("\u{FEFF}{}", "a value"),
        (String(repeating: "[", count: 100_000), "nested too deep"), (String(repeating: "{\"a\":", count: 100_000), "nested too deep"),
    ])
    func `malformed JSON is told by line and column`(body: String, words: String) async throws {
        let desk = try await FrontDesk()
        let before = try await desk.count()
        let answer = try await desk.ask("POST", "chores", body)
        #expect(answer.status == 400)
        #expect(answer.detail.contains("malformed JSON at line"))
        #expect(answer.detail.contains(words), "\(answer.detail)")
        #expect(try await desk.count() == before)
    }

    @Test func `text that is not UTF-8 is malformed`() async throws {
        let desk = try await FrontDesk()
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0xC3, 0x28], [0x22, 0xED, 0xA0, 0x80, 0x22], [0]] {
            let body = Array(#"{"title": "#.utf8) + bytes + Array("}".utf8)
            #expect(try await desk.ask("POST", "chores", bytes: body).status == 400)
        }
    }

    @Test func `a body that is no object is refused`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("x")
        for body in ["[]", "[{\"title\": \"x\"}]", "\"x\"", "1", "null", "true"] {
            for path in ["chores", "chores/\(id)/move", "chores/\(id)/actions/end", "chores/bulk"] {
                #expect(try await desk.ask("POST", path, body).status == 400, "\(path) \(body)")
            }
            #expect(try await desk.ask("PATCH", "chores/\(id)", body).status == 400)
        }
        #expect(try await desk.ask("POST", "chores", "").fields == ["title"])
        #expect(try await desk.ask("PATCH", "chores/\(id)", "").status == 200)
        #expect(try await desk.count() == 1)
    }

    @Test(arguments: [
        ("title", ["1", "true", "[]", "{}", "null", "\"\"", "\"   \"", "\"\\u0000\"", "\"a\\u0007b\"", "\"a\\nb\"", "\"\(String(repeating: "x", count: 61))\""]),
        ("contact_email", ["\"nobody\"", "\"a@b\"", "\"a b@example.org\"", "7"]),
        ("step", ["99", "\"nothing\"", "-1", "0", "1.5", "9223372036854775808", "1e400", "{}", "[1]", "true"]),
        ("cost", ["\"ten\"", "\"10.001\"", "\"1,00\"", "true", "[]", "{\"amount\": \"x\"}", "{\"amount\": 1, \"more\": 2}", "{\"currency\": \"EUR\"}", "\"10 EURO\"", "1e400", "99999999999999999999", "{\"amount\": {}}"]),
        ("hours", ["\"1.234\"", "\"x\"", "1e-9", "true", "\"1e5\"", "99999999999999999999"]),
        ("points", ["1.5", "\"x\"", "true", "9223372036854775808", "-9223372036854775809", "1e400", "1e-1", "[]"]),
        ("grade", ["0", "6", "-1"]), ("urgent", ["\"yes\"", "1", "[]"]),
        ("due", ["\"2026-02-30\"", "\"soon\"", "\"02.03.2026\"", "20260302", "\"99999999999d\"", "\"-9223372036854775808d\"", "true"]),
        ("begins", ["\"2026-03-02T25:00:00Z\"", "\"noon\"", "1", "\"2026-03-02T10:00:00+99\"", "[]"]),
        ("place", ["\"moon\"", "1", "[]"]), ("tags", ["1", "\"x\"", "[99]", "[\"nothing\"]", "[[]]", "[null]", "{}"]),
        ("after", ["99", "\"nothing\""]), ("score", ["1"]), ("created_at", ["\"2020-01-01T00:00:00Z\""]), ("nothing", ["1"]), ("", ["1"]),
    ])
    func `a value that does not fit is told by its field, when made and when changed`(field: String, values: [String]) async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("kept")
        let before = try await desk.ask("GET", "chores/\(id)").text
        for value in values {
            let title = field == "title" ? "" : #""title": "x", "#
            let made = try await desk.ask("POST", "chores", #"{\#(title)"\#(field)": \#(value)}"#)
            #expect(made.status == 422, "\(field) \(value): \(made.text)")
            #expect(made.fields.first == field, "\(field) \(value): \(made.text)")
            let changed = try await desk.ask("PATCH", "chores/\(id)", #"{"notes": "lost?", "\#(field)": \#(value)}"#)
            #expect(changed.status == 422, "\(field) \(value): \(changed.text)")
            #expect(changed.fields.first == field, "\(field) \(value): \(changed.text)")
        }
        #expect(try await desk.count() == 1)
        #expect(try await desk.ask("GET", "chores/\(id)").text == before)
    }

    @Test func `every problem is told at once`() async throws {
        let desk = try await FrontDesk()
        let answer = try await desk.ask("POST", "chores", #"{"title": "x", "points": "many", "grade": "good", "moon": 1}"#)
        #expect(answer.fields == ["points", "grade", "moon"])
        #expect(answer.headers["content-type"] == "application/problem+json")
    }

    @Test(arguments: [
        ("sort=moon", "sort"), ("sort=-", "sort"), ("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit"), ("limit=99999999999999999999", "limit"),
        ("cursor=nonsense", "cursor"), ("cursor=%F0%9F%98%80", "cursor"), ("moon=1", "moon"), ("points=x", "points"), ("points.gte=x", "points"),
        ("points.near=1", "points.near"), ("points.contains=1", "points"), ("due.lt=-9223372036854775808d", "due"), ("due=tomorrow", "due"),
        ("place=moon", "place"), ("urgent=maybe", "urgent"), ("urgent.empty=maybe", "urgent.empty"), ("fields=title,moon", "fields"), ("cost.gt=ten", "cost"),
        ("step=nothing", "step"), ("tags=nothing", "tags"), ("id=x", "id"), (".eq=1", ".eq"), (".=1", "."),
    ])
    func `a query that does not fit is told by its parameter`(query: String, field: String) async throws {
        let desk = try await FrontDesk()
        let answer = try await desk.ask("GET", "chores?" + query)
        #expect([400, 422].contains(answer.status), "\(answer.text)")
        #expect(answer.fields == [field], "\(answer.text)")
    }

    @Test func `a query of too many parts is refused, and one of many values is answered`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("x")
        let many = (0..<300).map { "points=\($0)" }.joined(separator: "&")
        #expect(try await desk.ask("GET", "chores?" + many).status == 422)
        let few = (0..<200).map { "id=\(id + Int64($0))" }.joined(separator: "&")
        #expect(try await desk.ask("GET", "chores?" + few).titles == ["x"])
        #expect(try await desk.ask("GET", "chores?title.in=" + (0..<200).map { "t\($0)" }.joined(separator: ",")).titles == [])
        #expect(try await desk.ask("GET", "chores?title.in=" + (0..<201).map { "t\($0)" }.joined(separator: ",")).status == 422)
    }

    @Test(arguments: ["0", "-1", "x", "9223372036854775808", "1.0", " 1", "1e0", "%00"])
    func `what is no id is not found`(id: String) async throws {
        let desk = try await FrontDesk()
        try await desk.chore("x")
        for (method, path) in [("GET", "chores/\(id)"), ("PATCH", "chores/\(id)"), ("DELETE", "chores/\(id)"), ("GET", "chores/\(id)/timeline")] {
            #expect(try await desk.ask(method, path, method == "PATCH" ? "{}" : "").status == 404, "\(method) \(path)")
        }
        #expect(try await desk.count() == 1)
    }

    @Test func `a wrong version is a conflict or no version at all`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("x")
        for version in ["\"2\"", "\"0\"", "\"99\"", "9223372036854775807"] {
            let answer = try await desk.ask("PATCH", "chores/\(id)", #"{"points": 1}"#, headers: ["if-match": version])
            #expect(answer.status == 409, "\(version)")
            #expect(try await desk.ask("DELETE", "chores/\(id)", headers: ["if-match": version]).status == 409)
        }
        for version in ["x", "\"\"", "\"1\", \"2\"", "9223372036854775808"] {
            let answer = try await desk.ask("PATCH", "chores/\(id)", #"{"points": 1}"#, headers: ["if-match": version])
            #expect(answer.status == 400, "\(version)")
            #expect(answer.fields == ["If-Match"])
        }
        #expect(try await desk.ask("GET", "chores/\(id)").json["version"]?.int == 1)
    }

    @Test(arguments: [
        ("DELETE", "chores", "GET, POST"), ("POST", "chores/1", "GET, PATCH, DELETE"), ("BREW", "chores/1", "GET, PATCH, DELETE"), ("POST", "chores/board", "GET"),
        ("GET", "chores/bulk", "POST"), ("POST", "chores/1/timeline", "GET"), ("GET", "chores/1/move", "POST"), ("DELETE", "chores/1/actions/end", "GET, POST"),
        ("PUT", "settings", "GET, PATCH"), ("PATCH", "tokens", "GET, POST"), ("POST", "tokens/1", "DELETE"), ("POST", "search", "GET"), ("OPTIONS", "chores", "GET, POST"),
    ])
    func `a method that is not possible is told with those that are`(method: String, path: String, allowed: String) async throws {
        let desk = try await FrontDesk()
        try await desk.chore("x")
        let answer = try await desk.ask(method, path)
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == allowed)
    }

    @Test(arguments: ["moons", "chores/1/moon", "chores/1/actions/fly", "chores/1/actions", "chores/1/2/3/4", "imports/moon", ""])
    func `what is not there is not found`(path: String) async throws {
        let desk = try await FrontDesk()
        try await desk.chore("x")
        #expect(try await desk.ask("GET", path).status == 404)
    }

    @Test func `who is nobody is asked to log in, who may not is told`() async throws {
        let desk = try await FrontDesk()
        let nobody = try await desk.ask("GET", "chores", as: nil)
        #expect(nobody.status == 401)
        #expect(nobody.headers["www-authenticate"] == "Bearer")
        #expect(try await desk.ask("GET", "chores", headers: ["authorization": "Bearer nonsense"], as: nil).status == 401)
        #expect(try await desk.ask("GET", "remarks", as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("POST", "steps", #"{"name": "x"}"#, as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("GET", "settings", as: FrontDesk.agent).status == 403)
        let id = try await desk.chore("boss's")
        #expect(try await desk.ask("GET", "chores/\(id)", as: FrontDesk.agent).status == 404)
        #expect(try await desk.ask("GET", "chores?secret=x", as: FrontDesk.agent).fields == ["secret"])
        #expect(try await desk.ask("POST", "chores", #"{"title": "x", "secret": "y"}"#, as: FrontDesk.agent).fields == ["secret"])
    }

    @Test func `a new user with a weak password is not made at all`() async throws {
        let desk = try await FrontDesk()
        let before = try await desk.ask("GET", "users?count=true").json["total"]?.int
        for password in ["\"short\"", "1", "null"] {
            let answer = try await desk.ask("POST", "users", #"{"name": "N", "email": "n@example.org", "password": \#(password)}"#)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.fields == ["password"])
        }
        #expect(try await desk.ask("GET", "users?count=true").json["total"]?.int == before)
    }

    @Test func `tokens, moves, bulk changes, timelines and search check what they are given`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("x")
        let cases: [(method: String, path: String, body: String, field: String)] = [
            ("POST", "tokens", #"{"name": "t", "days": 9223372036854775807}"#, "days"), ("POST", "tokens", #"{"name": "t", "days": "x"}"#, "days"),
            ("POST", "tokens", #"{"name": ""}"#, "name"), ("POST", "tokens", #"{"name": "t", "user": "nobody"}"#, "user"),
            ("POST", "chores/\(id)/move", #"{"column": 99}"#, "step"), ("POST", "chores/\(id)/move", #"{"column": null, "below": 99}"#, "below"),
            ("POST", "chores/\(id)/move", #"{"below": "x"}"#, "below"), ("POST", "chores/bulk", #"{"ids": []}"#, "ids"),
            ("POST", "chores/bulk", #"{"ids": ["x"], "delete": true}"#, "ids"), ("POST", "chores/bulk", #"{"ids": [1], "action": "fly"}"#, "action"),
            ("GET", "chores/\(id)/timeline?cursor=x", "", "cursor"), ("GET", "chores/\(id)/timeline?limit=0", "", "limit"),
            ("GET", "chores/board?limit=101", "", "limit"), ("GET", "chores/board?within=1", "", "within"), ("GET", "search?limit=x", "", "limit"),
            ("PATCH", "settings", #"{"kernel.moon": 1}"#, "kernel.moon"), ("PATCH", "settings", #"{"kernel.time_zone": "Moon/Base"}"#, "kernel.time_zone"),
            ("POST", "chores/\(id)/actions/end", #"{"moon": 1}"#, "moon"), ("POST", "chores/\(id)/actions/end", #"{"end_step": 99}"#, "end_step"),
        ]
        for (method, path, body, field) in cases {
            let answer = try await desk.ask(method, path, body)
            #expect((400..<500).contains(answer.status), "\(path) \(body): \(answer.text)")
            #expect(answer.fields == [field], "\(path) \(body): \(answer.text)")
        }
    }

    @Test func `of many records each that fails is told, the others are changed`() async throws {
        let desk = try await FrontDesk()
        let first = try await desk.chore("a"), second = try await desk.chore("b")
        let answer = try await desk.ask("POST", "chores/bulk", #"{"ids": [\#(first), 99, \#(second)], "update": {"points": 5}}"#)
        #expect(answer.status == 200)
        #expect(answer.json["done"]?.int == 2)
        #expect(answer.json["failed"]?.array?.compactMap { $0["id"]?.int } == [99])
        #expect(try await desk.ask("GET", "chores?points=5&sort=id").titles == ["a", "b"])
    }
}
