import PluginAPI

/// Fetches the answers of new leads from Facebook, and makes leads of them. What fails for now is tried again, at growing
/// distances; what fails for good is kept among the failed submissions.
enum FacebookFetch {
    static let job = "leads.facebook"
    /// In seconds, after each attempt: half a minute to a day.
    static let pauses: [Double] = [30, 120, 600, 3600, 3 * 3600, 12 * 3600, 24 * 3600]

    private struct Work: Sendable {
        var record: Record<FacebookLead>
        var token: String?
        var secret: String
        var graph: String
    }

    @Sendable static func run(_ context: Context) async throws {
        var done: Set<RecordID> = []
        // One after the other: whatever becomes of one is stored before the next.
        while let work = try await next(done, context) {
            done.insert(work.record.id)
            await follow(work, context)
        }
        // With the end of this run, so that the next is queued once.
        try await context.finish { transaction in
            let all = transaction.elevated(for: FailedSubmission.reasonToKeep)
            let waiting = try all.first(
                FacebookLead.self, where: FacebookLead.state == .waiting, sort: .ascending(FacebookLead.nextAt))
            if let next = waiting?[FacebookLead.nextAt] { try all.enqueue(job, after: max(next, all.now.adding(seconds: 5))) }
        }
    }

    private static func next(_ done: Set<RecordID>, _ context: Context) async throws -> Work? {
        try await context.read { transaction in
            let all = transaction.elevated(for: FailedSubmission.reasonToKeep)
            let due = try all.all(
                FacebookLead.self, where: FacebookLead.state == .waiting && FacebookLead.nextAt <= all.now,
                sort: .ascending(FacebookLead.nextAt), limit: done.count + 1)
            guard let record = due.first(where: { !done.contains($0.id) }) else { return nil }
            let tokens = try transaction.setting(FacebookSettings.pageToken) ?? ""
            return Work(
                record: record, token: FacebookSettings.token(of: record[FacebookLead.pageID], in: tokens),
                secret: try transaction.setting(FacebookSettings.appSecret) ?? "", graph: try transaction.setting(FacebookSettings.graph))
        }
    }

    private static func follow(_ work: Work, _ context: Context) async {
        do {
            let submission = try await ask(work, context)
            do { try await store(submission, work, context) } catch let error as CRMError where error.code != .unavailable {
                try await fail(work, submission, error, context)
            }
        } catch let trouble as GraphTrouble where trouble.isForGood {
            await put(work, trouble.message, forGood: true, context)
        } catch let trouble as GraphTrouble {
            await put(work, trouble.message, forGood: false, context)
        } catch let error as CRMError {
            await put(work, error.message, forGood: error.code == .forbidden || error.code == .invalid, context)
        } catch {
            await put(work, "something went wrong here", forGood: false, context)
            context.log("a lead of Facebook failed: \(error)")
        }
    }

    // MARK: Asking

    private static func ask(_ work: Work, _ context: Context) async throws -> Submission {
        guard let token = work.token else {
            throw GraphTrouble(message: "there is no page access token in the settings", isForGood: true)
        }
        // The proof shows that the token is used by the app that it was made for.
        let proof = Seal.hex(try context.hmacSHA256(key: Array(work.secret.utf8), Array(token.utf8)))
        let base = work.graph.hasSuffix("/") ? String(work.graph.dropLast()) : work.graph
        let query = "?access_token=\(escaped(token))&appsecret_proof=\(proof)"
        let answer = try await context.http.send(HTTPRequest(.get, base + "/" + work.record[FacebookLead.leadgenID] + query))
        return try GraphAnswer.read(answer)
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += "%" + Seal.hex([byte]).uppercased()
            }
        }
        return out
    }

    // MARK: Storing

    private static func store(_ submission: Submission, _ work: Work, _ context: Context) async throws {
        try await context.write { transaction in
            let all = transaction.elevated(for: Intake.reason)
            var record = try all.find(FacebookLead.self, work.record.id)
            guard record[FacebookLead.state] == .waiting else { return }
            let lead = try FacebookForm.intake(for: record[FacebookLead.formID], all).accept(submission, all)
            record[FacebookLead.answers] = submission.text
            record[FacebookLead.state] = .done
            record[FacebookLead.lead] = Reference(lead.id)
            record[FacebookLead.problem] = nil
            try all.save(record)
            try settle(record, lead, all)
        }
    }

    /// What was kept of it as failed is dealt with.
    private static func settle(_ record: Record<FacebookLead>, _ lead: Record<Lead>, _ all: Transaction) throws {
        let kept = try all.all(
            FailedSubmission.self,
            where: FailedSubmission.facebookLead == Reference(record.id) && FailedSubmission.state == .waiting)
        for var submission in kept {
            submission[FailedSubmission.state] = .accepted
            submission[FailedSubmission.lead] = Reference(lead.id)
            try all.save(submission)
        }
    }

    /// The answers are there, but no lead can be made of them.
    private static func fail(_ work: Work, _ submission: Submission, _ error: CRMError, _ context: Context) async throws {
        try await context.write { transaction in
            let all = transaction.elevated(for: FailedSubmission.reasonToKeep)
            var record = try all.find(FacebookLead.self, work.record.id)
            record[FacebookLead.answers] = submission.text
            record[FacebookLead.state] = .failed
            record[FacebookLead.problem] = String(FailedSubmission.words(error).prefix(1000))
            try all.save(record)
            let origin = FailedSubmission.Origin(channel: .facebook, facebookLead: Reference(record.id))
            try FailedSubmission.keep(submission, origin, because: error, all)
        }
    }

    /// The answers are not there: asked for again later, or kept as failed.
    private static func put(_ work: Work, _ reason: String, forGood: Bool, _ context: Context) async {
        do {
            try await context.write { transaction in
                let all = transaction.elevated(for: FailedSubmission.reasonToKeep)
                var record = try all.find(FacebookLead.self, work.record.id)
                record[FacebookLead.attempts] += 1
                record[FacebookLead.problem] = String(reason.prefix(1000))
                let attempts = record[FacebookLead.attempts]
                let isOver = forGood || attempts > pauses.count
                if isOver { record[FacebookLead.state] = .failed } else { record[FacebookLead.nextAt] = all.now.adding(seconds: pauses[attempts - 1]) }
                try all.save(record)
                guard isOver else { return }
                let submission = Submission([.init(name: "leadgen_id", text: record[FacebookLead.leadgenID])])
                let origin = FailedSubmission.Origin(channel: .facebook, facebookLead: Reference(record.id))
                try FailedSubmission.keep(submission, origin, because: reason, all)
            }
        } catch { context.log("a lead of Facebook could not be put off: \(error)") }
    }
}

/// What Facebook answers instead of a lead.
struct GraphTrouble: Error {
    var message: String
    /// Whether asking again cannot help before somebody mends something.
    var isForGood: Bool
}

/// An answer of the Graph API: `{"id": …, "field_data": [{"name": "email", "values": ["ada@x.example"]}]}`, or
/// `{"error": {"message": …, "code": …}}`.
struct GraphAnswer: Decodable {
    struct Answer: Decodable {
        var name: String
        var values: [String]?
    }
    struct Trouble: Decodable {
        var message: String?
        var code: Int?
        var is_transient: Bool?
    }
    var field_data: [Answer]?
    var error: Trouble?

    /// Codes of Meta's that pass: unknown and service errors, and limits of calls.
    private static let passing: Set<Int> = [1, 2, 4, 17, 32, 341, 368, 613]

    static func read(_ response: HTTPResponse) throws -> Submission {
        let answer = try? response.decode(GraphAnswer.self)
        if let error = answer?.error {
            let passes = error.is_transient == true || passing.contains(error.code ?? 1) || response.status >= 500
            throw GraphTrouble(message: "Facebook says: \(error.message ?? "an error") (\(error.code ?? 0))", isForGood: !passes)
        }
        guard response.isSuccess, let data = answer?.field_data else {
            throw GraphTrouble(
                message: "Facebook answered with status \(response.status)",
                isForGood: (400..<500).contains(response.status) && response.status != 429 && response.status != 408)
        }
        var submission = Submission()
        for item in data {
            let name = item.name.split(separator: ":").joined(separator: " ").trimmedSpaces
            submission.add(name.isEmpty ? "question" : name, (item.values ?? []).joined(separator: ", "))
        }
        return submission
    }
}
