import Testing

@testable import Kernel

@Suite("How long a file goes on while others wait") struct PatienceTests {
    private let start = ContinuousClock.now

    /// Who waits, as a file of 10,000 rows is told after so many seconds.
    private func isOver(_ rows: Int = 10_000, done: Int, after seconds: Double, waiting: (_ evenWithTime: Bool) -> Bool) -> Bool {
        var patience = Patience(rows: rows, since: start)
        return patience.isOver(done: done, at: start.advanced(by: .seconds(seconds)), waiting)
    }

    @Test func `people have their turn soon, however much is done`() {
        #expect(!isOver(done: 100, after: 0.5) { _ in true })
        #expect(isOver(done: 100, after: 1) { _ in true } && isOver(done: 9_900, after: 100) { _ in true })
        #expect(!isOver(done: 9_900, after: 100) { _ in false })
        // What fits into one piece is not worth it.
        #expect(!isOver(Importer.batchRows, done: 100, after: 10) { _ in true })
    }

    @Test func `those who have time wait for half a minute, and for the second half of a file`() {
        let jobs: (Bool) -> Bool = { $0 }
        #expect(!isOver(done: 100, after: 29, waiting: jobs))
        #expect(isOver(done: 100, after: 31, waiting: jobs) && isOver(done: 4_999, after: 300, waiting: jobs))
        #expect(!isOver(done: 5_000, after: 31, waiting: jobs) && !isOver(done: 9_000, after: 300, waiting: jobs))
    }

    @Test func `it is not asked for each row`() {
        var patience = Patience(rows: 10_000, since: start)
        var asked = 0
        for step in 0..<200 { _ = patience.isOver(done: step, at: start.advanced(by: .milliseconds(1000 + step))) { _ in asked += 1; return false } }
        #expect(asked == 2)
    }
}
