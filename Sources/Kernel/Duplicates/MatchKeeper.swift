import PluginAPI
import Synchronization

/// Makes the keys of records that were there before the rules: in batches, in the background, or at once for those who ask.
final class MatchKeeper: Sendable {
    private static let batch = 500
    private static let secondsAfterFailure = 30.0

    /// Until when nothing is tried again after a batch that could not be stored.
    private final class Rest: Sendable {
        let until = Mutex<Moment?>(nil)
    }

    private let store: Store
    private let rights: @Sendable () -> RightsSnapshot
    private let loop: WorkLoop

    init(store: Store, rights: @escaping @Sendable () -> RightsSnapshot, log: @escaping @Sendable (String) -> Void) {
        self.store = store
        self.rights = rights
        let rest = Rest()
        loop = WorkLoop(width: 1, clock: store.clock, log: log) { busy in
            guard busy.isEmpty else { return WorkLoop.Survey() }
            let actor = Actor.system("duplicates", rights: rights())
            let waiting: EntityModel? = try await store.read(as: actor) { tx in try tx.registry.entities.first { try !MatchKeeper.isReady($0, tx) } }
            var survey = WorkLoop.Survey()
            guard let name = waiting?.name else { return survey }
            if let until = rest.until.withLock({ $0 }), until > store.clock.now {
                survey.next = until
                return survey
            }
            survey.ready = [
                WorkLoop.Piece(lane: "duplicates") {
                    do {
                        try await store.write(as: actor) { try MatchKeeper.step(name, $0) }
                        rest.until.withLock { $0 = nil }
                    } catch {
                        rest.until.withLock { $0 = store.clock.now.adding(seconds: MatchKeeper.secondsAfterFailure) }
                        log("the keys of duplicates wait: \(error)")
                    }
                    return true
                }
            ]
            return survey
        }
    }

    func start() { loop.start() }
    func stop() async { await loop.stop() }
    func wake() { loop.wake() }

    /// Makes what is missing for an entity and returns when all is there.
    func complete(_ entity: EntityModel) async throws {
        let actor = Actor.system("duplicates", rights: rights())
        while try await !store.read(as: actor, { try MatchKeeper.isReady(entity, $0) }) {
            try await store.write(as: actor) { try MatchKeeper.step(entity.name, $0) }
        }
    }

    // MARK: State

    private static func signature(_ entity: EntityModel) -> String { entity.duplicates.map(\.signature).joined(separator: "; ") }

    private static func state(_ entity: String, _ connection: any Connection) throws -> (rules: String, after: Int64, isDone: Bool)? {
        try connection.first("SELECT rules, after, done FROM tenon_match_rule WHERE entity = ?", [.text(entity)]) {
            ($0.text(0), $0.integer(1), $0.integer(2) == 1)
        }
    }

    static func isReady(_ entity: EntityModel, _ tx: StoreTransaction) throws -> Bool {
        let state = try state(entity.name, tx.connection)
        if entity.duplicates.isEmpty { return state == nil }
        guard let state else { return false }
        return state.isDone && state.rules == signature(entity)
    }

    /// Does the next batch of an entity, as the registry has it now.
    static func step(_ name: String, _ tx: StoreTransaction) throws {
        let connection: any Connection = tx.connection
        guard let entity = tx.registry.entity(name) else { return }
        if entity.duplicates.isEmpty {
            try connection.execute("DELETE FROM tenon_match_key WHERE entity = ?", [.text(name)])
            try connection.execute("DELETE FROM tenon_match_rule WHERE entity = ?", [.text(name)])
            return
        }
        let rules: String = signature(entity)
        var after: Int64 = 0
        if let state = try state(name, connection), state.rules == rules {
            if state.isDone { return }
            after = state.after
        }
        let records: [RecordData] = try tx.withRights(for: "finding duplicates").all(
            name, where: .compare("id", .greater, .value(.integer(after))), sort: [], limit: batch)
        for record in records { try tx.writeMatchKeys(entity, record, isNew: false) }
        try connection.execute("DELETE FROM tenon_match_rule WHERE entity = ?", [.text(name)])
        try connection.execute(
            "INSERT INTO tenon_match_rule (entity, rules, after, done) VALUES (?, ?, ?, ?)",
            [.text(name), .text(rules), .integer(records.last?.id.raw ?? after), .integer(records.count < batch ? 1 : 0)])
    }
}
