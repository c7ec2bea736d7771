public import FoundationEssentials
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The time of a ``TestHost``, which stands still until a test moves it on: schedules, due dates and "in the last thirty days"
/// become plain facts.
///
/// ```swift
/// let clock = try FixedClock("2026-05-04T09:00:00Z")
/// let host = try await TestHost.start(clock: clock)
/// try clock.advance(days: 30)
/// try await host.settle()
/// ```
public final class FixedClock: Sendable {
    /// Where the product under test reads the time: eight bytes, the milliseconds since 1970, in the machine's order.
    let path: String
    private let milliseconds: Mutex<Int64>

    /// Makes a clock that shows a moment, written as in `2026-05-04T09:00:00Z`.
    public init(_ moment: String = "2026-05-04T09:00:00Z") throws {
        path = FileManager.default.temporaryDirectory.path + "/tenon-clock-" + UUID().uuidString
        milliseconds = Mutex(try FixedClock.read(moment))
        try store()
    }

    deinit { unlink(path) }

    /// What the clock shows.
    public var now: Date { Date(timeIntervalSince1970: Double(milliseconds.withLock { $0 }) / 1000) }

    /// Shows another moment.
    public func set(_ moment: String) throws {
        let read = try FixedClock.read(moment)
        milliseconds.withLock { $0 = read }
        try store()
    }

    /// Moves on.
    public func advance(days: Int = 0, hours: Int = 0, minutes: Int = 0, seconds: Int = 0) throws {
        let all = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        milliseconds.withLock { $0 += Int64(all) * 1000 }
        try store()
    }

    private static func read(_ moment: String) throws -> Int64 {
        Int64((try Date(moment, strategy: .iso8601).timeIntervalSince1970 * 1000).rounded())
    }

    /// One write of eight bytes: whoever reads sees the old moment or the new one.
    private func store() throws {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw HostProblem("the clock \(path) could not be set: \(HostProblem.lastError)") }
        defer { close(file) }
        var now = milliseconds.withLock { $0 }
        guard pwrite(file, &now, 8, 0) == 8 else { throw HostProblem("the clock \(path) could not be set: \(HostProblem.lastError)") }
    }
}
