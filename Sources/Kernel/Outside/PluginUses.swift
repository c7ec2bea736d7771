import PluginAPI
import Synchronization

/// Counts what plugins did beyond their own records, and what was refused to them: in memory while it happens, stored some
/// seconds later in one row for each plugin, kind and target.
final class PluginUses: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case read, write, connect, mail, files, elevate, setting, job, hook

        /// What it is to do it to something.
        func words(_ target: String) -> String {
            switch self {
            case .read: "read \(target)"
            case .write: "write \(target)"
            case .connect: "send requests to \(target)"
            case .mail: "send mail to \(target)"
            case .files: "keep files"
            case .elevate: "act with every right (\(target))"
            case .setting: "read the setting \(target)"
            case .job: "queue the job \(target)"
            case .hook: "send the hook \(target)"
            }
        }
    }

    /// One row: how often, and when for the first and the last time.
    struct Entry: Sendable, Hashable {
        var plugin: String
        var kind: Kind
        var target: String
        var isRefused: Bool
        var count: Int64
        var firstAt: Moment
        var lastAt: Moment
    }

    private struct Key: Hashable {
        let plugin: String
        let kind: Kind
        let target: String
        let isRefused: Bool
    }
    private struct Tally {
        var count: Int64 = 0
        var firstAt: Moment
        var lastAt: Moment
    }

    /// More different targets than this are counted as one, until they are stored.
    private static let most = 500

    private let clock: any Clock
    private let tallies = Mutex<[Key: Tally]>([:])
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private let loop = Mutex<Task<Void, Never>?>(nil)

    init(clock: any Clock = SystemClock()) {
        self.clock = clock
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func note(_ plugin: String, _ kind: Kind, _ target: String, isRefused: Bool) {
        let now = clock.now
        let isFirst: Bool = tallies.withLock { tallies in
            let wasEmpty = tallies.isEmpty
            var key = Key(plugin: plugin, kind: kind, target: target.utf8.count > 200 ? String(target.prefix(200)) : target, isRefused: isRefused)
            if tallies.count >= PluginUses.most, tallies[key] == nil {
                key = Key(plugin: plugin, kind: kind, target: "others", isRefused: isRefused)
            }
            var tally: Tally = tallies[key] ?? Tally(firstAt: now, lastAt: now)
            tally.count += 1
            tally.lastAt = now
            tallies[key] = tally
            return wasEmpty
        }
        if isFirst { signal.yield() }
    }

    /// Stores what was counted, some seconds after the first of it.
    func start(_ engine: any Engine, log: @escaping @Sendable (String) -> Void) {
        loop.withLock { loop in
            guard loop == nil else { return }
            loop = Task { [clock, signals] in
                for await _ in signals {
                    await clock.wait(until: clock.now.adding(seconds: 10))
                    if Task.isCancelled { return }
                    do {
                        try await WriterTurn.$haste.withValue(.whenever) { try await self.flush(to: engine) }
                    } catch { log("uses of plugins are not stored yet: \(error)") }
                }
            }
        }
    }

    /// Stores what is left.
    func stop(_ engine: any Engine) async throws {
        let running = loop.withLock { $0 }
        running?.cancel()
        await running?.value
        try await flush(to: engine)
    }

    /// Stores what was counted since the last time. What cannot be stored is kept for the next time.
    func flush(to engine: any Engine) async throws {
        let taken: [Key: Tally] = tallies.withLock { tallies in
            defer { tallies = [:] }
            return tallies
        }
        guard !taken.isEmpty else { return }
        do {
            try await engine.write { connection in
                for (key, tally) in taken { try PluginUses.store(key, tally, connection) }
            }
        } catch {
            tallies.withLock { tallies in
                tallies.merge(taken) { later, earlier in
                    Tally(count: later.count + earlier.count, firstAt: earlier.firstAt, lastAt: later.lastAt)
                }
            }
            signal.yield()
            throw error
        }
    }

    private static func store(_ key: Key, _ tally: Tally, _ connection: any Connection) throws {
        try connection.execute(
            """
            INSERT INTO tenon_plugin_use (plugin, kind, target, refused, count, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?) \
            ON CONFLICT (plugin, kind, target, refused) \
            DO UPDATE SET count = tenon_plugin_use.count + excluded.count, last_at = excluded.last_at
            """,
            [
                .text(key.plugin), .text(key.kind.rawValue), .text(key.target), .integer(key.isRefused ? 1 : 0), .integer(tally.count),
                .integer(tally.firstAt.milliseconds), .integer(tally.lastAt.milliseconds),
            ])
    }

    /// What is known of a plugin, with what was just counted; the latest first, refusals before the rest.
    func entries(of plugin: String, _ engine: any Engine) async throws -> [Entry] {
        try await flush(to: engine)
        return try await engine.read { connection in
            try connection.all(
                """
                SELECT kind, target, refused, count, first_at, last_at FROM tenon_plugin_use WHERE plugin = ? \
                ORDER BY refused DESC, last_at DESC, kind, target LIMIT 200
                """, [.text(plugin)]
            ) { row in
                Entry(
                    plugin: plugin, kind: Kind(rawValue: row.text(0)) ?? .read, target: row.text(1), isRefused: row.integer(2) != 0,
                    count: row.integer(3), firstAt: Moment(milliseconds: row.integer(4)), lastAt: Moment(milliseconds: row.integer(5)))
            }
        }
    }
}
