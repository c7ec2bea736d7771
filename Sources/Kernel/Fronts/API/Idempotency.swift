import PluginAPI

/// Keeps a repeated request from doing its work twice: the answer to an `Idempotency-Key` is stored in the transaction of
/// the work and given again for a day.
enum Idempotency {
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]
        var version: Int64?
        var location: String?
        /// What was made. Not stored: nothing is made when an answer is given again.
        var made: RecordData?
        /// What a new record may be the same as. Not stored either: it is told once.
        var duplicates: [Int64] = []

        var response: FrontResponse {
            var response = FrontResponse.json(body, status: status)
            if let version { response = response.with("etag", RecordsAPI.tag(version)) }
            if let location { response = response.with("location", location) }
            if !duplicates.isEmpty { response = response.with(DuplicatesAPI.header, duplicates.map(String.init).joined(separator: ",")) }
            return response
        }
    }

    static func run(
        _ request: FrontRequest, _ caller: Caller, _ kernel: Kernel, _ work: @escaping @Sendable (StoreTransaction) throws -> Answer
    ) async throws -> Answer {
        let key = request.headers["idempotency-key"]
        if let key, key.isEmpty || key.utf8.count > 200 { throw bad("is not 1 to 200 characters long") }
        return try await kernel.store.write(as: caller.actor) { tx in
            guard let key else { return try work(tx) }
            let whole = request.method + " " + request.rawPath + " " + key
            let owner = SQLValue.integer(caller.actor.userID ?? 0)
            let asked = SQLValue.text(Secrets.fingerprint(String(decoding: request.body, as: UTF8.self)))
            let known = try tx.connection.first(
                "SELECT status, body, version, location, request FROM tenon_idempotency WHERE key = ? AND user_id = ?", [.text(whole), owner]
            ) { row in
                guard row.value(4) == asked else { throw bad("was sent with another body before") }
                return Answer(
                    status: Int(row.integer(0)), body: Array(row.text(1).utf8), version: row.optionalInteger(2),
                    location: row.optionalText(3))
            }
            if let known { return known }
            let answer = try work(tx)
            let dayAgo = tx.now.adding(days: -1).milliseconds
            try tx.connection.execute("DELETE FROM tenon_idempotency WHERE at < ?", [.integer(dayAgo)])
            try tx.connection.execute(
                """
                INSERT INTO tenon_idempotency (key, user_id, at, status, body, version, location, request)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(whole), owner, .integer(tx.now.milliseconds), .integer(Int64(answer.status)),
                    .text(String(decoding: answer.body, as: UTF8.self)), answer.version.map(SQLValue.integer) ?? .null,
                    answer.location.map(SQLValue.text) ?? .null, asked,
                ])
            return answer
        }
    }

    /// What a plugin answered to a request with this key within the last day, or nil.
    static func recall(_ key: String, of request: [UInt8], _ tx: StoreTransaction) throws -> String? {
        try check(key)
        let asked = SQLValue.text(Secrets.fingerprint(String(decoding: request, as: UTF8.self)))
        return try tx.connection.first(
            "SELECT body, request FROM tenon_idempotency WHERE key = ? AND user_id = 0 AND at >= ?",
            [.text(key), .integer(tx.now.adding(days: -1).milliseconds)]
        ) { row in
            guard row.value(1) == asked else { throw bad("was sent with another body before") }
            return row.text(0)
        }
    }

    /// Keeps what a plugin answers.
    static func remember(_ key: String, of request: [UInt8], _ answer: String, _ tx: StoreTransaction) throws {
        try check(key)
        try tx.core.changing("keys of requests") {
            try tx.connection.execute(
                "DELETE FROM tenon_idempotency WHERE at < ? OR (key = ? AND user_id = 0)",
                [.integer(tx.now.adding(days: -1).milliseconds), .text(key)])
            try tx.connection.execute(
                "INSERT INTO tenon_idempotency (key, user_id, at, status, body, request) VALUES (?, 0, ?, 200, ?, ?)",
                [
                    .text(key), .integer(tx.now.milliseconds), .text(answer),
                    .text(Secrets.fingerprint(String(decoding: request, as: UTF8.self))),
                ])
        }
    }

    private static func check(_ key: String) throws {
        if key.utf8.count > 300 { throw bad("is too long") }
    }

    private static func bad(_ message: String) -> CRMError {
        CRMError(
            .invalid, "the idempotency key " + message, hint: "Use a new key for each request.",
            problems: [Problem(field: "Idempotency-Key", message)])
    }
}
