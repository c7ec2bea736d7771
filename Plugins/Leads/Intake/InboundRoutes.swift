import PluginAPI

/// The door for other systems: a key, and one lead or several as JSON or as a form.
enum InboundRoutes {
    /// So many leads may come at once.
    static let most = 100

    /// What is answered about one lead.
    struct Result: Codable, Sendable {
        var id: Int64?
        var title: String?
        var detail: String?
        var errors: [Wrong]?
        /// Where it is kept, by its id among the failed submissions.
        var kept: Int64?

        struct Wrong: Codable, Sendable {
            var field: String
            var message: String
        }
        var status: Int { id == nil ? 422 : 201 }
    }

    private struct Answer: Codable {
        var status: Int
        var title: String
        var detail: String
        var hint: String?
    }

    @Sendable static func take(_ request: RouteRequest, _ context: Context) async throws -> RouteResponse {
        // Whoever tries keys has few tries; whoever has one is counted by it below.
        let given = request.parameters["key"] ?? bearer(request)
        guard let key = try await context.read({ try InboundKey.find(given, $0) }) else {
            let tries = context.allow("wrong key from \(request.network)", atMost: 30, per: .minute)
            if !tries.isGranted { return try busy(tries.secondsToWait) }
            return try problem(401, "Unauthenticated", "this key opens nothing", hint: "Make a new one in the settings.")
                .with("www-authenticate", "Bearer")
        }
        let idempotency = request.headers["idempotency-key"]
        if let idempotency, idempotency.isEmpty || idempotency.utf8.count > 200 {
            return try problem(422, "Invalid", "the Idempotency-Key is not 1 to 200 characters long")
        }
        let content: InboundBody
        do { content = try InboundBody(request) } catch let error as CRMError {
            // What cannot be read costs as much as a lead does.
            let allowance = context.allow("key \(key.id)", atMost: key[InboundKey.perMinute], per: .minute)
            if !allowance.isGranted { return try busy(allowance.secondsToWait) }
            return try problem(400, "Malformed", error.message, hint: error.hint)
        }
        // Leads are counted, however many a request brings: all of them come in, or none.
        let (count, most) = (content.submissions.count, key[InboundKey.perMinute])
        guard count <= most else {
            return try problem(
                413, "Too large", "this key takes \(most) leads a minute, and these are \(count)", hint: "Send \(most) at once at most.")
        }
        let allowance = context.allow("key \(key.id)", max(1, count), atMost: most, per: .minute)
        if !allowance.isGranted { return try busy(allowance.secondsToWait) }
        var results: [Result] = []
        for (place, submission) in content.submissions.enumerated() {
            let once = idempotency.map { "inbound \(key.id) \(place) \($0)" }
            do { results.append(try await one(submission, key, once, request, context)) } catch let error as CRMError where error.code == .invalid {
                // Of the once alone: the same key with another body.
                return try problem(422, "Invalid", error.message, hint: error.hint)
            }
        }
        return try answer(results, isList: content.isList)
    }

    private static func one(
        _ submission: Submission, _ key: Record<InboundKey>, _ once: String?, _ request: RouteRequest, _ context: Context
    ) async throws -> Result {
        do {
            let text = try await context.write { transaction in
                guard let once else { return try coded(make(submission, key, transaction)) }
                return try transaction.once(once, of: request.body) {
                    do { return try coded(make(submission, key, transaction)) } catch let error as CRMError { throw Refusal(error: error) }
                }
            }
            return try PayloadCoding.decode(Result.self, from: Array(text.utf8))
        } catch let refusal as Refusal {
            return try await keep(submission, key, refusal.error, request, context)
        } catch let error as CRMError where once == nil {
            return try await keep(submission, key, error, request, context)
        } catch where !(error is CRMError) {
            // A rule of another plugin that fails in a way of its own: what was sent is kept all the same.
            let told = CRMError(.unavailable, "something went wrong while the lead was stored", hint: "Retry it.", cause: error)
            return try await keep(submission, key, told, request, context)
        }
    }

    /// Tells what stands against a lead from what stands against the request.
    private struct Refusal: Error { var error: CRMError }

    private static func make(_ submission: Submission, _ key: Record<InboundKey>, _ transaction: Transaction) throws -> Result {
        var submission = submission
        var intake = Intake(key)
        if let campaign = submission[Lead.campaign.name] {
            intake.campaign = String(campaign.trimmedSpaces.prefix(100))
            submission.entries.removeAll { $0.name == Lead.campaign.name }
        }
        let allowed = try intake.fields ?? LeadFields.fillable(transaction).map(\.name)
        let strangers = submission.entries.map(\.name).filter { !allowed.contains($0) }
        guard strangers.isEmpty else {
            throw CRMError(
                .invalid, "some fields cannot be filled in with this key",
                problems: strangers.map { Problem(field: $0, "cannot be filled in with this key") })
        }
        guard !submission.entries.isEmpty else { throw CRMError(.invalid, "nothing is filled in") }
        let lead = try intake.accept(submission, transaction)
        return Result(id: lead.id.raw, title: lead[Lead.title])
    }

    private static func coded(_ result: Result) throws -> String { String(decoding: try PayloadCoding.encode(result), as: UTF8.self) }

    private static func keep(
        _ submission: Submission, _ key: Record<InboundKey>, _ error: CRMError, _ request: RouteRequest, _ context: Context
    ) async throws -> Result {
        let origin = FailedSubmission.Origin(channel: .key, key: Reference(key.id), address: request.address)
        let kept = try await context.write { try FailedSubmission.keep(submission, origin, because: error, $0).id.raw }
        // Which lead stands in the way is nothing for other systems.
        let isTelling = error.code == .invalid
        return Result(
            detail: isTelling ? error.message : "it could not become a lead and is kept for somebody to look at",
            errors: isTelling ? error.problems.map { .init(field: $0.field, message: $0.message) } : [], kept: kept)
    }

    // MARK: Answers

    private static func answer(_ results: [Result], isList: Bool) throws -> RouteResponse {
        if isList { return try .json(["results": results], status: results.allSatisfy { $0.id != nil } ? 201 : 207) }
        guard let result = results.first else { return try problem(400, "Malformed", "nothing was sent") }
        var response = try RouteResponse.json(result, status: result.status)
        if result.id == nil { response.contentType = "application/problem+json" }
        return response
    }

    private static func problem(_ status: Int, _ title: String, _ detail: String, hint: String = "") throws -> RouteResponse {
        var response = try RouteResponse.json(
            Answer(status: status, title: title, detail: detail, hint: hint.isEmpty ? nil : hint), status: status)
        response.contentType = "application/problem+json"
        return response
    }

    private static func busy(_ wait: Int) throws -> RouteResponse {
        try problem(429, "Throttled", "too many leads", hint: "Try again in \(wait) seconds.").with("retry-after", String(wait))
    }

    private static func bearer(_ request: RouteRequest) -> String {
        let parts = (request.headers["authorization"] ?? "").split(separator: " ", maxSplits: 1)
        return parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : ""
    }
}
