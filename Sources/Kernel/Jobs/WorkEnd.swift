import PluginAPI
import Synchronization

/// The end of what is under way in the background, a run of a job or a delivery, for the transaction that stores what it did: both
/// are stored or neither is. It is refused where somebody else may be doing the same by now.
final class WorkEnd: Sendable {
    /// What it is called in an error: `run 7 of board.tidy`.
    let what: String
    /// The same whenever it is tried again.
    let key: String
    /// What only one server may do at a time.
    let lease: Lease?
    private let note: @Sendable (any Connection) throws -> Bool
    private let stored = Atomic<Bool>(false)

    /// - Parameter note: notes the end within a transaction; false when it is not under way here any more.
    init(_ what: String, key: String, lease: Lease?, note: @escaping @Sendable (any Connection) throws -> Bool) {
        self.what = what
        self.key = key
        self.lease = lease
        self.note = note
    }

    /// Whether it is known to be stored. Where the way to the database broke while it was, nobody knows: what is noted then has to
    /// look first.
    var isStored: Bool { stored.load(ordering: .acquiring) }

    /// Carries out a transaction, which has to do what it is handed before its own work.
    func store<T>(_ transaction: (_ first: @escaping @Sendable (any Connection) throws -> Void) async throws -> T) async throws -> T {
        let result: T = try await transaction { [self] connection in
            try lease?.require(connection)
            guard !isStored, try note(connection) else {
                throw CRMError.refused("\(what) is over already", hint: "Whatever is stored with its end is stored once.")
            }
        }
        stored.store(true, ordering: .releasing)
        return result
    }

    /// A key from what tells one piece of work from all others.
    static func key(_ kind: String, _ parts: String...) -> String {
        kind + "_" + Secrets.fingerprint(parts.joined(separator: "\n")).prefix(24)
    }
}

extension Context {
    /// The same for work that has an end.
    func ending(with end: WorkEnd) -> Context {
        guard var backend = backend(as: StoreContext.self) else { return self }
        backend.end = end
        return Context(backend)
    }
}
