/// What the kernel does for work outside a transaction. For the kernel and for test doubles; plugins use `Context`.
public protocol ContextBackend: Sendable {
    /// The user for whom the work is done; nil for the product itself.
    var userID: RecordID? { get }
    /// Now.
    var now: Moment { get }
    /// Runs a closure in a transaction that only reads.
    func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T
    /// Runs a closure in a transaction.
    func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T
    /// Writes a line to the log.
    func log(_ message: String)
}

/// What work outside a transaction (jobs, `after`, routes) is given.
public struct Context: Sendable {
    private let backend: any ContextBackend

    /// Wraps the kernel's side. For the kernel.
    public init(_ backend: any ContextBackend) { self.backend = backend }

    /// The user for whom the work is done; nil for the product itself.
    public var user: Reference<User>? { backend.userID.map { Reference($0) } }
    /// Now, by the deployment's clock.
    public var now: Moment { backend.now }
    /// Reads in one consistent view.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await backend.read(body)
    }
    /// Reads and writes in one transaction: all of it is stored or none.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await backend.write(body)
    }
    /// Writes a line to the product's log, under the plugin's name.
    public func log(_ message: String) { backend.log(message) }
}
