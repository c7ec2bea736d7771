import Testing

/// Compares times, and so runs when nothing else does.
@Suite("Scope own leaks nothing by time") struct ColleagueTimeTests {
    @Test func `the time of an answer does not tell a colleague's record from none`() async throws {
        let office = try await ColleagueTests.office()
        let anna = Reader(host: office.host, email: office.anna)
        let his = office.his["leads"] ?? 0
        for address in ["/api/v1/leads/{id}", "/api/v1/leads/{id}/timeline", "/api/v1/leads/{id}/notes", "/admin/leads/{id}"] {
            var (foreign, absent) = (Duration.zero, Duration.zero)
            // What is told by time is told each time; what the machine does besides is not.
            for _ in 0..<5 {
                var times: [Int64: [Duration]] = [:]
                // By turns, so that what slows the machine down slows both; the quickest tell best what the work itself takes.
                for _ in 0..<60 {
                    for id in [his, 999_999] {
                        let begin = ContinuousClock.now
                        _ = await anna.read(address.replacing("{id}", with: String(id)))
                        times[id, default: []].append(ContinuousClock.now - begin)
                    }
                }
                (foreign, absent) = (times[his, default: []].sorted()[3], times[999_999, default: []].sorted()[3])
                if (0.6...1.6).contains(foreign / absent) { break }
            }
            #expect((0.6...1.6).contains(foreign / absent), "\(address): \(foreign) and \(absent)")
        }
    }
}
