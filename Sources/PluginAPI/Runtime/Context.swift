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
    /// Sends a request to a system outside.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
    /// Sends a message by the deployment's mail server.
    func send(_ mail: Mail) async throws
    /// The bytes of a file of the plugin, or nil.
    func readFile(_ name: String) async throws -> [UInt8]?
    /// Writes a file of the plugin.
    func writeFile(_ name: String, _ bytes: [UInt8]) async throws
    /// Deletes a file of the plugin.
    func deleteFile(_ name: String) async throws
    /// The names of the plugin's files.
    func listFiles() async throws -> [String]
    /// Counts a request under a key, unless there were too many.
    func allow(_ key: String, atMost count: Int, per period: RatePeriod) -> Allowance
    /// Counts several at once under a key, or none of them where they would be too many.
    func allow(_ key: String, _ several: Int, atMost count: Int, per period: RatePeriod) -> Allowance
    /// HMAC with SHA-256.
    func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8]
    /// Bytes that nobody can guess.
    func randomBytes(_ count: Int) throws -> [UInt8]
}

/// What test doubles need not have.
extension ContextBackend {
    /// Counts one by one.
    public func allow(_ key: String, _ several: Int, atMost count: Int, per period: RatePeriod) -> Allowance {
        var allowance: Allowance = allow(key, atMost: count, per: period)
        for _ in 1..<max(1, several) where allowance.isGranted { allowance = allow(key, atMost: count, per: period) }
        return allowance
    }
    /// Throws: there is no way outside here.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        throw CRMError(.unavailable, "there is no way to systems outside here")
    }
    /// Throws: there is no mail server here.
    public func send(_ mail: Mail) async throws { throw CRMError(.unavailable, "there is no mail server here") }
    /// Throws: there are no files here.
    public func readFile(_ name: String) async throws -> [UInt8]? { throw CRMError(.unavailable, "there are no files here") }
    /// Throws: there are no files here.
    public func writeFile(_ name: String, _ bytes: [UInt8]) async throws { throw CRMError(.unavailable, "there are no files here") }
    /// Throws: there are no files here.
    public func deleteFile(_ name: String) async throws { throw CRMError(.unavailable, "there are no files here") }
    /// Throws: there are no files here.
    public func listFiles() async throws -> [String] { throw CRMError(.unavailable, "there are no files here") }
}

/// What work outside a transaction (jobs, `after`, routes) is given.
public struct Context: Sendable {
    let backend: any ContextBackend

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
    /// The kernel's side, for what the kernel itself contributes; nil when it is of another type.
    public func backend<B: ContextBackend>(as _: B.Type) -> B? { backend as? B }
    /// Writes a line to the product's log, under the plugin's name.
    public func log(_ message: String) { backend.log(message) }
}
