/// For how long requests are counted.
public struct RatePeriod: Sendable, Hashable {
    /// In milliseconds.
    public let milliseconds: Int64

    /// So many seconds, at least one.
    public static func seconds(_ count: Int) -> RatePeriod { RatePeriod(milliseconds: Int64(max(1, count)) * 1000) }
    /// A minute.
    public static let minute = RatePeriod.seconds(60)
    /// An hour.
    public static let hour = RatePeriod.seconds(3600)
    /// A day.
    public static let day = RatePeriod.seconds(86_400)
}

/// Whether something may be done now.
public struct Allowance: Sendable, Hashable {
    /// Whether it may.
    public var isGranted: Bool
    /// If not: in how many seconds it may, for the header `Retry-After`.
    public var secondsToWait: Int

    /// Makes an answer. For the kernel and for test doubles.
    public init(isGranted: Bool, secondsToWait: Int = 0) {
        self.isGranted = isGranted
        self.secondsToWait = secondsToWait
    }
}

extension ContextBackend {
    /// Test doubles allow everything.
    public func allow(_ key: String, atMost count: Int, per period: RatePeriod) -> Allowance { Allowance(isGranted: true) }
}

extension Context {
    /// Counts a request under a key of the plugin's own, and says whether there were too many within any stretch of the
    /// period: then it is not counted.
    ///
    /// Counted in memory, within this process: a restart begins anew, and where several processes serve one deployment each
    /// counts for itself. At most 20,000 keys are kept; beyond that, those with the fewest requests are forgotten.
    public func allow(_ key: String, atMost count: Int, per period: RatePeriod) -> Allowance {
        backend.allow(key, atMost: count, per: period)
    }

    /// Counts several at once, such as the records that one request brings: all of them, or none where they would be too many. More
    /// than `count` are never allowed.
    public func allow(_ key: String, _ several: Int, atMost count: Int, per period: RatePeriod) -> Allowance {
        backend.allow(key, several, atMost: count, per: period)
    }
}
