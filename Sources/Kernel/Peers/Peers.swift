import Logging
import PluginAPI
import Synchronization

/// This server among others on one database: it gives signs of life, follows what the others change, and has leases for what
/// only one server may do at a time. Where a database has one server there is none of this.
///
/// ### Coming and going
/// ``join(_:at:pace:)``, ``start(following:waking:)``, ``leave()``
/// ### The others
/// ``all()``, ``awaitOthers(following:)``
final class Peers: Sendable {
    /// How often it does what. Tests are in more of a hurry.
    struct Pace: Sendable {
        /// Between two looks at the log, in milliseconds.
        var look = 200
        /// Between two signs of life.
        var sign = 3000
        /// How long leases hold without one.
        var lease: Int64 = 15_000
        /// After so long without a look at the log everything is read anew.
        var memory = 60_000
    }

    let engine: any Engine
    let id: Int64
    let node: PeerNode
    let leases: Leases
    /// The process that this one takes the place of, if it waited for its turn to be replaced.
    private let replaced: Int64?
    private let pace: Pace
    private let time: SharedClock?
    private let logger = Logger(label: "tenon.peers")
    private let state: Mutex<State>
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    private struct State {
        /// The last entry of the log that is followed.
        var follows: Int64
        /// When the log was last looked at, and which run of the database that was.
        var lookedAt = ContinuousClock.now
        var run = ""
        /// Whether something could not be followed: everything is read anew.
        var isBehind = false
        var tasks: [Task<Void, Never>] = []
        var listener: (any Listening)?
    }

    private init(_ engine: any Engine, _ id: Int64, _ node: PeerNode, _ pace: Pace, _ time: SharedClock?, follows: Int64, replaced: Int64?) {
        self.time = time
        self.replaced = replaced
        self.engine = engine
        self.id = id
        self.node = node
        self.pace = pace
        leases = Leases(engine: engine, peer: id, length: pace.lease)
        state = Mutex(State(follows: follows))
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Coming

    /// Puts this server on record, before anything is read that others may change. What an earlier process at the same place had
    /// is free at once: it is gone, or this one could not be here.
    ///
    /// `time`: set by the database's clock from now on.
    static func join(_ engine: any Engine, at node: PeerNode, pace: Pace = Pace(), time: SharedClock? = nil) async throws -> Peers {
        let clock: String = engine.dialect.clock
        let (id, follows, replaced): (Int64, Int64, Int64?) = try await engine.write { connection in
            let replaced: Int64? = try connection.integer(
                "SELECT peer FROM tenon_lease WHERE name = ? AND peer IN (SELECT id FROM tenon_peer WHERE node = ?)",
                [.text(replacement), .text(node.name)])
            try connection.execute(
                "DELETE FROM tenon_lease WHERE name <> ? AND peer IN (SELECT id FROM tenon_peer WHERE node = ?)",
                [.text(replacement), .text(node.name)])
            try connection.execute("DELETE FROM tenon_peer WHERE node = ?", [.text(node.name)])
            let follows: Int64 = try ChangeLog.last(connection)
            let id: Int64? = try connection.integer(
                """
                INSERT INTO tenon_peer (node, host, process, version, address, started_at, seen_at, follows) \
                VALUES (?, ?, ?, ?, '', \(clock), \(clock), ?) RETURNING id
                """, [.text(node.name), .text(node.host), .integer(node.process), .text(Kernel.version), .integer(follows)])
            return (id ?? 0, follows, replaced)
        }
        let peers = Peers(engine, id, node, pace, time, follows: follows, replaced: replaced)
        try await peers.compareClocks()
        peers.begin { await peers.keepSigns() }
        peers.begin { await peers.keepWatch() }
        return peers
    }

    private func begin(_ body: @escaping @Sendable () async -> Void) {
        let task = Task { await body() }
        state.withLock { $0.tasks.append(task) }
    }

    /// Follows the others from now on. `waking` is called when work may be free that another server had.
    func start(
        following follow: @escaping @Sendable (SharedChange) async throws -> Void, waking wake: @escaping @Sendable () async -> Void
    ) {
        begin { [self] in await watchLog(follow) }
        begin { [self] in await watchWork(wake) }
        begin { [self] in await hurry() }
        // Told at once where the connection allows it; looking every now and then does it everywhere.
        let listener: (any Listening)? = engine.listen(ChangeLog.channel, besides: String(id)) { [signal] in signal.yield() }
        state.withLock { $0.listener = listener }
    }

    /// Shows the others where this server answers; the next one may have its worker replaced now.
    func announce(address: String) async {
        let (id, replaced): (Int64, Int64?) = (id, replaced)
        if let replaced {
            _ = try? await engine.write {
                try $0.execute("DELETE FROM tenon_lease WHERE name = ? AND peer = ?", [.text(Peers.replacement), .integer(replaced)])
            }
        }
        _ = try? await engine.aside { try $0.execute("UPDATE tenon_peer SET address = ? WHERE id = ?", [.text(address), .integer(id)]) }
    }

    // MARK: Going

    /// Gives back what it has and tells the others, who go on with its work.
    func leave() async {
        let (tasks, listener) = state.withLock { state in
            defer { (state.tasks, state.listener) = ([], nil) }
            return (state.tasks, state.listener)
        }
        listener?.close()
        for task in tasks { task.cancel() }
        signal.finish()
        for task in tasks { await task.value }
        let (id, dialect): (Int64, any Dialect) = (id, engine.dialect)
        do {
            try await engine.write { connection in
                // The turn to be replaced is given back by the process that takes this one's place.
                try connection.execute("DELETE FROM tenon_lease WHERE peer = ? AND name <> ?", [.integer(id), .text(Peers.replacement)])
                try connection.execute("UPDATE tenon_peer SET left_at = \(dialect.clock) WHERE id = ?", [.integer(id)])
                try ChangeLog.note(SharedChange(.deliveries, .jobs), by: id, connection, dialect)
            }
        } catch { logger.warning("the database does not know that this server ended: \(error)") }
    }

    /// The lease of the one server that may have its worker replaced.
    static let replacement = "replacement"

    // MARK: Signs of life

    private func keepSigns() async {
        var hasFailed = false
        while !Task.isCancelled {
            do {
                try await giveSign()
                hasFailed = false
            } catch {
                if !hasFailed, !Task.isCancelled { logger.warning("no sign of life: \(error)") }
                hasFailed = true
            }
            try? await Task.sleep(for: .milliseconds(hasFailed ? min(pace.sign, 500) : pace.sign))
        }
    }

    /// Says that this server is well, and extends what it has.
    func giveSign() async throws {
        let (id, node, dialect, follows): (Int64, PeerNode, any Dialect, Int64) = (id, node, engine.dialect, state.withLock { $0.follows })
        let isKnown: Bool = try await engine.aside { connection in
            try connection.execute(
                "UPDATE tenon_peer SET seen_at = \(dialect.clock), follows = ? WHERE id = ?", [.integer(follows), .integer(id)]) == 1
        }
        if !isKnown {
            // It was silent for so long that the others have forgotten it.
            state.withLock { $0.isBehind = true }
            _ = try await engine.aside { connection in
                try connection.execute(
                    """
                    INSERT INTO tenon_peer (id, node, host, process, version, address, started_at, seen_at, follows) \
                    VALUES (?, ?, ?, ?, ?, '', \(dialect.clock), \(dialect.clock), ?) ON CONFLICT DO NOTHING
                    """,
                    [.integer(id), .text(node.name), .text(node.host), .integer(node.process), .text(Kernel.version), .integer(follows)])
            }
        }
        try await leases.renew()
        try await compareClocks()
    }

    private func compareClocks() async throws {
        guard let time else { return }
        let clock: String = engine.dialect.clock
        let (before, database, after): (Moment, Int64, Moment) = try await engine.aside { connection in
            let before: Moment = time.machineNow
            let database: Int64 = try connection.integer("SELECT \(clock)") ?? 0
            return (before, database, time.machineNow)
        }
        time.set(database: database, between: before, and: after)
    }

    /// Ends what runs under leases that could not be extended: also while the database does not answer.
    private func keepWatch() async {
        while !Task.isCancelled {
            leases.giveUpOverdue()
            try? await Task.sleep(for: .milliseconds(min(250, pace.sign)))
        }
    }

    // MARK: Following

    private func hurry() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(pace.look))
            signal.yield()
        }
    }

    private func watchLog(_ follow: @escaping @Sendable (SharedChange) async throws -> Void) async {
        var hasFailed = false
        for await _ in signals {
            if Task.isCancelled { return }
            do {
                try await look(follow)
                hasFailed = false
                // Many changes in a row are followed together.
                try await Task.sleep(for: .milliseconds(20))
            } catch {
                state.withLock { $0.isBehind = true }
                if !hasFailed, !Task.isCancelled { logger.warning("the changes of other servers wait: \(error)") }
                hasFailed = true
                try? await Task.sleep(for: .milliseconds(pace.look))
            }
        }
    }

    /// Follows what others changed since the last look.
    func look(_ follow: @escaping @Sendable (SharedChange) async throws -> Void) async throws {
        let (before, isBehind, run, lookedAt) = state.withLock { ($0.follows, $0.isBehind, $0.run, $0.lookedAt) }
        let (id, now): (Int64, ContinuousClock.Instant) = (id, ContinuousClock.now)
        let (found, last, current): (SharedChange, Int64, String) = try await engine.aside { connection in
            let run: String = connection.isShared
                ? try connection.first("SELECT CAST(pg_postmaster_start_time() AS text)") { $0.text(0) } ?? "" : ""
            // After a crash of the database numbers that nobody was told about may come again.
            let isOlder: Bool = try ChangeLog.last(connection) < before
            let (change, last) = try ChangeLog.changes(after: isOlder ? 0 : before, notBy: id, connection)
            return (isOlder ? SharedChange(.everything) : change, isOlder ? try ChangeLog.last(connection) : last, run)
        }
        var change: SharedChange = found
        let isLate: Bool = now - lookedAt > .milliseconds(pace.memory)
        if isBehind || isLate || (current != run && !run.isEmpty) { change.flags.insert(.everything) }
        if !change.isEmpty { try await follow(change) }
        state.withLock { state in
            (state.follows, state.run, state.lookedAt, state.isBehind) = (last, current, now, false)
        }
        if change.has(.composition) { try await tellFollowing(last) }
    }

    private func tellFollowing(_ number: Int64) async throws {
        let id: Int64 = id
        try await engine.aside { connection in
            _ = try connection.execute("UPDATE tenon_peer SET follows = ? WHERE id = ?", [.integer(number), .integer(id)])
        }
    }

    /// Looks for work that a server which is gone has left: its leases are over, or nobody came when they were given back.
    private func watchWork(_ wake: @escaping @Sendable () async -> Void) async {
        var rounds = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(pace.sign))
            if Task.isCancelled { return }
            rounds += 1
            let (dialect, prunes): (any Dialect, Bool) = (engine.dialect, rounds % 20 == 0)
            let isFree: Bool = (try? await engine.aside { connection in
                if prunes {
                    try ChangeLog.prune(connection, dialect)
                    try Peer.prune(connection, dialect)
                }
                guard try connection.integer("SELECT 1 FROM tenon_lease WHERE until <= \(dialect.clock) LIMIT 1") != nil else { return false }
                // What nobody took over in this time nobody needs.
                try connection.execute("DELETE FROM tenon_lease WHERE until < \(dialect.clock) - 30000")
                return true
            }) ?? false
            if isFree || prunes { await wake() }
        }
    }

    // MARK: The others

    /// All servers on record.
    func all() async throws -> [Peer] { try await engine.aside { [dialect = engine.dialect] in try Peer.all($0, dialect) } }

    /// What each server has for itself now, by its number.
    func heldLeases() async throws -> [Int64: [String]] {
        try await engine.aside { [clock = engine.dialect.clock] connection in
            let rows: [(Int64, String)] = try connection.all("SELECT peer, name FROM tenon_lease WHERE until > \(clock)") {
                ($0.integer(0), $0.text(1))
            }
            return Dictionary(grouping: rows, by: \.0).mapValues { $0.map(\.1) }
        }
    }

    /// Waits until the other servers follow what is stored by now: before something goes that they still work with. Servers that
    /// are gone are not waited for, and nobody for longer than ten seconds.
    func awaitOthers() async throws {
        let last: Int64 = try await engine.aside { try ChangeLog.last($0) }
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while ContinuousClock.now < end {
            let behind: [Peer] = try await all().filter { $0.id != id && $0.state == .serving && $0.follows < last }
            if behind.isEmpty { return }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
