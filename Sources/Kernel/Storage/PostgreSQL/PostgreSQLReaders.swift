import Dispatch

/// The connections that only read, a few for everyone: who finds none waits for the next that is given back.
final class PostgreSQLReaders: Sendable {
    /// The right to read once.
    private struct Turn: Sendable {
        /// Nil where a connection may be made.
        var idle: PostgreSQLConnection?
        /// By which one is told from others on the threads that answer requests; nil elsewhere.
        var number: UInt64?
    }

    /// NB: a struct around the continuation, as everywhere closures are kept under a lock.
    private struct Waiting: Sendable {
        let continuation: CheckedContinuation<Turn, any Error>
    }

    private struct State {
        let most: Int
        var idle: [PostgreSQLConnection] = []
        var open = 0
        var isClosed = false
        /// Who waits: on threads that answer requests, and elsewhere.
        var here: [Waiting] = []
        var elsewhere: [Waiting] = []
        /// The turns on threads that answer requests, and the next one's number.
        var turns: [UInt64] = []
        var next: UInt64 = 1
        /// Whether somebody looks how long the turns take, the next turn's number when that was last done, and the time before.
        var isLooking = false
        var mark: UInt64 = 0
        var formerMark: UInt64 = 0

        /// One fewer than there are threads that answer requests: with more, the cores change from one to the next instead of working. Two
        /// connections at least are left for whoever reads elsewhere, unless turns take long: each of those makes room for another one.
        private var mostHere: Int { max(1, min(most - 2, RequestThreads.usualCount - 1)) + turns.count { $0 < formerMark } }

        mutating func take(isHere: Bool) throws -> Turn? {
            if isClosed { throw PostgreSQLReaders.closed }
            guard !isHere || turns.count < mostHere, !idle.isEmpty || open < most else { return nil }
            var turn = Turn(idle: idle.popLast())
            if turn.idle == nil { open += 1 }
            if isHere {
                turn.number = next
                turns.append(next)
                next += 1
            }
            return turn
        }

        mutating func end(_ turn: Turn) {
            if let number = turn.number { turns.removeAll { $0 == number } }
        }

        /// The next who need not wait any more.
        mutating func nextTurn() -> (Waiting, Turn)? {
            if !elsewhere.isEmpty, let turn = try? take(isHere: false) { return (elsewhere.removeFirst(), turn) }
            if !here.isEmpty, let turn = try? take(isHere: true) { return (here.removeFirst(), turn) }
            return nil
        }

        /// Whether somebody is to look again later.
        mutating func look() -> Bool {
            isLooking = !here.isEmpty
            (formerMark, mark) = isLooking ? (mark, next) : (0, 0)
            return isLooking
        }
    }

    private let door: PostgreSQLDoor
    private let state: BriefLock<State>
    /// A turn on a thread that answers requests takes long when it is under way at two looks.
    private static let look: DispatchTimeInterval = .milliseconds(5)
    private static let closed = PostgreSQLError(state: "", message: "the database is closed")
    private let threads = DispatchQueue(label: "tenon.readers", attributes: .concurrent)

    init(_ door: PostgreSQLDoor, most: Int) {
        self.door = door
        state = BriefLock(State(most: most))
    }

    /// Runs a closure over one consistent view. A thread that answers requests waits for the server itself, which saves two changes of
    /// thread; whoever runs elsewhere must not.
    func read<T: Sendable>(_ body: @escaping @Sendable (PostgreSQLConnection) throws -> T) async throws -> T {
        let turn: Turn
        let isHere: Bool = RequestThreads.isCurrent
        if let free = try state.withLock({ try $0.take(isHere: isHere) }) { turn = free } else { turn = try await wait(isHere: isHere) }
        if let own = RequestThreads.current { return try own.waiting { try within(turn, body) } }
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            threads.async { [self] in continuation.resume(with: Result { try within(turn, body) }) }
        }
    }

    /// One way to the server and back for a closure that asks one thing: the transaction begins with that, and nobody waits for its end.
    private func within<T>(_ turn: Turn, _ body: (PostgreSQLConnection) throws -> T) throws -> T {
        var idle: PostgreSQLConnection? = turn.idle
        while true {
            let connection: PostgreSQLConnection
            do {
                connection = try door.beginReading(on: idle)
            } catch {
                end(turn, nil)
                throw error
            }
            do {
                let result: T = try body(connection)
                // What was read stands, whatever becomes of the connection.
                leave(turn, connection)
                return result
            } catch {
                if connection.isLost, !connection.isAnswered, idle != nil {
                    // It had died while nobody used it: nothing was read yet, so nothing is read twice.
                    idle = nil
                    continue
                }
                leave(turn, connection, isSound: false)
                throw error
            }
        }
    }

    private func leave(_ turn: Turn, _ connection: PostgreSQLConnection, isSound: Bool = true) {
        let isUsable: Bool = !connection.isLost && (try? connection.leaveReading(isSound: isSound)) != nil
        end(turn, isUsable ? connection : nil)
    }

    private func wait(isHere: Bool) async throws -> Turn {
        try await withCheckedThrowingContinuation { continuation in
            var looks = false
            // There may be room by now.
            let found: Result<Turn, any Error>? = state.withLock { state in
                do {
                    if let turn = try state.take(isHere: isHere) { return .success(turn) }
                } catch { return .failure(error) }
                let waiting = Waiting(continuation: continuation)
                if isHere { state.here.append(waiting) } else { state.elsewhere.append(waiting) }
                if isHere, !state.isLooking { looks = state.look() }
                return nil
            }
            if looks { lookLater() }
            if let found { continuation.resume(with: found) }
        }
    }

    private func lookLater() {
        threads.asyncAfter(deadline: .now() + PostgreSQLReaders.look) { [weak self] in
            guard let self else { return }
            if state.withLock({ $0.look() }) { lookLater() }
            while let (waiting, turn) = state.withLock({ $0.nextTurn() }) { waiting.continuation.resume(returning: turn) }
        }
    }

    /// Ends a turn, and gives back its connection; nil for one that is gone, which makes room for a new one.
    private func end(_ turn: Turn, _ connection: PostgreSQLConnection?) {
        let next: (Waiting, Turn)? = state.withLock { state in
            state.end(turn)
            if let connection, !state.isClosed { state.idle.append(connection) } else { state.open -= 1 }
            return state.nextTurn()
        }
        if let (waiting, turn) = next { waiting.continuation.resume(returning: turn) }
    }

    func close() {
        let (idle, waiting) = state.withLock { state in
            defer {
                state.open -= state.idle.count
                (state.idle, state.here, state.elsewhere) = ([], [], [])
            }
            state.isClosed = true
            return (state.idle, state.here + state.elsewhere)
        }
        for waiting in waiting { waiting.continuation.resume(throwing: PostgreSQLReaders.closed) }
        withExtendedLifetime(idle) {}
    }
}
