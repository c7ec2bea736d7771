import Logging
import PluginAPI

/// Work of a plugin outside a transaction: jobs, deliveries after a commit, routes.
struct StoreContext: ContextBackend {
    let store: Store
    let actor: Actor
    let plugin: String
    let logger: Logger
    /// Nil where there is no way outside, as in some tests.
    let outside: OutsideServices?
    /// How what is under way is brought to its end; nil where nothing is.
    var end: WorkEnd?

    init(store: Store, actor: Actor, plugin: String, outside: OutsideServices? = nil) {
        self.store = store
        self.actor = actor
        self.plugin = plugin
        self.outside = outside
        logger = Logger(label: "plugin." + plugin)
    }

    var userID: RecordID? { actor.userID.map { RecordID($0) } }
    var now: Moment { store.clock.now }

    func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await store.read(as: actor) { try body($0.transaction(for: plugin)) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await holding { try await store.write(as: actor) { try body($0.transaction(for: plugin)) } }
    }

    func finish<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        guard let end else { return try await write(body) }
        return try await holding {
            try await end.store { first in
                try await store.write(as: actor) { transaction in
                    try first(transaction.connection)
                    return try body(transaction.transaction(for: plugin))
                }
            }
        }
    }

    var idempotencyKey: String? { end?.key }

    /// Under the lease of what is under way, also in a task that the plugin made beside it.
    private func holding<T: Sendable>(_ work: () async throws -> T) async throws -> T {
        guard let lease = end?.lease, Lease.current !== lease else { return try await work() }
        return try await Lease.$current.withValue(lease) { try await work() }
    }

    func log(_ message: String) { logger.info("\(message)") }

    // MARK: Outside

    /// What the plugin may do, as of now; nil for the kernel's own work, which nobody restricts.
    private var warrant: Warrant? { store.registry.warrant(of: plugin) }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let address = try OutgoingAddress(request.url)
        try warrant?.connect(to: address, store.calls.uses)
        guard let outside else { throw CRMError(.unavailable, "there is no way to systems outside here") }
        return try await outside.client.send(request, .init(timeout: request.timeout))
    }

    func send(_ mail: Mail) async throws {
        let message = Result { try MailMessage(mail) }
        // Whoever may not send any is told so first, whatever is wrong with the message.
        try warrant?.mail(to: (try? message.get())?.domains ?? [], store.calls.uses)
        guard let post = outside?.mail else { throw CRMError(.unavailable, "there is no mail server here") }
        let checked: MailMessage = try message.get()
        try await post.send(checked, at: now, id: end.map { checked.id(under: $0.key) })
    }

    func readFile(_ name: String) async throws -> [UInt8]? { try folder().read(name) }
    func writeFile(_ name: String, _ bytes: [UInt8]) async throws { try folder().write(name, bytes) }
    func deleteFile(_ name: String) async throws { try folder().delete(name) }
    func listFiles() async throws -> [String] { try folder().list() }

    func allow(_ key: String, atMost count: Int, per period: RatePeriod) -> Allowance {
        store.calls.limits.ask(plugin + " " + key, atMost: count, per: period.milliseconds, at: now)
    }

    func allow(_ key: String, _ several: Int, atMost count: Int, per period: RatePeriod) -> Allowance {
        store.calls.limits.ask(plugin + " " + key, several, atMost: count, per: period.milliseconds, at: now)
    }

    func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] { Secrets.hmac(bytes, key: key) }
    func randomBytes(_ count: Int) throws -> [UInt8] { try Secrets.bytes(count) }

    private func folder() throws -> PluginFolder {
        try warrant?.files(store.calls.uses)
        guard let outside else { throw CRMError(.unavailable, "there are no files here") }
        return PluginFolder(of: plugin, in: outside.filesFolder)
    }
}
