public import PluginAPI

/// A prospect that is not yet a customer.
public enum Lead: Entity {
    public static let title = Field<String>("title", .maxLength(200), .searchable, .aliases("name", "subject", "topic", "lead"))
    public static let description = Field<String?>("description", .multiline, .aliases("notes", "message", "comment"))
    public static let contactName = Field<String?>(
        "contact_name", .maxLength(200), .searchable, .aliases("contact", "full name", "person"))
    public static let email = Field<String?>(
        "contact_email", .label("E-mail"), .email, .maxLength(200), .searchable, .indexed,
        .aliases("email", "e-mail", "mail", "email address"))
    public static let phone = Field<String?>(
        "contact_phone", .label("Phone"), .phone, .maxLength(50), .searchable, .aliases("phone", "telephone", "mobile"))
    public static let companyName = Field<String?>(
        "company_name", .label("Company"), .maxLength(200), .searchable, .aliases("company", "account", "organisation"))
    public static let value = Field<Money?>("value", .indexed, .aliases("amount", "budget", "expected value"))
    public static let source = Field<Reference<LeadSource>?>("source", .indexed, .aliases("lead source", "channel", "origin"))
    public static let status = Field<Reference<LeadStatus>>(
        "status", .filledIn, .indexed, .help("The default status unless chosen."), .aliases("lead status", "stage"))
    public static let owner = Field<Reference<User>?>(
        "assigned_to", .owner, .indexed, .whenTargetIsDeleted(.clear), .aliases("owner", "lead owner", "sales_agent", "agent"))
    public static let outcome = Field<Outcome>("outcome", .readOnly, .indexed, .byDefault(Outcome.open))
    public static let lostReason = Field<Reference<LostReason>?>("lost_reason", .indexed)
    public static let score = Field<Int>("score", .readOnly, .byDefault(0))
    public static let convertedAt = Field<Moment?>("converted_at", .label("Converted"), .readOnly, .indexed)
    public static let convertedCustomer = Field<Reference<Customer>?>(
        "converted_customer", .label("Customer"), .readOnly, .indexed, .whenTargetIsDeleted(.clear))

    public static let campaign = Field<String?>(
        "campaign", .maxLength(100), .indexed, .searchable, .aliases("utm_campaign", "lead campaign"),
        .help("A tag of the campaign that brought it in."))
    public static let form = Field<Reference<LeadForm>?>(
        "lead_form", .label("Form"), .readOnly, .indexed, .whenTargetIsDeleted(.clear))

    public static let schema = Schema(
        "lead", title, description, contactName, email, phone, companyName, value, source, status, owner, outcome, lostReason, score,
        convertedAt, convertedCustomer, campaign, form
    ).icon("target").group("Sales")

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
