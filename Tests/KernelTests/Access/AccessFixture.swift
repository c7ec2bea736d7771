import PluginAPI
import Synchronization

@testable import Kernel

/// A deployment of its own for one test: the kernel's tables, entities and default roles, and a clock moved by hand.
final class AccessFixture: Sendable {
    let database: TemporaryDatabase
    let clock = FixedClock("2026-03-02T09:00:00Z")
    let store: Store
    let authenticator: Authenticator
    let rights: SharedRights

    static let password = "a long walk by the sea"

    var engine: any Engine { database.engine }

    init() async throws {
        let database = try TemporaryDatabase()
        let engine = database.engine
        let registry = try registry()
        let rights = SharedRights()
        let authenticator = Authenticator(
            engine: engine, clock: clock, hasher: PasswordHasher(cost: .cheap), rights: { rights.snapshot })
        self.database = database
        self.rights = rights
        self.authenticator = authenticator
        store = Store(engine: engine, clock: clock, registry: registry)
        try await database.prepare(for: registry)
        store.onCommit { effects in
            guard effects.changesRights, let fresh = try? await engine.read({ try RightsLoader.load($0) }) else { return }
            rights.snapshot = fresh
            try? await authenticator.usersChanged()
        }
        let grants = Composition.Part.kernel.contributions.grants
        try await asProduct { store in
            try DefaultRoles.ensure(in: store)
            try DefaultRoles.mergeGrants(grants, of: SystemPlugin.id, into: store)
        }
    }

    /// The rights as they are now.
    final class SharedRights: Sendable {
        private let state = Mutex(RightsSnapshot.empty)
        var snapshot: RightsSnapshot {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }
    // MARK: Doing things

    func asProduct<T: Sendable>(_ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        try await store.write(as: .system("test", rights: rights.snapshot), body)
    }

    func asUser<T: Sendable>(_ id: RecordID, _ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await store.write(as: .user(id.raw, via: "test", rights: rights.snapshot)) { try body($0.transaction) }
    }

    /// A user with roles, by their keys, and a password.
    @discardableResult
    func addUser(_ email: String, roles: [DefaultRole] = [], password: String? = AccessFixture.password) async throws -> RecordID {
        let id = try await asProduct { store in
            let all = try store.transaction.all(SystemRole.self)
            return try store.transaction.insert(SystemUser.self) { user in
                user[SystemUser.name] = String(email.prefix { $0 != "@" }).readable
                user[SystemUser.email] = email
                user[SystemUser.roles] = References(roles.compactMap { role in all.first { $0[SystemRole.key] == role.rawValue }?.id })
            }.id
        }
        if let password { try await authenticator.setPassword(of: id.raw, to: password) }
        return id
    }

    func login(_ email: String, password: String = AccessFixture.password, address: String = "192.0.2.7") async throws -> NewSession {
        try await authenticator.login(email: email, password: password, address: address, agent: "test")
    }

    func change(_ id: RecordID, _ body: @escaping @Sendable (inout Record<SystemUser>) -> Void) async throws {
        try await asProduct { store in
            var user = try store.transaction.find(SystemUser.self, id)
            body(&user)
            try store.transaction.save(user)
        }
    }

    func user(_ id: RecordID) async throws -> Record<SystemUser> {
        try await asProduct { try $0.transaction.find(SystemUser.self, id) }
    }
}

extension PasswordHasher.Cost {
    /// The least that argon2id allows.
    static let cheap = PasswordHasher.Cost(passes: 1, bytes: 8192)
}

extension FrontRequest {
    /// A request with a session's cookie.
    static func with(session: String, method: String = "GET", headers: [String: String] = [:], body: String = "") -> FrontRequest {
        var headers = headers
        headers["cookie"] = "theme=dark; tenon_session=\(session)"
        headers["host"] = "crm.example.com"
        return FrontRequest(method: method, path: ["admin"], headers: headers, body: Array(body.utf8))
    }

    static func with(token: String) -> FrontRequest {
        FrontRequest(method: "POST", path: ["api"], headers: ["authorization": "Bearer \(token)"])
    }
}

/// Gives the failure that a piece of work ends in, or nil.
func failure(_ body: () async throws -> Void) async -> CRMError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? CRMError ?? CRMError(.internalError, "\(error)")
    }
}
