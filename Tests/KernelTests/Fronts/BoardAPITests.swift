import PluginAPI
import Testing

@testable import Kernel

@Suite struct BoardAPITests {
    /// A deployment with hauls in two harbors; the second lane of the first asks for a seal.
    static func desk() async throws -> FrontDesk {
        let desk = try await FrontDesk(with: .of("hauls", HaulsPlugin()))
        for body in [#"{"name": "Kiel", "patience": 10, "is_default": true}"#, #"{"name": "Bremen"}"#] { try await desk.ask("POST", "harbors", body) }
        for body in [
            #"{"name": "Fast", "harbor": 1, "position": 1}"#, #"{"name": "Sealed", "harbor": 1, "position": 2}"#,
            #"{"name": "Slow", "harbor": 2, "position": 1}"#,
        ] { try await desk.ask("POST", "lanes", body) }
        for body in [
            #"{"title": "late", "harbor": 1, "lane": 1, "price": "10.00 EUR", "due": "2026-02-01"}"#,
            #"{"title": "fresh", "harbor": 1, "lane": 1, "price": "5.50 EUR", "weight": 1.5, "due": "2026-04-20", "assigned_to": 1}"#,
            #"{"title": "there", "harbor": 2, "lane": 3, "price": "7 USD"}"#,
        ] {
            let made = try await desk.ask("POST", "hauls", body)
            #expect(made.status == 201, "\(made.text)")
        }
        return desk
    }

    @Test func `a board by its name has its columns with all sums, cards with their marks, and keeps the first sum where it was`() async throws {
        let desk = try await BoardAPITests.desk()
        let board = try await desk.ask("GET", "hauls/board?within=Kiel")
        #expect(board.status == 200, "\(board.text)")
        let fast = try #require(board.json["data"]?.array?.first)
        #expect(fast["title"]?.text == "Fast")
        #expect(fast["count"]?.int == 2)
        #expect(fast["sums"]?.array?.first?["amount"]?.text == "15.50")
        #expect(fast["totals"]?["weight"]?.array?.first?.text == "1.5")
        #expect(fast["cards"]?.array?.map { $0["marks"]?.array?.compactMap(\.text) ?? ["none"] } == [["late"], []])
        let calendar = try await desk.ask("GET", "hauls/board?board=calendar&limit=0")
        #expect(calendar.json["board"]?.text == "calendar")
        let columns = calendar.json["data"]?.array ?? []
        #expect(columns.map { $0["title"]?.text ?? "" }.prefix(3) == ["No date", "Feb 2026", "Mar 2026"])
        #expect(columns.map { $0["key"]?.text ?? "-" }.prefix(3) == ["-", "2026-02", "2026-03"])
        #expect(columns.compactMap { $0["count"]?.int } == [1, 1, 0, 1, 0, 0, 0, 0])
        #expect(columns.allSatisfy { $0["cards"]?.array?.isEmpty == true })
        #expect(try await desk.ask("GET", "hauls/board?board=nothing").status == 404)
        #expect(try await desk.ask("GET", "hauls/board?within=Atlantis").fields == ["within"])
    }

    @Test func `the figures of a board stand by the values of a field`() async throws {
        let desk = try await BoardAPITests.desk()
        let table = try await desk.ask("GET", "hauls/board?board=calendar&rows=harbor")
        #expect(table.status == 200, "\(table.text)")
        let rows = table.json["data"]?.array ?? []
        #expect(rows.map { $0["title"]?.text ?? "" } == ["Bremen", "Kiel"])
        #expect(rows.map { $0["count"]?.int ?? 0 } == [1, 2])
        #expect(rows.last?["totals"]?["price"]?.array?.first?["amount"]?.text == "15.50")
        #expect(rows.last?["cells"]?.array?.map { $0["count"]?.int ?? 0 } == [0, 1, 0, 1, 0, 0, 0, 0])
        #expect(table.json["columns"]?.array?.count == 8)
        #expect(try await desk.ask("GET", "hauls/board?board=calendar&rows=price").fields == ["rows"])
    }

    @Test func `whoever asks for rows that a board does not have is told by which it can be had`() async throws {
        let desk = try await BoardAPITests.desk()
        func hint(_ path: String) async throws -> String { try await desk.ask("GET", path).json["hint"]?.text ?? "" }
        #expect(try await hint("hauls/board?board=calendar&rows=price") == "There is assigned_to, harbor.")
        #expect(
            try await hint("hauls/board?board=recent&rows=price")
                == "It shows cards alone. Others have rows: board by assigned_to; open by assigned_to, state; calendar by assigned_to, harbor.")
        #expect(try await hint("chores/board?rows=grade") == "No board of chores is broken down into rows; ask for it without rows.")
    }

    @Test func `a card is moved on the board that is named, with what its new column asks for`() async throws {
        let desk = try await BoardAPITests.desk()
        let later = try await desk.ask("POST", "hauls/2/move", #"{"board": "calendar", "column": "2026-06"}"#)
        #expect(later.status == 200, "\(later.text)")
        #expect(later.json["due"]?.text == "2026-06-20")
        let never = try await desk.ask("POST", "hauls/2/move", #"{"board": "calendar", "column": null}"#)
        #expect(never.json["due"] == .null)
        #expect(try await desk.ask("POST", "hauls/2/move", #"{"board": "calendar", "column": "June"}"#).fields == ["column"])
        let refused = try await desk.ask("POST", "hauls/2/move", #"{"column": 2}"#)
        #expect(refused.status == 422)
        #expect(refused.fields == ["seal"])
        let sealed = try await desk.ask("POST", "hauls/2/move", #"{"column": 2, "values": {"seal": "A-17"}}"#)
        #expect(sealed.json["lane"]?.int == 2)
        #expect(sealed.json["seal"]?.text == "A-17")
        #expect(try await desk.ask("POST", "hauls/2/move", #"{"values": {"version": 3}}"#).fields == ["version"])
    }

    @Test func `lists and records tell the marks, and lists are filtered by them`() async throws {
        let desk = try await BoardAPITests.desk()
        let all = try await desk.ask("GET", "hauls?sort=id")
        #expect(all.json["data"]?.array?.map { $0["marks"]?.array?.compactMap(\.text) ?? ["?"] } == [["late"], [], []])
        #expect(try await desk.ask("GET", "hauls/1").json["marks"]?.array?.compactMap(\.text) == ["late"])
        #expect(try await desk.ask("GET", "hauls?mark=late").titles == ["late"])
        #expect(try await desk.ask("GET", "hauls?mark=green").fields == ["mark"])
        #expect(try await desk.ask("GET", "chores").text.contains("marks") == false, "what has none says nothing of them")
    }

    @Test func `the schema names boards and marks`() async throws {
        let desk = try await BoardAPITests.desk()
        let hauls = try await desk.ask("GET", "schema").json["entities"]?.array?.first { $0["name"]?.text == "haul" }
        #expect(hauls?["boards"]?.array?.compactMap { $0["name"]?.text } == ["board", "open", "calendar", "recent"])
        #expect(hauls?["marks"]?.array?.compactMap { $0["title"]?.text } == ["Late", "Dear"])
    }
}
