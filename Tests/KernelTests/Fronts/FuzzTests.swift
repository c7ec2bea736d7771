import PluginAPI
import Testing

@testable import Kernel

/// Requests that are almost right, three thousand of them, the same ones in every run.
@Suite struct FuzzTests {
    private struct Seed {
        let method: String
        let path: String
        var body = ""
    }

    private static let seeds = [
        Seed(method: "GET", path: "chores?points.gte=1&cost.lt=100&sort=-due&limit=10&q=sweep&count=true"),
        Seed(method: "GET", path: "chores?due=today&begins.gt=-14d&step.empty=true&tags=1&place.in=home,garden&fields=title,cost"),
        Seed(method: "GET", path: "chores/1"), Seed(method: "GET", path: "chores/board?limit=5&urgent=true"),
        Seed(method: "GET", path: "chores/1/timeline?limit=3&cursor=4"), Seed(method: "GET", path: "chores/1/actions/end"),
        Seed(method: "GET", path: "search?q=swe&limit=5&entity=chores"), Seed(method: "GET", path: "access/explain?user=me&entity=chore&right=edit&record=1"),
        Seed(method: "GET", path: "schema"), Seed(method: "GET", path: "tokens"), Seed(method: "GET", path: "users?email=boss@example.org"),
        Seed(method: "POST", path: "chores", body: #"{"title": "Sweep", "cost": {"amount": "10.50", "currency": "EUR"}, "hours": 1.5, "due": "2026-05-01", "tags": [1, "a"], "begins": "2026-05-01T10:00:00Z", "step": "To do", "notes": "ä\u00e9"}"#),
        Seed(method: "PATCH", path: "chores/1", body: #"{"points": 12, "place": "garden", "urgent": true, "after": null, "contact_email": "a@example.org"}"#),
        Seed(method: "POST", path: "chores/1/move", body: #"{"column": 1, "below": 2}"#),
        Seed(method: "POST", path: "chores/1/actions/end", body: #"{"reason": "done", "bill": true, "bill_name": "x", "with_remark": false}"#),
        Seed(method: "POST", path: "chores/bulk", body: #"{"ids": [1, 2, 3], "update": {"points": 7, "title": "Bulk"}}"#),
        Seed(method: "POST", path: "tokens", body: #"{"name": "t", "days": 30}"#), Seed(method: "PATCH", path: "settings", body: #"{"kernel.name": "Home", "kernel.currency": "EUR"}"#),
        Seed(method: "POST", path: "users", body: #"{"name": "N", "email": "n@example.org", "roles": [1], "active": true}"#),
        Seed(method: "PATCH", path: "roles/2", body: #"{"grants": {"everything": false, "entities": {"chore": {"view": "own"}}}}"#), Seed(method: "DELETE", path: "chores/3"),
    ]
    private static let scraps = [
        "9223372036854775807", "-9223372036854775808", "1e309", "-0", "0", "null", "[]", "{}", "\"", "\\", "\\u0000", "\u{0}", "😀", "ä", ",", ":", "{", "}", "%", "%00", "%ff", "=", "&",
        ".", "..", "/", "*", "'", ";", "--", "\" OR 1=1", "true", "id", "version", "created_at", "9999-12-31", "0001-01-01", "-40000d", "99999999999d", "me", "today", "\n", " ", "",
    ]

    private static func mutated(_ text: String, _ random: inout SeededRandom) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<random.number(1...3) {
            let at = random.number(0...bytes.count)
            let to = min(bytes.count, at + random.number(0...6))
            switch random.number(0...4) {
            case 0: bytes.replaceSubrange(at..<to, with: random.pick(scraps).utf8)
            case 1: bytes.insert(contentsOf: random.pick(scraps).utf8, at: at)
            case 2: if at < bytes.count { bytes[at] = UInt8(random.number(0...255)) }
            case 3: bytes.removeSubrange(at..<to)
            default: bytes.insert(contentsOf: bytes[at..<to], at: at)
            }
        }
        return bytes
    }

    @Test func `no request makes the product fail`() async throws {
        let desk = try await FrontDesk()
        try await desk.ask("POST", "steps", #"{"name": "To do"}"#)
        try await desk.ask("POST", "tags", #"{"name": "a"}"#)
        for number in 1...5 { try await desk.chore("Sweep \(number)", #""step": 1, "points": \#(number), "cost": "\#(number)""#) }
        var random = SeededRandom(seed: 20_260_302)
        var statuses: [Int: Int] = [:]
        for _ in 0..<3000 {
            let seed = random.pick(FuzzTests.seeds)
            let changesPath = seed.body.isEmpty || random.chance(30)
            let path = changesPath ? String(decoding: FuzzTests.mutated(seed.path, &random), as: UTF8.self) : seed.path
            let body = changesPath && random.chance(50) ? Array(seed.body.utf8) : FuzzTests.mutated(seed.body, &random)
            var headers: [String: String] = [:]
            if random.chance(10) { headers["if-match"] = random.pick(FuzzTests.scraps) }
            if random.chance(10) { headers["idempotency-key"] = random.pick(FuzzTests.scraps) }
            if random.chance(10) { headers["if-none-match"] = random.pick(FuzzTests.scraps) }
            let user = random.chance(20) ? FrontDesk.agent : FrontDesk.boss
            let answer = try await desk.ask(seed.method, path, bytes: body, headers: headers, as: user)
            statuses[answer.status, default: 0] += 1
            #expect(answer.status < 500, "\(seed.method) \(path) \(String(decoding: body, as: UTF8.self)): \(answer.text)")
        }
        // The fuzz is worth something only if requests get past the first check, and if many are refused.
        #expect(statuses[200, default: 0] > 300, "\(statuses)")
        #expect(statuses[422, default: 0] > 300, "\(statuses)")
        #expect(statuses[400, default: 0] > 100, "\(statuses)")
        #expect(try await desk.kernel.store.engine.integrityProblems() == [])
    }
}
