public import PluginAPI

/// A sales opportunity.
public enum Deal: Entity {
    public static let title = Field<String>(
        "title", .maxLength(200), .searchable, .aliases("opportunity_id", "opportunity", "deal name", "opportunity name", "name", "deal", "verkaufschance", "projekt"))
    public static let description = Field<String?>("description", .multiline, .aliases("notes", "comment"))
    public static let value = Field<Money?>("value", .indexed, .aliases("close_value", "amount", "deal value", "auftragswert"))
    public static let expectedCloseDate = Field<Day?>(
        "expected_close_date", .label("Expected close"), .indexed, .aliases("expected close", "forecast date", "erwarteter abschluss"))
    public static let actualCloseDate = Field<Day?>(
        "actual_close_date", .label("Closed on"), .indexed, .help("Today for a deal that is won or lost, unless given."),
        .aliases("close_date", "closed", "closed at", "closed on", "abschlussdatum", "abgeschlossen am"))
    public static let probability = Field<Int?>(
        "probability", .label("Probability %"), .range(0...100), .help("The stage's unless given."))
    public static let expectedRevenue = Field<Money?>(
        "expected_revenue", .readOnly, .indexed, .help("The value weighted with the probability."))
    public static let stageSince = Field<Day?>(
        "stage_since", .label("In stage since"), .readOnly, .indexed, .help("The day on which the deal came to its stage."))
    public static let pipeline = Field<Reference<Pipeline>>("pipeline", .filledIn, .indexed, .help("The default pipeline unless chosen."))
    public static let stage = Field<Reference<Stage>>(
        "stage", .filledIn, .indexed, .help("The pipeline's default stage unless chosen."), .aliases("deal_stage", "sales stage", "status", "verkaufsphase"))
    public static let company = Field<Reference<Company>?>("company", .indexed, .aliases("account", "account name", "organisation", "firma", "unternehmen"))
    public static let customer = Field<Reference<Customer>?>("customer", .indexed, .aliases("contact", "client", "contact name", "kunde", "kontakt", "ansprechpartner"))
    public static let owner = Field<Reference<User>?>(
        "assigned_to", .owner, .indexed, .whenTargetIsDeleted(.clear), .aliases("sales_agent", "agent", "owner", "deal owner"))
    public static let outcome = Field<Outcome>("outcome", .readOnly, .indexed, .byDefault(Outcome.open))
    public static let lostReason = Field<Reference<LostReason>?>(
        "lost_reason", .indexed, .help("Why the deal is lost; asked for when it is."))
    public static let sourceLead = Field<Reference<Lead>?>("source_lead", .indexed, .whenTargetIsDeleted(.clear))

    public static let schema = Schema(
        "deal", title, description, value, expectedCloseDate, actualCloseDate, probability, pipeline, stage, company, customer, owner,
        outcome, lostReason, sourceLead, expectedRevenue, stageSince
    ).icon("handshake").group("Sales")

    /// What became of a deal; follows from its stage.
    public enum Outcome: String, Choice {
        case open, won, lost

        public var color: String {
            switch self {
            case .open: "#2563eb"
            case .won: "#15803d"
            case .lost: "#b91c1c"
            }
        }
    }
}
