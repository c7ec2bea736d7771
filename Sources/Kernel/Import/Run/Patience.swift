/// How long one transaction with all rows of a file goes on while others wait for their turn.
struct Patience {
    /// So long nobody minds.
    private static let span: Duration = .milliseconds(700)
    /// So long those who have time wait themselves, such as jobs that are due; and longer where half of it is done, since to give way is to do
    /// all of it once more.
    private static let longSpan: Duration = .seconds(30)

    private let start: ContinuousClock.Instant
    private var lastLook: ContinuousClock.Instant
    private let rows: Int

    init(rows: Int, since start: ContinuousClock.Instant = .now) {
        self.rows = rows
        (self.start, lastLook) = (start, start)
    }

    /// To be asked after some rows: whether it has taken long, and others wait.
    /// - Parameter done: so many rows so far.
    /// - Parameter othersWait: told whether those count too who have time; what is written down for its own sake never does.
    mutating func isOver(done: Int, at now: ContinuousClock.Instant = .now, _ othersWait: (_ evenWithTime: Bool) throws -> Bool) rethrows -> Bool {
        // What fits into one piece is done in no time.
        guard rows > Importer.batchRows else { return false }
        guard now - start > Self.span, now - lastLook > .milliseconds(100) else { return false }
        lastLook = now
        return try othersWait(now - start > Self.longSpan && done * 2 < rows)
    }
}
