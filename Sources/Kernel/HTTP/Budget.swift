import Synchronization

/// So much of something at a time, for all together.
final class Budget: Sendable {
    let limit: Int
    private let used = Atomic<Int>(0)

    init(_ limit: Int) { self.limit = limit }

    var now: Int { used.load(ordering: .relaxed) }
    /// Whether nothing is left.
    var isSpent: Bool { now >= limit }
    /// From here on, what could be spared is given up.
    var isScarce: Bool { now >= limit - limit / 4 }

    /// Takes some, if there is so much left.
    func take(_ count: Int) -> Bool {
        let after: Int = used.add(count, ordering: .relaxed).newValue
        if after <= limit { return true }
        used.subtract(count, ordering: .relaxed)
        return false
    }

    /// Takes some in any case: of what is there already.
    func add(_ count: Int) { used.add(count, ordering: .relaxed) }
    func give(back count: Int) { used.subtract(count, ordering: .relaxed) }
}
