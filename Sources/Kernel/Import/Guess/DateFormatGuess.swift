/// Decides over a whole column how its days are written.
///
/// Every value votes with the set of formats that it fits. One order of day and month wins only when nothing
/// speaks for the other; a column in which everything fits both, or values contradict each other, is put to the user.
struct DateFormatGuess {
    enum Decision: Hashable, Sendable {
        /// The column has no values.
        case empty
        case decided(DateFormat)
        /// Either may be meant; the likelier first.
        case ambiguous([DateFormat])
        /// Most values are no days in any format.
        case none
    }

    struct Misfit: Hashable, Sendable {
        var line: Int
        var text: String
    }

    /// How many misfits are kept with their row; all are counted.
    static let keptMisfits: Int = 100

    private struct Votes {
        var count: Int = 0
        var examples: [Misfit] = []
        var withTime: Int = 0
    }

    /// By the set of formats that fit, as bits in the order of `DateFormat.all`.
    private var votes: [UInt32: Votes] = [:]
    private(set) var count: Int = 0

    init() {}

    mutating func add(_ text: String, line: Int) {
        let trimmed: String = text.trimmingWhitespace()
        if trimmed.isEmpty { return }
        count += 1
        var fits: UInt32 = 0
        var hasTime: Bool = false
        if let parsed = DateText(trimmed) {
            for (index, format) in DateFormat.all.enumerated() {
                guard let moment = parsed.moment(in: format) else { continue }
                fits |= 1 << UInt32(index)
                if let time = moment.time, !time.isMidnight { hasTime = true }
            }
        }
        votes[fits, default: Votes()].count += 1
        if hasTime { votes[fits]?.withTime += 1 }
        if votes[fits]?.examples.count ?? 0 < Self.keptMisfits {
            votes[fits]?.examples.append(Misfit(line: line, text: trimmed))
        }
    }

    var decision: Decision {
        if count == 0 { return .empty }
        let formats: [DateFormat] = DateFormat.all
        let fitting: [Int] = formats.indices.map { index in fitCount(UInt32(index)) }
        guard let best = fitting.max(), best * 2 > count, let winner = fitting.firstIndex(of: best) else { return .none }
        guard let rival = rival(of: winner, fitting: fitting) else { return .decided(formats[winner]) }
        return .ambiguous([formats[winner], formats[rival]])
    }

    /// Some value has a time of day beside midnight: the column is of moments rather than days.
    var hasTimes: Bool { votes.values.contains { $0.withTime > 0 } }

    /// The first values that do not fit a format, by row, and how many there are in all.
    func misfits(_ format: DateFormat) -> (count: Int, examples: [Misfit]) {
        guard let index = DateFormat.all.firstIndex(of: format) else { return (0, []) }
        var total: Int = 0
        var examples: [Misfit] = []
        for (fits, votes) in votes where fits & (1 << UInt32(index)) == 0 {
            total += votes.count
            examples.append(contentsOf: votes.examples)
        }
        examples.sort { $0.line < $1.line }
        return (total, Array(examples.prefix(Self.keptMisfits)))
    }

    private func fitCount(_ index: UInt32) -> Int {
        var sum: Int = 0
        for (fits, votes) in votes where fits & (1 << index) != 0 { sum += votes.count }
        return sum
    }

    /// The other order with the same separator, if nothing rules it out: the winner has no value of its own
    /// that the other lacks, or the other has values of its own too.
    private func rival(of winner: Int, fitting: [Int]) -> Int? {
        let formats: [DateFormat] = DateFormat.all
        for index in formats.indices where index != winner && formats[index].style == formats[winner].style {
            guard fitting[index] > 0 else { continue }
            var onlyWinner: Int = 0
            var onlyOther: Int = 0
            for (fits, votes) in votes {
                let fitsWinner: Bool = fits & (1 << UInt32(winner)) != 0
                let fitsOther: Bool = fits & (1 << UInt32(index)) != 0
                if fitsWinner && !fitsOther { onlyWinner += votes.count }
                if fitsOther && !fitsWinner { onlyOther += votes.count }
            }
            if onlyWinner == 0 || onlyOther > 0 { return index }
        }
        return nil
    }
}
