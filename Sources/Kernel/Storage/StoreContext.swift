import Logging
import PluginAPI

/// Work of a plugin outside a transaction: jobs, deliveries after a commit, routes.
struct StoreContext: ContextBackend {
    let store: Store
    let actor: Actor
    let logger: Logger

    init(store: Store, actor: Actor, plugin: String) {
        self.store = store
        self.actor = actor
        logger = Logger(label: "plugin." + plugin)
    }

    var userID: RecordID? { actor.userID.map { RecordID($0) } }
    var now: Moment { store.clock.now }

    func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await store.read(as: actor) { try body($0.transaction) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await store.write(as: actor) { try body($0.transaction) }
    }

    func log(_ message: String) { logger.info("\(message)") }
}
