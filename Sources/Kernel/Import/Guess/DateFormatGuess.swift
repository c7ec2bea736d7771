/// Decides over a whole column how its days are written.
///
/// Every value votes with the set of formats that it fits. One order of day and month wins only when nothing
/// speaks for the other; a column in which everything fits both, or values contradict each other, is put to the user. Where
/// no single format fits all that are days, each value is read in its own way, and only what could be either is asked about.
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
        let trimmed: String = text.trimmed
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
        let readable: Int = count - (votes[0]?.count ?? 0)
        guard readable * 2 > count, let best = fitting.max(), let winner = fitting.firstIndex(of: best) else { return .none }
        guard best == readable else { return mixed }
        guard let rival = rival(of: winner, fitting: fitting) else { return .decided(formats[winner]) }
        return .ambiguous([formats[winner], formats[rival]])
    }

    /// What is to be done about a column that is written in several ways.
    private var mixed: Decision {
        var (days, months, either, pointed): (Int, Int, Int, Int) = (0, 0, 0, 0)
        for (fits, votes) in votes {
            let orders: (day: Bool, month: Bool, isPointed: Bool) = self.orders(fits)
            if orders.isPointed {
                pointed += votes.count
            } else if orders.day && orders.month {
                either += votes.count
            } else {
                if orders.day { days += votes.count }
                if orders.month { months += votes.count }
            }
        }
        let dayIsLikelier: Bool = days == months ? pointed > 0 : days > months
        if either == 0 || (days > 0) != (months > 0) { return .decided(dayIsLikelier ? .dayFirst : .monthFirst) }
        return .ambiguous(dayIsLikelier ? [.dayFirst, .monthFirst] : [.monthFirst, .dayFirst])
    }

    /// Which of day and month may stand first in values that fit these formats, and whether points stand between the numbers.
    private func orders(_ fits: UInt32) -> (day: Bool, month: Bool, isPointed: Bool) {
        var orders: (day: Bool, month: Bool, isPointed: Bool) = (false, false, false)
        for (index, format) in DateFormat.all.enumerated() where fits & (1 << UInt32(index)) != 0 {
            guard case .separated(let mark) = format.style, format.order != .yearMonthDay else { continue }
            if format.order == .dayMonthYear { orders.day = true } else { orders.month = true }
            if mark == UInt8(ascii: ".") { orders.isPointed = true }
        }
        return orders
    }

    /// The first values in which day and month could be either, as examples for a question.
    var unclear: [String] {
        // Where ways are mixed, those with points are not asked about.
        var isMixed: Bool = false
        if case .ambiguous(let formats) = decision { isMixed = formats.contains(.dayFirst) }
        let unclear: [Misfit] = votes.filter { fits, _ in
            let orders = self.orders(fits)
            return orders.day && orders.month && !(isMixed && orders.isPointed)
        }.flatMap(\.value.examples)
        var examples: [String] = []
        for misfit in unclear.sorted(by: { $0.line < $1.line }) where examples.count < 3 && !examples.contains(misfit.text) {
            examples.append(misfit.text)
        }
        return examples
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
