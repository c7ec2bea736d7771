import Testing

@testable import Kernel

/// More than so many days ago: any number of days, in the address.
@Suite struct OlderFilterTests {
    @Test func `a list takes any number of days ago for days and moments`() async throws {
        let desk = try await FrontDesk()
        try await desk.chore("long ago", #""due": "2026-01-01""#)
        try await desk.chore("a week ago", #""due": "2026-02-23""#)
        try await desk.chore("today", #""due": "2026-03-02""#)
        #expect(try await desk.ask("GET", "chores?due.older=30").titles == ["long ago"])
        #expect(try await desk.ask("GET", "chores?due.older=6&sort=due").titles == ["long ago", "a week ago"])
        #expect(try await desk.ask("GET", "chores?due.older=7&sort=due").titles == ["long ago"], "more than seven days, not seven")
        #expect(try await desk.ask("GET", "chores?created_at.older=1").titles == [])
    }

    @Test(arguments: ["due.older=soon", "due.older=-1", "points.older=3", "due.older=99999"])
    func `what is no number of days, and what is no day, is refused`(query: String) async throws {
        let answer = try await FrontDesk().ask("GET", "chores?\(query)")
        #expect(answer.status == 422 || answer.status == 400)
        #expect(answer.fields == [String(query.prefix { $0 != "=" })])
    }
}
