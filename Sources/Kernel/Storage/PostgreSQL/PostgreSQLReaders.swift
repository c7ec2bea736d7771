import Dispatch
import Synchronization

/// The connections that only read, a few for everyone: who finds none idle waits for the next that is given back.
final class PostgreSQLReaders: Sendable {
    /// Called with a connection, or with nothing where one may be made.
    private typealias Turn = @Sendable (Result<PostgreSQLConnection?, any Error>) -> Void

    /// NB: a struct around the closures, as everywhere closures are kept under a lock.
    private struct Waiting: Sendable {
        let turn: Turn
    }

    private struct State {
        var idle: [PostgreSQLConnection] = []
        var open = 0
        var waiting: [Waiting] = []
        var isClosed = false
        /// How many wait for the server on threads that answer requests.
        var inPlace = 0
    }

    private let door: PostgreSQLDoor
    private let most: Int
    private let state = Mutex(State())
    /// So many threads that answer requests may wait for the server themselves, which saves two changes of thread: never all of them, so
    /// that slow queries hold up nothing else.
    private static let mostInPlace: Int = RequestThreads.usualCount - 1
    private let threads = DispatchQueue(label: "tenon.readers", attributes: .concurrent)

    init(_ door: PostgreSQLDoor, most: Int) {
        self.door = door
        self.most = most
    }

    /// Runs a closure over one consistent view.
    func read<T: Sendable>(_ body: @escaping @Sendable (PostgreSQLConnection) throws -> T) async throws -> T {
        if RequestThreads.isCurrent, let idle = takeInPlace() {
            defer { state.withLock { $0.inPlace -= 1 } }
            return try within(idle, body)
        }
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            take { [self] turn in
                continuation.resume(with: Result { try within(turn.get(), body) })
            }
        }
    }

    private static let start = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    /// One way to the server and back for a closure that asks one thing: the transaction begins with that, and nobody waits for its end.
    ///
    /// - Parameter place: what was taken: an idle connection, or the right to make one.
    private func within<T>(_ place: PostgreSQLConnection?, _ body: (PostgreSQLConnection) throws -> T) throws -> T {
        var idle: PostgreSQLConnection? = place
        while true {
            let connection: PostgreSQLConnection
            do {
                connection = try door.beginLater(PostgreSQLReaders.start, on: idle)
            } catch {
                lose()
                throw error
            }
            do {
                let result: T = try body(connection)
                try connection.leave("COMMIT")
                give(back: connection)
                return result
            } catch {
                if connection.isLost, !connection.isAnswered, idle != nil {
                    // It had died while nobody used it: nothing was read yet, so nothing is read twice.
                    idle = nil
                    continue
                }
                let isSound: Bool = !connection.isLost && (try? connection.leave("ROLLBACK")) != nil
                if isSound { give(back: connection) } else { lose() }
                throw error
            }
        }
    }

    private func takeInPlace() -> PostgreSQLConnection? {
        state.withLock { state in
            guard !state.isClosed, state.waiting.isEmpty, state.inPlace < PostgreSQLReaders.mostInPlace, let idle = state.idle.popLast() else {
                return nil
            }
            state.inPlace += 1
            return idle
        }
    }

    /// Runs a closure with a connection on a thread that may wait.
    private func take(_ turn: @escaping Turn) {
        enum Step { case use(PostgreSQLConnection), connect, wait, closed }
        let step: Step = state.withLock { state in
            if state.isClosed { return .closed }
            if let idle = state.idle.popLast() { return .use(idle) }
            if state.open < most {
                state.open += 1
                return .connect
            }
            state.waiting.append(Waiting(turn: turn))
            return .wait
        }
        switch step {
        case .use(let connection): threads.async { turn(.success(connection)) }
        case .connect: threads.async { turn(.success(nil)) }
        case .wait: break
        case .closed: turn(.failure(PostgreSQLError(state: "", message: "the database is closed")))
        }
    }

    private func give(back connection: PostgreSQLConnection) {
        let next: Waiting? = state.withLock { state in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            if state.isClosed { state.open -= 1 } else { state.idle.append(connection) }
            return nil
        }
        if let next { threads.async { next.turn(.success(connection)) } }
    }

    /// A connection that is gone makes room for a new one.
    private func lose() {
        let next: Waiting? = state.withLock { state in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.open -= 1
            return nil
        }
        if let next { threads.async { next.turn(.success(nil)) } }
    }

    func close() {
        let (idle, waiting) = state.withLock { state in
            defer {
                state.open -= state.idle.count
                state.idle = []
                state.waiting = []
            }
            state.isClosed = true
            return (state.idle, state.waiting)
        }
        for waiting in waiting { waiting.turn(.failure(PostgreSQLError(state: "", message: "the database is closed"))) }
        withExtendedLifetime(idle) {}
    }
}
