import PluginAPI

/// Spoils inputs, the same way in every run: bytes changed, taken out, doubled, repeated, replaced by what is awkward, cut off.
struct Mutator {
    private var random: SeededRandom
    private let scraps: [[UInt8]]
    private let seeds: [[UInt8]]

    /// What is awkward for most readers.
    static let scraps: [String] = [
        "", "\u{0}", "\u{FEFF}", "\r", "\n", "\r\n", "\t", " ", "\"", "\"\"", "'", ",", ";", "|", ":", "=", "\\", "(", ")", "[", "{", "-", "+", "@", "%", "%00", ".", "..", "/",
        "null", "NaN", "1e999", "-0", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999", "0001-01-01", "9999-12-31", "31.02.2026",
        "ä", "é", "😀", "👩‍👩‍👧", "\u{202E}", "\u{200B}", "a\u{301}\u{301}\u{301}", "=1+1", "'=1+1", "<script>", "--", "' OR 1=1",
    ]

    init(seed: UInt64, seeds: [[UInt8]], scraps: [String] = []) {
        random = SeededRandom(seed: seed)
        self.seeds = seeds
        self.scraps = (Mutator.scraps + scraps).map { Array($0.utf8) }
    }

    init(seed: UInt64, texts: [String], scraps: [String] = []) {
        self.init(seed: seed, seeds: texts.map { Array($0.utf8) }, scraps: scraps)
    }

    mutating func number(_ bounds: ClosedRange<Int>) -> Int { random.number(bounds) }

    /// Another input.
    mutating func next() -> [UInt8] {
        var bytes = random.pick(seeds)
        for _ in 0..<random.number(1...4) {
            let at = random.number(0...bytes.count)
            let to = min(bytes.count, at + random.number(0...8))
            switch random.number(0...8) {
            case 0: if at < bytes.count { bytes[at] = UInt8(random.number(0...255)) }
            case 1: if at < bytes.count { bytes[at] ^= 1 << UInt8(random.number(0...7)) }
            case 2: bytes.replaceSubrange(at..<to, with: random.pick(scraps))
            case 3: bytes.insert(contentsOf: random.pick(scraps), at: at)
            case 4: bytes.removeSubrange(at..<to)
            case 5: bytes.insert(contentsOf: bytes[at..<to], at: at)
            case 6:
                // Much of the same, which is what quadratic work shows at.
                let piece: [UInt8] = random.chance(50) ? Array(bytes[at..<to]) : random.pick(scraps)
                bytes.insert(contentsOf: (0..<random.number(1...200)).flatMap { _ in piece }, at: at)
            case 7:
                let other = random.pick(seeds)
                let start = random.number(0...other.count)
                bytes.replaceSubrange(at..., with: other[start...])
            default: bytes.removeSubrange(at...)
            }
        }
        return bytes
    }
}

/// How long a fuzzer may go on, and that it went on long enough to be worth something.
struct FuzzRun {
    private let end: ContinuousClock.Instant
    private(set) var rounds = 0
    private let least: Int
    private let most: Int
    private(set) var slowest: Duration = .zero

    /// Goes on for so many seconds, but never for fewer than so many rounds or more than so many.
    init(seconds: Double, least: Int = 301, most: Int) {
        end = ContinuousClock.now + .milliseconds(Int64(seconds * 1000))
        self.least = least
        self.most = most
    }

    var goesOn: Bool { rounds < most && (rounds < least || ContinuousClock.now < end) }

    /// Does one round and keeps the time of the slowest.
    mutating func round<T>(_ body: () throws -> T) rethrows -> T {
        rounds += 1
        let begin = ContinuousClock.now
        defer { slowest = max(slowest, ContinuousClock.now - begin) }
        return try body()
    }
}
