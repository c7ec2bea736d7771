import Synchronization

/// Makes connections. While a server does not answer, it is asked again only now and then, longer apart each time, and whoever
/// wants a connection in between is told at once.
final class PostgreSQLDoor: Sendable {
    private struct State {
        var failure: PostgreSQLError?
        /// Until when nobody tries.
        var rest = ContinuousClock.now
        var pause: Duration = .zero
    }

    private static let firstPause: Duration = .milliseconds(50)
    private static let longestPause: Duration = .seconds(1)

    let address: PostgreSQLAddress
    private let state = Mutex(State())

    init(_ address: PostgreSQLAddress) { self.address = address }

    func connect() throws -> PostgreSQLConnection {
        let known: PostgreSQLError? = state.withLock { state in ContinuousClock.now < state.rest ? state.failure : nil }
        if let known { throw known }
        do {
            let connection = try PostgreSQLConnection(address)
            state.withLock { $0 = State() }
            return connection
        } catch let failure as PostgreSQLError {
            state.withLock { state in
                state.failure = failure
                state.pause = min(max(state.pause * 2, PostgreSQLDoor.firstPause), PostgreSQLDoor.longestPause)
                state.rest = ContinuousClock.now + state.pause
            }
            throw failure
        }
    }

    /// A connection with a transaction open, begun by these statements. One that had been idle may have died since: then the
    /// transaction begins on a new one.
    func begin(_ statements: String, on idle: PostgreSQLConnection?) throws -> PostgreSQLConnection {
        if let idle, !idle.isLost {
            do {
                try idle.command(statements)
                return idle
            } catch where idle.isLost {
                // Nothing was done yet, so nothing is done twice.
            }
        }
        let connection: PostgreSQLConnection = try connect()
        try connection.command(statements)
        return connection
    }

    /// The same for a transaction that only reads: what begins it goes along with its first question.
    func beginReading(on idle: PostgreSQLConnection?) throws -> PostgreSQLConnection {
        let connection: PostgreSQLConnection
        if let idle, idle.isReady() { connection = idle } else { connection = try connect() }
        try connection.beginReading()
        return connection
    }
}
