import PluginAPI

/// How many failed logins are too many: for one e-mail address, and for one network address.
///
/// Failures are forgiven only to the pair of both that then succeeds: whoever knows one password cannot wipe the slate for
/// guessing others, and nobody's success hides somebody else's guesses.
enum LoginThrottle {
    static let allowed = 10
    static let window: Int64 = 15 * 60 * 1000

    /// Throws `throttled` while there are too many failures.
    static func check(_ connection: any Connection, email: String, address: String, now: Moment) throws {
        try check(connection, column: "email", is: email, now: now)
        // Local callers have no address.
        if !address.isEmpty { try check(connection, column: "address", is: address, now: now) }
    }

    /// What a clock that ran ahead has noted for the future does not count: it would for as long as the clock had run ahead.
    private static func check(_ connection: any Connection, column: String, is text: String, now: Moment) throws {
        let tenth = try connection.integer(
            """
            SELECT f."at" FROM "tenon_login" f WHERE f.\(quoted(column)) = ? AND f."at" > ? AND f."at" < ? AND f."ok" = 0
            AND NOT EXISTS (SELECT 1 FROM "tenon_login" s WHERE s."email" = f."email" AND s."address" = f."address"
            AND s."ok" = 1 AND s."id" > f."id")
            ORDER BY f."at" DESC LIMIT 1 OFFSET \(allowed - 1)
            """, [.text(text), .integer(now.milliseconds - window), .integer(now.milliseconds + window)])
        guard let tenth else { return }
        let seconds = max(1, (tenth + window - now.milliseconds + 999) / 1000)
        throw CRMError(.throttled, "too many failed logins", hint: "Try again in \(seconds) seconds.")
    }
}

extension Authenticator {
    /// Takes down an attempt before the password is looked at, so that many at once are counted as many. It stands as a
    /// failure until it succeeds.
    func beginAttempt(email: String, address: String) async throws -> Int64 {
        let now = clock.now
        return try await engine.write { connection in
            try LoginThrottle.check(connection, email: email, address: address, now: now)
            try connection.execute(
                #"INSERT INTO "tenon_login" ("email", "address", "at", "ok") VALUES (?, ?, ?, 0)"#,
                [.text(email), .text(address), .integer(now.milliseconds)])
            return try connection.integer(#"SELECT max("id") FROM "tenon_login""#) ?? 0
        }
    }

    func withdrawAttempt(_ id: Int64) async throws {
        try await engine.write { connection in
            _ = try connection.execute(#"DELETE FROM "tenon_login" WHERE "id" = ?"#, [.integer(id)])
        }
    }
}
