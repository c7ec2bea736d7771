public import PluginAPI

/// Somebody who answered a lead advertisement: first the number that Facebook sends, then the answers fetched with it. Each
/// number is there once, however often it is sent.
public enum FacebookLead: Entity {
    public static let leadgenID = Field<String>("leadgen_id", .label("Lead id"), .maxLength(40), .unique, .readOnly, .searchable)
    public static let formID = Field<String>("form_id", .label("Form id"), .maxLength(40), .readOnly, .indexed)
    public static let pageID = Field<String>("page_id", .label("Page id"), .maxLength(40), .readOnly)
    public static let state = Field<State>("state", .readOnly, .indexed, .byDefault(State.waiting))
    public static let attempts = Field<Int>("attempts", .readOnly, .byDefault(0))
    public static let nextAt = Field<Moment?>("next_at", .readOnly, .label("Next attempt"))
    public static let problem = Field<String?>("problem", .maxLength(1000), .readOnly)
    public static let answers = Field<String?>("answers", .multiline, .readOnly)
    public static let lead = Field<Reference<Lead>?>("lead", .readOnly, .indexed, .whenTargetIsDeleted(.clear))

    public static let schema = Schema(
        "facebook_lead", leadgenID, formID, pageID, state, attempts, nextAt, problem, answers, lead
    ).icon("inbox").group("Sales").lookup()

    public enum State: String, Choice {
        case waiting, done, failed

        public var color: String {
            switch self {
            case .waiting: "#b45309"
            case .done: "#15803d"
            case .failed: "#b91c1c"
            }
        }
    }

    /// A lead came of it after all.
    static func finish(_ reference: Reference<FacebookLead>, _ made: Record<Lead>, _ all: Transaction) throws {
        var record = try all.find(reference)
        record[state] = .done
        record[lead] = Reference(made.id)
        record[problem] = nil
        try all.save(record)
    }

    @Sendable static func guardWriting(_ change: inout Change<FacebookLead>, _ transaction: Transaction) throws {
        if change.isNew, transaction.user != nil {
            throw CRMError.refused("these come from Facebook", hint: "Make a lead instead.")
        }
    }
}
