/// How long one transaction with all rows of a file goes on while others wait for their turn.
struct Patience {
    /// So long nobody minds.
    private static let span: Duration = .milliseconds(700)
    private static let lookEvery: Int = 50

    private let start = ContinuousClock.now
    private var seen = 0
    private var lastLook = ContinuousClock.now
    /// What fits into one piece is done in no time.
    private let isShort: Bool

    init(rows: Int) { isShort = rows <= Importer.batchRows }

    /// To be asked after each row: whether it has taken long, and others wait.
    mutating func isOver(_ othersWait: () throws -> Bool) rethrows -> Bool {
        seen += 1
        guard !isShort, seen.isMultiple(of: Self.lookEvery) else { return false }
        let now = ContinuousClock.now
        guard now - start > Self.span, now - lastLook > .milliseconds(100) else { return false }
        lastLook = now
        return try othersWait()
    }
}
