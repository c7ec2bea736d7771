import PluginAPI
import Testing

@testable import Kernel

/// Questions to lists, boards and exports that are almost right, answered by the whole product.
@Suite struct QueryFuzzTests {
    private static let seeds: [String] = [
        "points.gte=1&cost.lt=100&sort=-due&limit=10&q=sweep&count=true", "due=today&begins.gt=-14d&step.empty=true&tags=1&place.in=home,garden", "where=points > 5 and step.name = \"To do\"",
        "where=not (cost = null)&fields=title,cost&sort=id", "title.contains=a&title.starts=S&points.ne=3&due.older=30", "cursor=eyJ&limit=1&sort=title", "step=1&step=2&urgent=true&view=1",
        "assigned_to=me&created_at.lte=+3d&updated_at=2026-03-01", "rows=place&board=steps&within=1&limit=0", "mark=urgent&set_aside=1&metric=chores.made", "group=step,place&by=month&period=all&periods=12",
    ]
    private static let paths: [String] = ["chores", "chores/board", "chores/export", "chores/cards", "search", "metrics/chores.made", "changes", "chores/1/timeline", "access/explain", "receipts", "users"]

    @Test(arguments: [UInt64(31), 32])
    func `no question makes the product fail`(seed: UInt64) async throws {
        let desk = try await FrontDesk()
        try await desk.ask("POST", "steps", #"{"name": "To do"}"#)
        for number in 1...3 { try await desk.chore("Sweep \(number)", #""step": 1, "points": \#(number), "cost": "\#(number)""#) }
        var mutator = Mutator(seed: seed, texts: QueryFuzzTests.seeds, scraps: ["&", ".gte=", ".in=", ".older=", "where=", "sort=", "cursor=", "%27", "%22", "%F0%9F%98%80", "+", "-1d", "me"])
        var run = FuzzRun(seconds: 12, most: 2500)
        var statuses: [Int: Int] = [:]
        while run.goesOn {
            let text = String(decoding: mutator.next(), as: UTF8.self)
            let path = QueryFuzzTests.paths[mutator.number(0...QueryFuzzTests.paths.count - 1)]
            let begin = ContinuousClock.now
            let answer = try await desk.ask("GET", path + "?" + text, as: mutator.number(0...3) == 0 ? FrontDesk.agent : FrontDesk.boss)
            run.round {}
            statuses[answer.status, default: 0] += 1
            #expect(answer.status < 500, "\(path)?\(text): \(answer.text)")
            #expect(ContinuousClock.now - begin < .seconds(5), "\(path)?\(text)")
        }
        #expect(run.rounds > 150 && statuses[200, default: 0] > 20 && statuses[422, default: 0] > 20, "\(run.rounds) rounds: \(statuses)")
    }

    /// What JSON and forms are made of, spoiled: no trap, and a time that grows with the size alone.
    @Test func `a spoiled body is read or refused`() {
        let texts: [String] = [
            #"{"ids": [1, 2, 3], "update": {"points": 7, "title": "ä\u00e9\ud83d\ude00"}, "x": [[[[]]]], "n": -1.5e10}"#, #"{"grants": {"entities": {"chore": {"view": "own"}}}}"#, "[]", "\"\"", "1",
        ]
        var mutator = Mutator(seed: 41, texts: texts, scraps: ["\\u", "\\ud83d", "[", "{\"a\":", "1e", "-", "tru", "\u{7F}"])
        var run = FuzzRun(seconds: 6, most: 6000)
        while run.goesOn {
            let bytes = mutator.next()
            if let value = run.round({ try? JSONValue(parsing: bytes) }) {
                #expect((try? JSONValue(parsing: Array(value.text().utf8))) == value, "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(run.rounds > 300 && run.slowest < .seconds(3), "\(run.rounds) rounds, the slowest took \(run.slowest)")
    }

    @Test func `a spoiled form is read or refused`() {
        let parts = "--b\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\nlead\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\r\n1,2\r\n--b--\r\n"
        for (type, texts) in [("multipart/form-data; boundary=b", [parts]), ("application/x-www-form-urlencoded", ["a=1&b=%C3%A9&a=2&csrf=x", "=&&&%"])] {
            var mutator = Mutator(seed: 51, texts: texts, scraps: ["--b", "--b--", "\r\n\r\n", "name=\"", "filename=\"", "%", "%zz", "&", "="])
            var run = FuzzRun(seconds: 5, most: 4000)
            while run.goesOn {
                var request = FrontRequest(method: "POST", path: ["admin"])
                request.headers["content-type"] = type
                request.body = mutator.next()
                let form = run.round { try? FormBody(request) }
                var size = 0
                for field in form?.fields ?? [] { size += field.value.utf8.count }
                for file in form?.files ?? [] { size += file.bytes.count }
                #expect(size <= request.body.count)
            }
            #expect(run.rounds > 300 && run.slowest < .seconds(3), "\(run.rounds) rounds, the slowest took \(run.slowest)")
        }
        // The head of a part that never ends is not read to its end.
        var request = FrontRequest(method: "POST", path: ["admin"])
        request.headers["content-type"] = "multipart/form-data; boundary=b"
        request.body = Array("--b\r\nX: ".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 8 << 20) + Array("\r\n\r\nx\r\n--b--".utf8)
        let begin = ContinuousClock.now
        #expect(throws: CRMError.self) { try FormBody(request) }
        #expect(ContinuousClock.now - begin < .seconds(5))
    }
}
