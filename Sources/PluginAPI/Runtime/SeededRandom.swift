/// Random numbers that are the same in every run: for demo data and tests, not for secrets.
///
/// ```swift
/// var random = SeededRandom(seed: 7)
/// let city = random.pick(cities)
/// ```
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Begins a sequence.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits (SplitMix64, Sebastiano Vigna, public domain).
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number within bounds, both included.
    public mutating func number(_ bounds: ClosedRange<Int>) -> Int {
        let count = UInt64(bounds.upperBound - bounds.lowerBound) + 1
        return bounds.lowerBound + Int(next() % count)
    }

    /// True in so many of a hundred cases.
    public mutating func chance(_ percent: Int) -> Bool { number(0...99) < percent }

    /// One of several, each as likely as the other. There must be one.
    public mutating func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }

    /// The place of one of several weights, as likely as its weight says. One must be above zero.
    public mutating func pick(weights: [Int]) -> Int {
        var left = number(1...weights.reduce(0, +))
        for (place, weight) in weights.enumerated() {
            left -= weight
            if left <= 0 { return place }
        }
        return weights.count - 1
    }
}
