import Logging
import Synchronization

/// Copies of the database that follow the server where changes are stored. They are looked at twice a second: who is not far
/// behind may be read from, by whoever has stored nothing that has not arrived there yet.
final class PostgreSQLReplicas: Sendable {
    /// A copy, and how far it is.
    private final class Replica: Sendable {
        struct State {
            /// So much has arrived for certain.
            var position = LogPosition.beginning
            var isUsable = false
            var isLookedAt = false
        }

        let readers: PostgreSQLReaders
        let state = Mutex(State())
        let name: String

        init(_ address: PostgreSQLAddress, most: Int, name: String) {
            readers = PostgreSQLReaders(PostgreSQLDoor(address), most: most)
            self.name = name
        }
    }

    private struct State {
        /// Where the server's log stood, and when.
        var track = PostgreSQLTrack()
        /// Who is asked next.
        var turn = 0
        var looking: Task<Void, Never>?
    }

    /// A copy that is further behind is left out.
    private static let mostBehind: Duration = .seconds(5)
    private static let every: Duration = .milliseconds(500)

    private let replicas: [Replica]
    private let primary: PostgreSQLReaders
    private let state = Mutex(State())
    private let log = Logger(label: "tenon.replicas")

    init(_ addresses: [PostgreSQLAddress], of primary: PostgreSQLReaders, readers: Int) {
        replicas = addresses.enumerated().map { Replica($1, most: readers, name: "replica \($0 + 1)") }
        self.primary = primary
    }

    func start() {
        let looking = Task { [weak self] in
            while !Task.isCancelled {
                self?.look()
                try? await Task.sleep(for: PostgreSQLReplicas.every)
            }
        }
        state.withLock { $0.looking = looking }
    }

    /// Reads from a copy that has all up to a position; nil where none has, or the one that was asked could not answer.
    func read<T: Sendable>(
        after position: LogPosition, _ body: @escaping @Sendable (PostgreSQLConnection) throws -> T
    ) async throws -> T? {
        guard let replica = pick(after: position) else { return nil }
        do {
            return try await replica.readers.read(body)
        } catch let error as PostgreSQLError where PostgreSQLReplicas.isItsOwn(error) {
            // Away, or a row that was being read had to go there as it went on the server.
            if error.isLost { replica.state.withLock { $0.isUsable = false } }
            return nil
        }
    }

    /// Whether another server may have an answer where this one had none.
    private static func isItsOwn(_ error: PostgreSQLError) -> Bool {
        error.isLost || PostgreSQLDialect().isTemporary(error) || error.state == "25006" || error.state == "42P01"
    }

    private func pick(after position: LogPosition) -> Replica? {
        let first: Int = state.withLock { state in
            state.turn &+= 1
            return state.turn & Int.max
        }
        for offset in replicas.indices {
            let replica: Replica = replicas[(first % replicas.count + offset) % replicas.count]
            if replica.state.withLock({ $0.isUsable && $0.position >= position }) { return replica }
        }
        return nil
    }

    // MARK: Looking at them

    private func look() {
        Task {
            let now = ContinuousClock.now
            let current: LogPosition? = try? await primary.read { try PostgreSQLReplicas.position("pg_current_wal_lsn()", $0) }
            if let current { state.withLock { $0.track.add(current, at: now) } }
        }
        for replica in replicas { Task { await look(at: replica) } }
    }

    private func look(at replica: Replica) async {
        // One that does not answer is asked again when the last question is over.
        let isAsked: Bool = replica.state.withLock { state in
            defer { state.isLookedAt = true }
            return state.isLookedAt
        }
        guard !isAsked else { return }
        defer { replica.state.withLock { $0.isLookedAt = false } }
        let found: LogPosition?
        var problem = "it does not answer"
        do {
            // Nil from a server that follows nobody.
            found = try await replica.readers.read { try PostgreSQLReplicas.position("pg_last_wal_replay_lsn()", $0) }
            if found == nil { problem = "it is no replica" }
        } catch {
            found = nil
            problem = "\(error)"
        }
        let isUsable: Bool
        if let found {
            let behind: Duration? = state.withLock { $0.track.behind(found, at: ContinuousClock.now) }
            isUsable = behind.map { $0 <= PostgreSQLReplicas.mostBehind } ?? false
            if let behind, !isUsable { problem = "it is \(behind.components.seconds) seconds behind" }
        } else {
            isUsable = false
        }
        let was: Bool = replica.state.withLock { state in
            defer {
                if let found { state.position = found }
                state.isUsable = isUsable
            }
            return state.isUsable
        }
        if was && !isUsable { log.warning("\(replica.name) is left out: \(problem)") }
        if !was && isUsable { log.notice("\(replica.name) is read from") }
    }

    private static func position(_ function: String, _ connection: PostgreSQLConnection) throws -> LogPosition? {
        LogPosition(try connection.first("SELECT \(function)::text", []) { $0.optionalText(0) } ?? nil)
    }

    func close() {
        state.withLock { $0.looking?.cancel() }
        for replica in replicas { replica.readers.close() }
    }
}

/// Where a server's log stood in the last minute: a copy that has come to a place is as far behind as the time that has gone
/// since the server left it.
struct PostgreSQLTrack {
    private static let most = 120
    private var steps: [(position: LogPosition, at: ContinuousClock.Instant)] = []

    mutating func add(_ position: LogPosition, at moment: ContinuousClock.Instant) {
        // While nothing is stored, the place is held by the latest look at it.
        if steps.last?.position == position { steps.removeLast() }
        steps.append((position, moment))
        if steps.count > PostgreSQLTrack.most { steps.removeFirst() }
    }

    /// Nil when that is not known: the server was not there, or the copy is further behind than anybody remembers.
    func behind(_ position: LogPosition, at now: ContinuousClock.Instant) -> Duration? {
        guard let last = steps.last else { return nil }
        if position >= last.position { return .zero }
        return steps.last { $0.position <= position }.map { now - $0.at }
    }
}
