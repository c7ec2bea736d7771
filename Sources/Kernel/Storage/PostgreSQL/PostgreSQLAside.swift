import Dispatch
import Synchronization

/// A connection for short transactions that wait for nobody: neither for the writers' turn nor for a reader's connection.
///
/// NB: unchecked, because its queue alone touches the connection.
final class PostgreSQLAside: @unchecked Sendable {
    private let door: PostgreSQLDoor
    private let queue = DispatchQueue(label: "tenon.aside")
    private var kept: PostgreSQLConnection?
    private var isClosed = false

    init(_ door: PostgreSQLDoor) { self.door = door }

    func run<T: Sendable>(_ body: @escaping @Sendable (PostgreSQLConnection) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            queue.async { continuation.resume(with: Result { try self.within(body) }) }
        }
    }

    private func within<T>(_ body: (PostgreSQLConnection) throws -> T) throws -> T {
        if isClosed { throw PostgreSQLError(state: "", message: "the database is closed") }
        let connection = try door.begin("BEGIN; SET LOCAL synchronous_commit TO off; SET LOCAL statement_timeout TO '5s'", on: kept)
        kept = connection
        do {
            let result: T = try body(connection)
            try connection.requireSound()
            try connection.command("COMMIT")
            return result
        } catch {
            connection.forget()
            if connection.isLost || (try? connection.command("ROLLBACK")) == nil { kept = nil }
            throw error
        }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                (self.isClosed, self.kept) = (true, nil)
                continuation.resume()
            }
        }
    }
}
