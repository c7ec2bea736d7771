import PluginAPI

/// What a browser is given after a login.
struct NewSession: Sendable {
    var userID: Int64
    /// For the cookie; stored nowhere in clear.
    var secret: String
    /// For forms and `x-csrf-token`.
    var csrf: String
}

extension Authenticator {
    /// Begins a session for whoever knows the password. An unknown address, a user without a password and a wrong password
    /// give the same answer after the same time. Throws `throttled` after too many failures.
    func login(email: String, password: String, address: String, agent: String) async throws -> NewSession {
        let email = Authenticator.normalised(email)
        let attempt = try await beginAttempt(email: email, address: address)
        let known = try await storedPassword(email: email)
        let isRight: Bool
        do {
            isRight = try await hasher.verify(password.utf8.count <= PasswordRules.longest ? password : "", against: known?.hash)
        } catch {
            // Nothing was found out about the password: it does not count as a failure.
            try await withdrawAttempt(attempt)
            throw error
        }
        let refusal = CRMError(.unauthenticated, "the e-mail address or the password is wrong")
        guard let known, isRight, rights().isActive(known.userID) else { throw refusal }
        try admit(known.userID)
        let session = NewSession(userID: known.userID, secret: Secrets.random(), csrf: Secrets.random(bytes: 24))
        let now = clock.now
        try await engine.write { connection in
            // The password may have been changed, or the user deactivated, while the hash was computed.
            guard try Authenticator.storedPassword(connection, email: email)?.hash == known.hash else { throw refusal }
            try connection.execute(
                #"UPDATE "tenon_login" SET "ok" = 1, "user_id" = ? WHERE "id" = ?"#, [.integer(session.userID), .integer(attempt)])
            try connection.execute(#"DELETE FROM "tenon_session" WHERE "expires_at" <= ?"#, [.integer(now.milliseconds)])
            try connection.execute(
                """
                INSERT INTO "tenon_session" ("hash", "user_id", "csrf", "created_at", "seen_at", "expires_at", "agent", "address")
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(Secrets.fingerprint(session.secret)), .integer(session.userID), .text(session.csrf),
                    .integer(now.milliseconds), .integer(now.milliseconds),
                    .integer(now.adding(days: Authenticator.idleDays).milliseconds),
                    .text(String(agent.prefix(300))), .text(address),
                ])
        }
        if hasher.needsRehash(known.hash) {
            try await storeHash(try await hasher.hash(password), of: known.userID, replacing: known.hash)
        }
        return session
    }

    /// Ends a session.
    func logout(_ secret: String) async throws {
        let fingerprint = Secrets.fingerprint(secret)
        try await engine.write { connection in
            _ = try connection.execute(#"DELETE FROM "tenon_session" WHERE "hash" = ?"#, [.text(fingerprint)])
            try ChangeLog.note(connection) { $0.secrets.append(fingerprint) }
        }
        remembered.forget(fingerprint)
    }

    /// To be called for what was ended at another server.
    func forget(secrets: [String], of users: [Int64]) {
        for fingerprint in secrets { remembered.forget(fingerprint) }
        if !users.isEmpty { remembered.forget { users.contains($0.userID) && $0.kind == .session } }
    }

    /// To be called when nobody knows what was ended at other servers.
    func forgetAll() { remembered.forget { _ in true } }

    /// To be called when users changed: ends the sessions of those who are not active any more, and the tokens of those who are gone.
    func usersChanged() async throws {
        let rights = rights()
        remembered.forget { !rights.isActive($0.userID) }
        // The tokens of users who are not active are kept, those of users who are gone are of use to nobody.
        let left = [
            #"FROM "tenon_session" WHERE "user_id" NOT IN (SELECT "id" FROM "user" WHERE "active" = 1)"#,
            #"FROM "tenon_token" WHERE "user_id" NOT IN (SELECT "id" FROM "user")"#,
        ]
        let count = try await engine.read { connection in try left.reduce(0) { $0 + (try connection.integer("SELECT count(*) " + $1) ?? 0) } }
        guard count > 0 else { return }
        try await engine.write { connection in
            for rows in left { try connection.execute("DELETE " + rows) }
        }
    }

    static func normalised(_ email: String) -> String {
        String(email.trimmed.lowercased().prefix(320))
    }
}
