public import PluginAPI

/// A prospect that is not yet a customer.
public enum Lead: Entity {
    // What is known of it. The other names are those of files to import, among them the columns of Salesforce's leads.
    public static let title = Field<String>("title", .maxLength(200), .searchable, .aliases("name", "subject", "topic", "lead", "betreff", "thema", "anfrage"))
    public static let description = Field<String?>("description", .multiline, .aliases("notes", "message", "comment", "nachricht"))
    public static let contactName = Field<String?>(
        "contact_name", .maxLength(200), .searchable, .aliases("contact", "full name", "person", "kontakt", "kontaktperson", "ansprechpartner"))
    public static let email = Field<String?>(
        "contact_email", .label("E-mail"), .email, .maxLength(200), .searchable, .indexed,
        .aliases("email", "e-mail", "mail", "email address", "work email"))
    public static let phone = Field<String?>(
        "contact_phone", .label("Phone"), .phone, .maxLength(50), .searchable,
        .aliases("phone", "telephone", "mobile", "phone number", "mobile phone"))
    public static let companyName = Field<String?>(
        "company_name", .label("Company"), .maxLength(200), .searchable, .aliases("company", "account", "organisation", "organization", "firma", "firmenname", "unternehmen"))
    public static let value = Field<Money?>("value", .indexed, .aliases("amount", "budget", "expected value"))
    public static let industry = Field<String?>("industry", .maxLength(100), .aliases("sector", "branch"))
    public static let function = Field<String?>(
        "function", .maxLength(100), .help("What the contact does there, such as purchasing."),
        .aliases("job title", "position", "department", "job function"))
    public static let companySize = Field<Int?>(
        "company_size", .range(1...10_000_000), .help("How many people work there."),
        .aliases("employees", "number of employees", "no. of employees", "headcount", "staff", "mitarbeiter", "firmengröße"))
    public static let area = Field<String?>(
        "area", .maxLength(100), .help("The region or territory."), .aliases("region", "territory", "state", "province", "gebiet"))

    // Where we are with it
    public static let source = Field<Reference<LeadSource>?>("source", .indexed, .aliases("lead source", "channel", "origin"))
    public static let status = Field<Reference<LeadStatus>>(
        "status", .filledIn, .indexed, .help("The default status unless chosen."), .aliases("lead status", "stage"))
    public static let owner = Field<Reference<User>?>(
        "assigned_to", .owner, .indexed, .whenTargetIsDeleted(.clear), .aliases("owner", "lead owner", "sales_agent", "agent"))
    /// A day, since a follow-up is promised for a day: it is the same day in every time zone.
    public static let nextFollowUp = Field<Day?>(
        "next_follow_up", .label("Next follow-up"), .indexed,
        .aliases("follow up", "follow-up", "follow-up date", "next contact", "next step date", "wiedervorlage", "nächster kontakt"))
    public static let outcome = Field<Outcome>("outcome", .readOnly, .indexed, .byDefault(Outcome.open))
    public static let lostReason = Field<Reference<LostReason>?>("lost_reason")
    public static let convertedAt = Field<Moment?>("converted_at", .label("Converted"), .readOnly, .indexed)
    public static let convertedCustomer = Field<Reference<Customer>?>(
        "converted_customer", .label("Customer"), .readOnly, .whenTargetIsDeleted(.clear))

    // What follows from that
    public static let score = Field<Int>("score", .derived, .indexed, .byDefault(0))
    public static let givenPoints = Field<Int>(
        "given_points", .label("Points from plugins"), .readOnly, .byDefault(0), .help("Part of the score."))
    public static let adjustment = Field<Int>(
        "score_adjustment", .label("Adjustment of the score"), .readOnly, .byDefault(0), .help("Part of the score, given by hand."))
    public static let adjustmentReason = Field<String?>("score_adjustment_reason", .label("Why adjusted"), .readOnly, .maxLength(200))
    public static let statusSince = Field<Moment?>("status_since", .label("In this status since"), .derived, .indexed)
    public static let qualifiedAt = Field<Moment?>("qualified_at", .label("Qualified"), .derived)
    public static let lastActivityAt = Field<Moment?>("last_activity_at", .label("Last activity"), .derived, .indexed)
    public static let activities = Field<Int>("activities", .derived, .byDefault(0))
    public static let assignment = Field<String?>("assignment", .label("Why assigned"), .readOnly, .multiline, .maxLength(4000))

    // Where it came from
    public static let campaign = Field<String?>(
        "campaign", .maxLength(100), .indexed, .searchable, .aliases("utm_campaign", "lead campaign", "kampagne"),
        .help("A tag of the campaign that brought it in."))
    public static let form = Field<Reference<LeadForm>?>(
        "lead_form", .label("Form"), .readOnly, .whenTargetIsDeleted(.clear))

    public static let schema = Schema(
        "lead", title, description, contactName, email, phone, companyName, value, industry, function, companySize, area, source, status,
        owner, nextFollowUp, outcome, lostReason, convertedAt, convertedCustomer, score, givenPoints, adjustment, adjustmentReason,
        statusSince, qualifiedAt, lastActivityAt, activities, assignment, campaign, form
    ).icon("target").group("Sales").indexed(together: owner, outcome)

    /// What became of a lead; beside its status, which says where we are with it.
    public enum Outcome: String, Choice {
        case open, converted, lost, junk

        public var color: String {
            switch self {
            case .open: "#2563eb"
            case .converted: "#15803d"
            case .lost: "#b91c1c"
            case .junk: "#6b7280"
            }
        }
    }
}

/// A lead has moved to another status.
public struct LeadStatusChanged: HookPayload {
    public var lead: RecordID
    public var from, to: RecordID
}

/// A lead has become a customer.
public struct LeadConverted: HookPayload {
    public var lead: RecordID
    public var customer: RecordID
}

let leadStatusChanged = Hook<LeadStatusChanged>("lead_status_changed")
let leadConverted = Hook<LeadConverted>("lead_converted")
