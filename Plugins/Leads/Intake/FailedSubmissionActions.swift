import PluginAPI

/// Tries once more to make a lead of what was sent, as it is or mended.
enum RetrySubmission: Action {
    typealias Target = FailedSubmission
    static let name = "retry"
    static let summary = "Makes a lead of it by the rules of its form as they are now. What stands in the way may be mended first."
    static let style = ActionStyle.primary
    static let values = Field<String?>("values", .multiline, .label("What was sent"), .help("A line for each field, as it was sent."))
    static let form = Form<Self>(values)

    static func isAvailable(_ record: Record<FailedSubmission>) -> Bool {
        [.waiting, .spam, .discarded].contains(record[FailedSubmission.state])
    }

    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        if call.isEmpty(values) { call[values] = call.record[FailedSubmission.values] }
    }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        let all = transaction.elevated(for: Intake.reason)
        // Read again: somebody else may have been first.
        var record = try all.find(FailedSubmission.self, call.record.id)
        guard isAvailable(record) else { throw CRMError.refused("the submission is a lead already") }
        if try asksAgain(record, all, &call) { return }
        let submission = Submission(text: call[values] ?? record[FailedSubmission.values])
        let lead = try intake(of: record, all).accept(submission, transaction)
        record[FailedSubmission.state] = .accepted
        record[FailedSubmission.lead] = Reference(lead.id)
        record[FailedSubmission.values] = submission.text
        try all.save(record)
        if let advertised = record[FailedSubmission.facebookLead] { try FacebookLead.finish(advertised, lead, all) }
        call.results["lead"] = .integer(lead.id.raw)
        call.message = "\(lead[Lead.title]) is a lead now."
        if try transaction.canSee(Lead.self, lead.id) { call.open(lead) }
    }

    /// What Facebook has not given out yet is asked for once more.
    private static func asksAgain(
        _ record: Record<FailedSubmission>, _ all: Transaction, _ call: inout ActionCall<Self>
    ) throws -> Bool {
        guard let reference = record[FailedSubmission.facebookLead] else { return false }
        var advertised = try all.find(reference)
        guard advertised[FacebookLead.answers] == nil else { return false }
        advertised[FacebookLead.state] = .waiting
        advertised[FacebookLead.attempts] = 0
        advertised[FacebookLead.nextAt] = all.now
        try all.save(advertised)
        try all.enqueue(FacebookFetch.job)
        call.message = "Facebook is asked for it once more."
        return true
    }

    private static func intake(of record: Record<FailedSubmission>, _ all: Transaction) throws -> Intake {
        if let form = record[FailedSubmission.form] { return Intake(try all.find(form)) }
        if let key = record[FailedSubmission.key] { return Intake(try all.find(key)) }
        if let advertised = record[FailedSubmission.facebookLead] {
            return try FacebookForm.intake(for: try all.find(advertised)[FacebookLead.formID], all)
        }
        return Intake(name: "Submission")
    }
}

/// Puts what is not worth a lead aside.
enum DiscardSubmission: Action {
    typealias Target = FailedSubmission
    static let name = "discard"
    static let summary = "Puts it aside. It is deleted after half a year; until then it can be retried."

    static func isAvailable(_ record: Record<FailedSubmission>) -> Bool {
        [.waiting, .spam].contains(record[FailedSubmission.state])
    }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        let all = transaction.elevated(for: "Failed submissions are changed by their actions alone.")
        var record = try all.find(FailedSubmission.self, call.record.id)
        guard isAvailable(record) else { throw CRMError.refused("the submission was dealt with already") }
        record[FailedSubmission.state] = .discarded
        try all.save(record)
        call.message = "The submission is discarded."
    }
}

/// Deletes what nobody needs any more: spam after a month, what was dealt with after half a year. What waits is never deleted.
enum SubmissionPruning {
    static let job = "leads.prune_submissions"

    @Sendable static func run(_ context: Context) async throws {
        let now = context.now
        var isMore = true
        while isMore {
            isMore = try await context.write { transaction in
                let all = transaction.elevated(for: "Old submissions are deleted whoever looks after them.")
                let old = FailedSubmission.state == .spam && FailedSubmission.updatedAt < now.adding(days: -30)
                let done = FailedSubmission.state.isOne(of: [.accepted, .discarded]) && FailedSubmission.updatedAt < now.adding(days: -180)
                let found = try all.all(FailedSubmission.self, where: old || done, limit: 200)
                for record in found { try all.delete(FailedSubmission.self, record.id) }
                return found.count == 200
            }
        }
    }
}
