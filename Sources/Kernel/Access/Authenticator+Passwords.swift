import PluginAPI

extension Authenticator {
    /// Sets a user's password and ends that user's sessions, but for the one whose secret is given.
    func setPassword(of userID: Int64, to password: String, keeping secret: String? = nil) async throws {
        let email = try await engine.read { connection in
            try connection.first(#"SELECT "email" FROM "user" WHERE "id" = ?"#, [.integer(userID)]) { $0.text(0) }
        }
        guard let email else { throw CRMError(.notFound, "there is no user \(userID)") }
        try PasswordRules.check(password, email: email)
        let hash = try await hasher.hash(password)
        let kept = secret.map(Secrets.fingerprint) ?? ""
        let now = clock.now
        try await engine.write { connection in
            // Deleted, perhaps, while the hash was computed.
            guard try connection.integer(#"SELECT count(*) FROM "user" WHERE "id" = ?"#, [.integer(userID)]) == 1 else {
                throw CRMError(.notFound, "there is no user \(userID)")
            }
            try connection.execute(#"DELETE FROM "tenon_credential" WHERE "user_id" = ?"#, [.integer(userID)])
            try connection.execute(
                #"INSERT INTO "tenon_credential" ("user_id", "password", "updated_at") VALUES (?, ?, ?)"#,
                [.integer(userID), .text(hash), .integer(now.milliseconds)])
            try connection.execute(
                #"DELETE FROM "tenon_session" WHERE "user_id" = ? AND "hash" <> ?"#, [.integer(userID), .text(kept)])
            try ChangeLog.note(connection) { $0.loggedOut.append(userID) }
        }
        remembered.forget { $0.userID == userID && $0.kind == .session }
    }

    /// Sets one's own password, for whoever knows the present one. Guessing is throttled as at a login.
    func changePassword(
        of userID: Int64, from current: String, to password: String, address: String, keeping secret: String?
    ) async throws {
        guard let person = rights().people[userID], person.isActive else { throw CRMError(.notFound, "there is no user \(userID)") }
        let email = person.email
        try PasswordRules.check(password, email: email)
        let attempt = try await beginAttempt(email: email, address: address)
        let known = try await storedPassword(email: email)
        do {
            guard try await hasher.verify(current, against: known?.hash) else {
                throw CRMError(
                    .invalid, "the present password is wrong", problems: [Problem(field: "current_password", "is wrong")])
            }
        } catch let error as CRMError where error.code == .invalid {
            throw error
        } catch {
            try await withdrawAttempt(attempt)
            throw error
        }
        try await withdrawAttempt(attempt)
        try await setPassword(of: userID, to: password, keeping: secret)
    }

    struct StoredPassword: Sendable {
        var userID: Int64
        var hash: String
    }

    func storedPassword(email: String) async throws -> StoredPassword? {
        try await engine.read { try Authenticator.storedPassword($0, email: email) }
    }

    static func storedPassword(_ connection: any Connection, email: String) throws -> StoredPassword? {
        try connection.first(
            """
            SELECT u."id", c."password" FROM "user" u JOIN "tenon_credential" c ON c."user_id" = u."id"
            WHERE u."email" = ? AND u."active" = 1
            """, [.text(email)]
        ) { StoredPassword(userID: $0.integer(0), hash: $0.text(1)) }
    }

    /// Replaces a hash by one of another cost, unless the password was changed meanwhile.
    func storeHash(_ hash: String, of userID: Int64, replacing old: String) async throws {
        try await engine.write { connection in
            _ = try connection.execute(
                #"UPDATE "tenon_credential" SET "password" = ? WHERE "user_id" = ? AND "password" = ?"#,
                [.text(hash), .integer(userID), .text(old)])
        }
    }
}
