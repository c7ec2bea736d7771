public import PluginAPI

/// Something that came from outside and did not become a lead: kept with the reason, until somebody mends or discards it.
public enum FailedSubmission: Entity {
    public static let sender = Field<String>("sender", .maxLength(200), .readOnly, .searchable, .label("From"))
    public static let state = Field<State>("state", .readOnly, .indexed, .byDefault(State.waiting))
    public static let reason = Field<String>("reason", .multiline, .maxLength(2000), .readOnly)
    public static let channel = Field<Channel>("channel", .readOnly, .label("Came by"))
    public static let form = Field<Reference<LeadForm>?>("form", .readOnly, .indexed, .whenTargetIsDeleted(.clear))
    public static let key = Field<Reference<InboundKey>?>("inbound_key", .readOnly, .indexed, .whenTargetIsDeleted(.clear), .label("Key"))
    public static let facebookLead = Field<Reference<FacebookLead>?>(
        "facebook_lead", .readOnly, .indexed, .whenTargetIsDeleted(.clear))
    public static let values = Field<String>("values", .multiline, .readOnly, .label("What was sent"))
    public static let address = Field<String?>("address", .maxLength(60), .readOnly, .label("Network address"))
    public static let times = Field<Int>("times", .readOnly, .byDefault(1), .label("Sent"), .help("How often the same was sent."))
    public static let other = Field<Reference<Lead>?>(
        "other_lead", .readOnly, .indexed, .whenTargetIsDeleted(.clear), .label("Open lead of that address"))
    public static let lead = Field<Reference<Lead>?>("lead", .readOnly, .indexed, .whenTargetIsDeleted(.clear))
    /// Knows the same again.
    public static let mark = Field<String>("mark", .maxLength(64), .secret, .indexed)

    public static let schema = Schema(
        "failed_submission", sender, state, reason, channel, form, key, facebookLead, values, address, times, other, lead, mark
    ).icon("inbox").group("Sales").writtenByPlugin().administration(waiting: (state == .waiting).filter)

    public enum State: String, Choice {
        case waiting, spam, accepted, discarded

        public var color: String {
            switch self {
            case .waiting: "#b45309"
            case .spam: "#6b7280"
            case .accepted: "#15803d"
            case .discarded: "#6b7280"
            }
        }
    }

    public enum Channel: String, Choice {
        case form, key, facebook

        public var label: String {
            switch self {
            case .form: "A form"
            case .key: "Another system"
            case .facebook: "Facebook"
            }
        }
    }

    /// What is kept of a submission, besides what was sent.
    struct Origin: Sendable {
        var channel: Channel
        var form: Reference<LeadForm>?
        var key: Reference<InboundKey>?
        var facebookLead: Reference<FacebookLead>?
        var address = ""
    }

    static let reasonToKeep = "What could not become a lead is kept, whoever sent it."

    /// Keeps what was sent. The same that waits already is counted, not kept twice.
    @discardableResult
    static func keep(
        _ submission: Submission, _ origin: Origin, because error: CRMError, _ transaction: Transaction
    ) throws -> Record<FailedSubmission> {
        try keep(submission, origin, because: words(error), transaction)
    }

    @discardableResult
    static func keep(
        _ submission: Submission, _ origin: Origin, because reason: String, as kept: State = .waiting, _ transaction: Transaction
    ) throws -> Record<FailedSubmission> {
        let all = transaction.elevated(for: reasonToKeep)
        let text = String(submission.text.prefix(90_000))
        let place = "\(origin.channel.rawValue) \(origin.form?.id.raw ?? 0) \(origin.key?.id.raw ?? 0) \(origin.facebookLead?.id.raw ?? 0)"
        let inTheWay = try openLead(of: submission, all)
        let mark = Seal.hex(try transaction.hmacSHA256(key: Array(place.utf8), Array(text.utf8)))
        if var known = try all.first(FailedSubmission.self, where: FailedSubmission.mark == mark && FailedSubmission.state == kept) {
            known[times] += 1
            known[FailedSubmission.reason] = String(reason.prefix(2000))
            known[other] = inTheWay
            return try all.save(known)
        }
        return try all.insert(FailedSubmission.self) { record in
            let sender = submission.sender
            record[FailedSubmission.sender] = sender.isEmpty ? "Somebody" : sender
            record[state] = kept
            record[FailedSubmission.reason] = String(reason.prefix(2000))
            record[channel] = origin.channel
            record[form] = origin.form
            record[key] = origin.key
            record[facebookLead] = origin.facebookLead
            record[values] = text
            record[other] = inTheWay
            record[address] = origin.address.isEmpty ? nil : origin.address
            record[FailedSubmission.mark] = mark
        }
    }

    /// The open lead that has the address of the sender, whatever that is called where it came from.
    private static func openLead(of submission: Submission, _ all: Transaction) throws -> Reference<Lead>? {
        let given = [Lead.email.name, "email", "work_email"].lazy.compactMap { submission[$0]?.trimmedSpaces }.first { !$0.isEmpty }
        guard let given else { return nil }
        return try all.first(Lead.self, where: Lead.email == given && Lead.outcome == .open).map { Reference($0.id) }
    }

    /// A refusal in one text.
    static func words(_ error: CRMError) -> String {
        var text = error.message
        for problem in error.problems { text += problem.field.isEmpty ? "; \(problem.message)" : "; \(problem.field) \(problem.message)" }
        return text
    }
}
