import PluginAPI

/// How long to wait before another attempt, and how many there are.
struct Backoff: Sendable {
    /// Attempts in all; after the last one it has failed.
    let attempts: Int
    private let first: Int64 = 10_000
    /// The longest time, in milliseconds, for which something is put off.
    static let longest: Int64 = 6 * 3_600_000

    /// Deliveries of hooks.
    static let deliveries = Backoff(attempts: 8)
    /// Events for addresses outside: five days and a half.
    static let webhooks = Backoff(attempts: 28)
    /// Jobs: one run and three retries.
    static let jobs = Backoff(attempts: 4)

    /// When to try again after so many attempts; nil when that was the last. 10 s, then four times longer each, 6 h at most.
    func next(after made: Int, now: Moment) -> Moment? {
        guard made < attempts else { return nil }
        var wait = first
        for _ in 1..<max(made, 1) where wait < Backoff.longest { wait *= 4 }
        return Moment(milliseconds: now.milliseconds + min(wait, Backoff.longest))
    }
}

/// What is kept of an error: enough to act on, never a novel.
func shortened(_ error: any Error) -> String {
    String(String(describing: error).prefix(2000))
}

/// Makes what background work is given: for a user or the product itself, named in the audit trail, for a plugin.
typealias MakeContext = @Sendable (_ user: Int64?, _ via: String, _ plugin: String) -> Context
