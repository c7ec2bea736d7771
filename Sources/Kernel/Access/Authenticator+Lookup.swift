import PluginAPI

extension Authenticator {
    /// A session that is not used for so long ends.
    static let idleDays = 14
    /// Use is written down at most this often.
    static let noteEvery: Int64 = 5 * 60 * 1000

    /// What a secret opens, if it still opens anything and its user is active.
    func lookUp(_ secret: String, _ kind: RememberedSecrets.Kind) async throws -> RememberedSecrets.Found? {
        let fingerprint = Secrets.fingerprint(secret)
        let now = clock.now
        var found = remembered[fingerprint]
        if found == nil {
            let generation = remembered.generation
            found = try await engine.read { try Authenticator.read($0, fingerprint, kind) }
            if let found { remembered.remember(found, as: fingerprint, ifStill: generation) }
        }
        if let expires = found?.expires, expires <= now {
            // It may have been used at another server since this one looked.
            remembered.forget(fingerprint)
            found = try await engine.read { try Authenticator.read($0, fingerprint, kind) }
            if let still = found?.expires, still <= now { return nil }
        }
        guard let found, found.kind == kind, rights().isActive(found.userID) else { return nil }
        await note(fingerprint, kind, at: now)
        return found
    }

    private static func read(
        _ connection: any Connection, _ fingerprint: String, _ kind: RememberedSecrets.Kind
    ) throws -> RememberedSecrets.Found? {
        switch kind {
        case .session:
            try connection.first(
                #"SELECT "user_id", "csrf", "expires_at", "seen_at" FROM "tenon_session" WHERE "hash" = ?"#, [.text(fingerprint)]
            ) { row in
                RememberedSecrets.Found(
                    kind: .session, userID: row.integer(0), csrf: row.text(1), expires: Moment(milliseconds: row.integer(2)),
                    seen: Moment(milliseconds: row.integer(3)))
            }
        case .token:
            try connection.first(
                #"SELECT "user_id", "expires_at", "seen_at" FROM "tenon_token" WHERE "hash" = ?"#, [.text(fingerprint)]
            ) { row in
                RememberedSecrets.Found(
                    kind: .token, userID: row.integer(0), csrf: nil,
                    expires: row.optionalInteger(1).map { Moment(milliseconds: $0) },
                    seen: Moment(milliseconds: row.optionalInteger(2) ?? 0))
            }
        }
    }

    /// Writes down that a secret was used, and keeps its session alive.
    private func note(_ fingerprint: String, _ kind: RememberedSecrets.Kind, at now: Moment) async {
        let expires = kind == .session ? now.adding(days: Authenticator.idleDays) : nil
        guard remembered.shouldNote(fingerprint, at: now, every: Authenticator.noteEvery, expires: expires) else { return }
        // NB: an error is let go on purpose. Whoever only reads must not fail because the disk is full; the next use after
        // five minutes tries again.
        _ = try? await engine.write { connection in
            if let expires {
                try connection.execute(
                    #"UPDATE "tenon_session" SET "seen_at" = ?, "expires_at" = ? WHERE "hash" = ?"#,
                    [.integer(now.milliseconds), .integer(expires.milliseconds), .text(fingerprint)])
            } else {
                try connection.execute(
                    #"UPDATE "tenon_token" SET "seen_at" = ? WHERE "hash" = ?"#, [.integer(now.milliseconds), .text(fingerprint)])
            }
        }
    }
}
