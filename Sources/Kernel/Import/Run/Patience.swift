/// How long one transaction with all rows of a file goes on while others wait for their turn.
struct Patience {
    /// So long nobody minds.
    private static let span: Duration = .milliseconds(700)
    /// So long those who have time wait themselves, such as jobs that are due.
    private static let longSpan: Duration = .seconds(30)

    private let start = ContinuousClock.now
    private var lastLook = ContinuousClock.now
    /// What fits into one piece is done in no time.
    private let isShort: Bool

    init(rows: Int) { isShort = rows <= Importer.batchRows }

    /// To be asked after some rows: whether it has taken long, and others wait.
    /// - Parameter othersWait: told whether those count too who have time; what is written down for its own sake never does.
    mutating func isOver(_ othersWait: (_ evenWithTime: Bool) throws -> Bool) rethrows -> Bool {
        guard !isShort else { return false }
        let now = ContinuousClock.now
        guard now - start > Self.span, now - lastLook > .milliseconds(100) else { return false }
        lastLook = now
        return try othersWait(now - start > Self.longSpan)
    }
}
