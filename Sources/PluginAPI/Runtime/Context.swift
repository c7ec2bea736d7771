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
    /// Runs a closure in a transaction that also notes the end of what is under way: a run of a job, a delivery.
    func finish<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T
    /// What the work that is under way is known by, the same each time that it is tried again; nil where there is none.
    var idempotencyKey: String? { get }
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
    /// Nil: nothing is under way here that could be tried again.
    public var idempotencyKey: String? { nil }
    /// Writes: nothing is under way here whose end could be noted.
    public func finish<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T { try await write(body) }
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
    /// Reads and writes in one transaction that also notes the end of this run of a job, or of this delivery to `after`: both are
    /// stored or neither is, so what the closure does is done once, whenever the process is killed.
    ///
    /// ```swift
    /// crm.job("visits.remind", .daily(at: "07:00")) { context in
    ///     try await context.finish { transaction in try remindVisitors(transaction) }
    /// }
    /// ```
    ///
    /// It is the last that a run stores. When it throws, nothing is stored and the run is not over: it may be tried again here, or
    /// the error passed on, and then the product runs the whole again later. What is thrown after it is logged and changes nothing.
    /// Throws `refused` when the run is over already, and `unavailable` when another server has taken it over in the meantime. In
    /// routes, where nothing is under way that could be over, it is `write`.
    ///
    /// What reaches systems outside belongs before it and may happen more than once: see ``idempotencyKey``.
    public func finish<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await backend.finish(body)
    }
    /// What this run of a job, or this delivery to `after`, is known by: the same text whenever it is tried again, after a failure
    /// or a crash, and another for every other run and delivery. Nil in routes, which nobody tries again but who called them.
    ///
    /// A system outside may be asked twice, since its answer can be lost. Send this along, as the header `idempotency-key` or
    /// whatever that system calls it, so that it knows the second as a repetition. 26 to 64 letters, digits, `-` and `_`. Mail needs
    /// nothing of the kind: the same message of the same run has the same `Message-ID`.
    public var idempotencyKey: String? { backend.idempotencyKey }
    /// The kernel's side, for what the kernel itself contributes; nil when it is of another type.
    public func backend<B: ContextBackend>(as _: B.Type) -> B? { backend as? B }
    /// Writes a line to the product's log, under the plugin's name.
    public func log(_ message: String) { backend.log(message) }
}
