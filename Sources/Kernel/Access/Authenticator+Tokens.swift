import PluginAPI

/// A token as its owner sees it: not the secret itself, which is shown once.
struct AccessToken: Sendable, Equatable {
    static let prefix = "tnn_"

    var id: Int64
    var userID: Int64
    var name: String
    var created: Moment
    var seen: Moment?
    var expires: Moment?
}

extension Authenticator {
    /// Makes a token and gives its secret, which is not stored and cannot be shown again.
    func createToken(for userID: Int64, name: String, expires: Moment? = nil) async throws -> (secret: String, token: AccessToken) {
        guard rights().isActive(userID) else { throw CRMError(.notFound, "there is no active user \(userID)") }
        guard !name.isEmpty, name.count <= 100 else {
            throw CRMError(
                .invalid, "the token needs a name", hint: "Name it after what will use it.",
                problems: [Problem(field: "name", "must have 1 to 100 characters")])
        }
        let now = clock.now
        if let expires, expires <= now {
            throw CRMError(.invalid, "the token would be expired", problems: [Problem(field: "expires_at", "must be in the future")])
        }
        let secret = AccessToken.prefix + Secrets.random()
        let id = try await engine.write { connection in
            try connection.execute(
                #"INSERT INTO "tenon_token" ("user_id", "name", "hash", "created_at", "expires_at") VALUES (?, ?, ?, ?, ?)"#,
                [
                    .integer(userID), .text(name), .text(Secrets.fingerprint(secret)), .integer(now.milliseconds),
                    expires.map { .integer($0.milliseconds) } ?? .null,
                ])
            return try connection.integer(#"SELECT max("id") FROM "tenon_token""#) ?? 0
        }
        return (secret, AccessToken(id: id, userID: userID, name: name, created: now, seen: nil, expires: expires))
    }

    /// A user's tokens, or everyone's, in the order in which they were made.
    func tokens(of userID: Int64?) async throws -> [AccessToken] {
        try await engine.read { connection in
            let condition = userID == nil ? "" : #"WHERE "user_id" = ?"#
            return try connection.all(
                #"SELECT "id", "user_id", "name", "created_at", "seen_at", "expires_at" FROM "tenon_token" \#(condition) ORDER BY "id""#,
                userID.map { [.integer($0)] } ?? []
            ) { row in
                AccessToken(
                    id: row.integer(0), userID: row.integer(1), name: row.text(2), created: Moment(milliseconds: row.integer(3)),
                    seen: row.optionalInteger(4).map { Moment(milliseconds: $0) },
                    expires: row.optionalInteger(5).map { Moment(milliseconds: $0) })
            }
        }
    }

    /// Ends a token; of a certain user when one is given. Throws `notFound` when there is none.
    func revokeToken(_ id: Int64, of userID: Int64?) async throws {
        let fingerprint = try await engine.write { connection -> String? in
            let owner = userID == nil ? "" : #" AND "user_id" = ?"#
            let arguments: [SQLValue] = [.integer(id)] + (userID.map { [.integer($0)] } ?? [])
            let hash = try connection.first(#"SELECT "hash" FROM "tenon_token" WHERE "id" = ?"# + owner, arguments) { $0.text(0) }
            guard let hash else { return nil }
            try connection.execute(#"DELETE FROM "tenon_token" WHERE "id" = ?"#, [.integer(id)])
            try ChangeLog.note(connection) { $0.secrets.append(hash) }
            return hash
        }
        guard let fingerprint else { throw CRMError(.notFound, "there is no token \(id)") }
        remembered.forget(fingerprint)
    }
}
