import PluginAPI
import Testing

@testable import Kernel

@Suite struct RecordsAPITests {
    @Test func `a record with every type of field reads as this`() async throws {
        let desk = try await FrontDesk()
        let step = try await desk.ask("POST", "steps", #"{"name": "To do"}"#).id
        let tags = [try await desk.ask("POST", "tags", #"{"name": "a"}"#).id, try await desk.ask("POST", "tags", #"{"name": "b"}"#).id]
        let answer = try await desk.ask(
            "POST", "chores",
            #"""
            {"title": "Say \"hi\"\t", "code": "C-1", "contact_email": "X@Example.org", "step": "to DO", "assigned_to": "me", "cost": {"amount": "1250.5", "currency": "USD"},
             "hours": -0.5, "points": 1e3, "grade": "5", "urgent": true, "due": "2026-05-01", "begins": "2026-05-01T10:00:00+02:00", "place": "Garden",
             "tags": [\#(tags[1]), "a"], "after": null, "notes": "one\n\u00e9\ud83d\ude00", "secret": null}
            """#)
        #expect(answer.status == 201)
        #expect(answer.headers["location"] == "/api/v1/chores/1")
        #expect(answer.headers["etag"] == "\"1\"")
        #expect(
            answer.text == """
                {"id":1,"version":1,"created_at":"2026-03-02T10:00:00.000Z","created_by":1,"created_by_label":"Berta Boss",\
                "updated_at":"2026-03-02T10:00:00.000Z","updated_by":1,"updated_by_label":"Berta Boss","title":"Say \\"hi\\"","code":"C-1",\
                "contact_email":"x@example.org","step":\(step),"step_label":"To do","assigned_to":1,"assigned_to_label":"Berta Boss",\
                "cost":{"amount":"1250.50","currency":"USD"},"hours":"-0.50","points":1000,"grade":5,"urgent":true,"due":"2026-05-01",\
                "begins":"2026-05-01T08:00:00.000Z","place":"garden","tags":[2,1],"tags_label":["b","a"],"after":null,"after_label":null,\
                "notes":"one\\né😀","secret":null,"score":null}
                """)
        let list = try await desk.ask("GET", "chores")
        #expect(list.text == #"{"data":["# + answer.text + #"],"next":null}"#)
        #expect(try await desk.ask("GET", "chores/1").text == answer.text)
    }

    @Test func `a problem reads as this`() async throws {
        let desk = try await FrontDesk()
        let answer = try await desk.ask("POST", "chores", #"{"title": "x", "grade": 9}"#)
        #expect(
            answer.text == """
                {"type":"https://tenon.invalid/problems/invalid","title":"Invalid","status":422,"detail":"the chore cannot be saved as it is",\
                "errors":[{"field":"grade","message":"must be from 1 to 5"}]}
                """)
        let missing = try await desk.ask("GET", "chores/7")
        #expect(
            missing.text == """
                {"type":"https://tenon.invalid/problems/not_found","title":"Not found","status":404,"detail":"there is no chore 7",\
                "hint":"It may have been deleted, or you may not see it."}
                """)
    }

    @Test func `a conflict reads as this`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("x", #""points": 1"#)
        try await desk.ask("PATCH", "chores/\(id)", #"{"points": 2}"#)
        let merged = try await desk.ask("PATCH", "chores/\(id)", #"{"notes": "n"}"#, headers: ["if-match": "\"1\""])
        #expect(merged.status == 200)
        #expect(merged.headers["etag"] == "\"3\"")
        let answer = try await desk.ask("PATCH", "chores/\(id)", #"{"points": 3, "notes": "n"}"#, headers: ["if-match": "W/\"1\""])
        #expect(
            answer.text == """
                {"type":"https://tenon.invalid/problems/conflict","title":"Conflict","status":409,"detail":"chore 1 was changed by someone else",\
                "hint":"Compare both versions and save again.","conflicts":[{"field":"points","original":1,"stored":2,"yours":3}]}
                """)
    }

    @Test func `what has not changed is not sent again`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("x")
        for tag in ["\"1\"", "W/\"1\"", "\"9\", \"1\"", "*"] {
            let answer = try await desk.ask("GET", "chores/\(id)", headers: ["if-none-match": tag])
            #expect(answer.status == 304, "\(tag)")
            #expect(answer.text.isEmpty)
            #expect(answer.headers["etag"] == "\"1\"")
        }
        #expect(try await desk.ask("GET", "chores/\(id)", headers: ["if-none-match": "\"2\""]).status == 200)
        #expect(try await desk.ask("PATCH", "chores/\(id)", #"{"points": 1}"#, headers: ["if-match": "*"]).status == 200)
    }

    @Test func `HEAD tells what GET would, without the body`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("x")
        for path in ["chores", "chores/\(id)", "chores/\(id)/timeline", "chores/board", "me", "/openapi.json", "/healthz"] {
            let get = try await desk.ask("GET", path)
            let head = try await desk.ask("HEAD", path)
            #expect(head.status == 200, "\(path)")
            #expect(head.text.isEmpty)
            #expect(head.headers["content-length"] == String(get.text.utf8.count), "\(path)")
            #expect(head.headers["content-type"] == get.headers["content-type"])
        }
        #expect(try await desk.ask("HEAD", "chores/99").status == 404)
    }

    @Test func `lists are filtered, sorted, counted and paged by their query`() async throws {
        let desk = try await FrontDesk()
        let step = try await desk.ask("POST", "steps", #"{"name": "To do"}"#).id
        for number in 1...6 {
            try await desk.chore(
                "chore \(number)",
                #""points": \#(number), "cost": "\#(number * 10) EUR", "due": "2026-03-0\#(number)", "urgent": \#(number % 2 == 0), "step": \#(number < 4 ? "\(step)" : "null"), "notes": "\#(number == 5 ? "rake" : "sweep")""#)
        }
        func numbers(_ query: String) async throws -> [Int] {
            let answer = try await desk.ask("GET", "chores?sort=id&" + query)
            #expect(answer.status == 200, "\(query): \(answer.text)")
            return answer.json["data"]?.array?.compactMap { $0["points"]?.int.map { Int($0) } } ?? []
        }
        #expect(try await numbers("points=2&points=3") == [2, 3])
        #expect(try await numbers("points.in=2,3,99") == [2, 3])
        #expect(try await numbers("points.ne=1") == [2, 3, 4, 5, 6])
        #expect(try await numbers("points.gt=2&points.lte=4") == [3, 4])
        #expect(try await numbers("points.gte=&points.lt=3") == [1, 2], "a form sends its empty fields, too")
        #expect(try await numbers("cost.gte=50") == [5, 6])
        #expect(try await numbers("cost=10.00%20EUR") == [1])
        #expect(try await numbers("due=today") == [2])
        #expect(try await numbers("due.gte=%2B3d") == [5, 6])
        #expect(try await numbers("due.lt=-0d") == [1])
        #expect(try await numbers("urgent=true") == [2, 4, 6])
        #expect(try await numbers("step=to%20do") == [1, 2, 3])
        #expect(try await numbers("step.empty=true") == [4, 5, 6])
        #expect(try await numbers("step.empty=false&urgent=no") == [1, 3])
        #expect(try await numbers("step=999") == [])
        #expect(try await numbers("title.contains=RE%203") == [3])
        #expect(try await numbers("title.starts=chore&notes.contains=rake") == [5])
        #expect(try await numbers("q=rake") == [5])
        #expect(try await numbers("created_by=me").count == 6)
        #expect(try await numbers("created_at=today").count == 6)
        #expect(try await numbers("id=2") == [2])

        let counted = try await desk.ask("GET", "chores?urgent=true&limit=1&count=true&sort=-points&fields=points")
        #expect(counted.text.hasPrefix(#"{"data":[{"id":6,"version":1,"points":6}],"next":""#))
        #expect(counted.json["total"]?.int == 3)
        var seen: [Int64] = []
        var cursor: String? = ""
        while let from = cursor {
            let page = try await desk.ask("GET", "chores?sort=-cost&limit=4&cursor=" + from)
            seen += page.json["data"]?.array?.compactMap { $0["points"]?.int } ?? []
            cursor = page.json["next"]?.text
        }
        #expect(seen == [6, 5, 4, 3, 2, 1])
    }

    @Test func `the same key does the work once and gives the same answer`() async throws {
        let desk = try await FrontDesk()
        let key = ["idempotency-key": "k-1"]
        let first = try await desk.ask("POST", "chores", #"{"title": "x"}"#, headers: key)
        let again = try await desk.ask("POST", "chores", #"{"title": "x"}"#, headers: key)
        #expect(again.text == first.text)
        #expect(again.status == 201)
        #expect(again.headers["location"] == first.headers["location"])
        #expect(again.headers["etag"] == first.headers["etag"])
        #expect(try await desk.count() == 1)

        let other = try await desk.ask("POST", "chores", #"{"title": "y"}"#, headers: key)
        #expect(other.status == 422)
        #expect(other.fields == ["Idempotency-Key"])
        let others = try await desk.ask("POST", "chores", #"{"title": "x"}"#, headers: key, as: FrontDesk.agent)
        #expect(others.status == 201, "another user's key is another key: \(others.text)")
        #expect(try await desk.ask("POST", "chores", "{}", headers: ["idempotency-key": "k-2"]).status == 422)
        #expect(try await desk.ask("POST", "chores", #"{"title": "z"}"#, headers: ["idempotency-key": "k-2"]).status == 201, "what failed may be sent again")
        #expect(try await desk.ask("POST", "chores", "{}", headers: ["idempotency-key": String(repeating: "k", count: 201)]).status == 422)
        let ended = try await desk.ask("POST", "chores/1/actions/end", "{}", headers: key)
        #expect(ended.status == 200)
        #expect(try await desk.ask("POST", "chores/1/actions/end", "{}", headers: key).text == ended.text)

        desk.clock.advance(seconds: 86_401)
        try await desk.ask("POST", "chores", #"{"title": "later"}"#, headers: ["idempotency-key": "k-3"])
        #expect(try await desk.ask("POST", "chores", #"{"title": "x"}"#, headers: key).id != first.id, "a key is kept for a day")
    }

    @Test func `actions tell what they came to`() async throws {
        let desk = try await FrontDesk()
        let id = try await desk.chore("Sweep")
        let form = try await desk.ask("GET", "chores/\(id)/actions/end")
        #expect(form.text == #"{"reason":"done: Sweep","end_step":null,"with_remark":null,"remark":null,"bill":null,"bill_name":null}"#)
        let answer = try await desk.ask("POST", "chores/\(id)/actions/end", #"{"with_remark": true, "remark": "fine"}"#)
        #expect(answer.json["message"]?.text == "The chore has ended.")
        #expect(answer.json["results"]?["remark"]?.int == 1)
        #expect(answer.json["record"]?["version"]?.int == 2)
        #expect(try await desk.ask("POST", "chores/\(id)/actions/end", "{}").status == 409)
    }

    @Test func `a board gives columns with their cards, and cards are moved`() async throws {
        let desk = try await FrontDesk()
        let step = try await desk.ask("POST", "steps", ##"{"name": "To do", "color": "#aabbcc"}"##).id
        let first = try await desk.chore("a", #""step": \#(step), "cost": "2.50""#)
        let second = try await desk.chore("b")
        let moved = try await desk.ask("POST", "chores/\(second)/move", #"{"column": \#(step), "below": \#(first)}"#)
        #expect(moved.json["step"]?.int == step)
        #expect(try await desk.ask("POST", "chores/\(second)/move", "{}").json["step"]?.int == step, "without a column it stays in its own")
        let board = try await desk.ask("GET", "chores/board?limit=1").json
        let column = try #require(board["data"]?.array?.first)
        #expect(column["title"]?.text == "To do")
        #expect(column["count"]?.int == 2)
        #expect(column["sums"] == .array([.object([.init(name: "amount", value: .string("2.50")), .init(name: "currency", value: .string("EUR"))])]))
        #expect(column["cards"]?.array?.compactMap { $0["title"]?.text } == ["b"])
        #expect(column["cards"]?.array?.first?["step_label"]?.text == "To do")
        #expect(column["has_more"]?.bool == true)
        #expect(try await desk.ask("GET", "steps/board").status == 404)
    }

    @Test func `a timeline tells changes with the names behind ids, newest first, page by page`() async throws {
        let desk = try await FrontDesk()
        let step = try await desk.ask("POST", "steps", #"{"name": "To do"}"#).id
        let id = try await desk.chore("a")
        try await desk.ask("PATCH", "chores/\(id)", #"{"step": \#(step), "secret": "s"}"#)
        let whole = try await desk.ask("GET", "chores/\(id)/timeline").json["data"]?.array ?? []
        #expect(whole.compactMap { $0["action"]?.text } == ["updated", "created"])
        #expect(whole[0]["changes"]?.array?[0]["new_label"]?.text == "To do")
        #expect(whole[0]["user_label"]?.text == "Berta Boss")
        let page = try await desk.ask("GET", "chores/\(id)/timeline?limit=1")
        let next = try #require(page.json["next"]?.text)
        let rest = try await desk.ask("GET", "chores/\(id)/timeline?limit=1&cursor=\(next)")
        #expect(rest.json["data"]?.array?.compactMap { $0["action"]?.text } == ["created"])
        #expect(rest.json["next"] == .null)
    }
}
