import PluginAPI
import Synchronization

/// Finds out who asks: by the cookie of a web session, by a token, or by the fact of coming through the data directory.
///
/// Secrets are stored as fingerprints. What was looked up is remembered in memory until it changes here; whether the user
/// is active is asked of the rights as they are now, so that a deactivated user is out at once.
///
/// ### Coming in
/// ``login(email:password:address:agent:)``, ``logout(_:)``
/// ### Each request
/// ``caller(for:)``
/// ### Passwords and tokens
/// ``setPassword(of:to:keeping:)``, ``changePassword(of:from:to:address:keeping:)``, ``createToken(for:name:expires:)``,
/// ``tokens(of:)``, ``revokeToken(_:of:)``
final class Authenticator: Sendable {
    let engine: any Engine
    let clock: any Clock
    let hasher: PasswordHasher
    /// The rights as they are now.
    let rights: @Sendable () -> RightsSnapshot
    let remembered = RememberedSecrets()
    /// Why only administrators may come in; nil mostly.
    let safeMode: String?

    init(
        engine: any Engine, clock: any Clock, hasher: PasswordHasher = PasswordHasher(), safeMode: String? = nil,
        rights: @escaping @Sendable () -> RightsSnapshot
    ) {
        self.engine = engine
        self.clock = clock
        self.hasher = hasher
        self.rights = rights
        self.safeMode = safeMode
    }

    /// Who asks, or nil for nobody. Throws `unauthenticated` for a token or a name that is not known, and `forbidden` when a
    /// change comes with a session but without that session's security token, or from another site.
    func caller(for request: FrontRequest) async throws -> Caller? {
        let caller = try await known(request)
        if let user = caller?.actor.userID { try admit(user) }
        return caller
    }

    /// Lets administrators alone in while no plugin is loaded: nobody else could work.
    func admit(_ user: Int64) throws {
        guard let safeMode, !rights().has(.managePlugins, user: user) else { return }
        throw CRMError(
            .unavailable, "the server runs in safe mode: \(safeMode)",
            hint: "Only administrators can log in until it is started again as usual.")
    }

    private func known(_ request: FrontRequest) async throws -> Caller? {
        if let secret = request.bearerToken { return try await caller(token: secret) }
        if request.isLocal { return try localCaller(request) }
        guard let secret = request.cookie(SessionCookie.name), let caller = try await caller(session: secret) else { return nil }
        if request.method != "GET" && request.method != "HEAD" {
            try CrossSite.check(request, csrf: caller.csrf ?? "")
        }
        return caller
    }

    private func caller(token secret: String) async throws -> Caller {
        guard secret.hasPrefix(AccessToken.prefix), let found = try await lookUp(secret, .token) else {
            throw CRMError(.unauthenticated, "the token is unknown, expired or revoked", hint: "Make another one with tenon token create.")
        }
        return Caller(actor: .user(found.userID, via: "api", rights: rights()), csrf: nil, kind: .token)
    }

    private func caller(session secret: String) async throws -> Caller? {
        guard let found = try await lookUp(secret, .session) else { return nil }
        return Caller(actor: .user(found.userID, via: "web", rights: rights()), csrf: found.csrf, kind: .session)
    }

    private func localCaller(_ request: FrontRequest) throws -> Caller? {
        let rights = rights()
        guard let email = request.headers["tenon-user"], !email.isEmpty else {
            return rights.firstAdministrator.map { Caller(actor: .user($0, via: "cli", rights: rights), csrf: nil, kind: .local) }
        }
        guard let id = rights.activeUser(email: email) else {
            throw CRMError(.unauthenticated, "there is no active user \(email)", hint: "See tenon users list.")
        }
        return Caller(actor: .user(id, via: "cli", rights: rights), csrf: nil, kind: .local)
    }
}

extension FrontRequest {
    /// The secret of an `Authorization: Bearer` header, or nil.
    var bearerToken: String? {
        guard let header = headers["authorization"]?.utf8, header.count > 7 else { return nil }
        // A letter in upper case differs by one bit.
        guard header.prefix(7).elementsEqual("bearer ".utf8, by: { $0 | 0x20 == $1 }) else { return nil }
        return String(Substring(header.dropFirst(7).drop { $0 == UInt8(ascii: " ") }))
    }
}

extension RightsSnapshot {
    /// The active administrator who has been there longest.
    var firstAdministrator: Int64? {
        let administrators = Set(roles.filter { $0.value.key == DefaultRole.administrator.rawValue }.keys)
        return people.filter { $0.value.isActive && !administrators.isDisjoint(with: $0.value.roles) }.keys.min()
    }

    func activeUser(email: String) -> Int64? {
        let email = email.lowercased()
        return people.first { $0.value.isActive && $0.value.email == email }?.key
    }
}
