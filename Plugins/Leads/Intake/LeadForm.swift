public import PluginAPI

/// A form for people outside: what they fill in becomes a lead.
public enum LeadForm: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable, .help("For yourselves, and in the title of the leads."))
    public static let active = Field<Bool>("active", .byDefault(true), .help("A form that is not active says that it is closed."))
    public static let title = Field<String>("title", .maxLength(200), .label("Heading"), .help("What visitors see above the form."))
    public static let introduction = Field<String?>("introduction", .multiline, .maxLength(2000))
    public static let fields = Field<String>(
        "fields", LeadFields.rule, .maxLength(2000),
        .byDefault("contact_name,contact_email,contact_phone,company_name,description"),
        .help("What visitors fill in, in this order; drag to change it. Nothing else is ever written."))
    public static let required = Field<String?>(
        "required_fields", LeadFields.rule, .maxLength(2000), .byDefault("contact_name,contact_email"), .help("Those of them that must be filled in."))
    public static let labels = Field<String?>(
        "labels", .multiline, .maxLength(4000), .help("Other words for fields, a line each: contact_name = Your name"))
    public static let button = Field<String>("button", .maxLength(60), .byDefault("Send"), .help("The words on the button."))
    public static let source = Field<Reference<LeadSource>?>("source", .whenTargetIsDeleted(.clear))
    public static let campaign = Field<String?>("campaign", .maxLength(100), .searchable, .help("A tag that the leads get."))
    public static let assignTo = Field<Reference<User>?>(
        "assign_to", .whenTargetIsDeleted(.clear), .help("Whose the leads are; otherwise the rules of assignment decide."))
    public static let thanks = Field<String>(
        "thanks", .multiline, .maxLength(2000), .byDefault("Thank you. We will be in touch."), .label("Thank-you text"))
    public static let redirect = Field<String?>(
        "redirect_url", .url, .maxLength(1000), .label("Then go to"), .help("A page of yours, shown instead of the thank-you text."))
    public static let origins = Field<String?>(
        "allowed_origins", .multiline, .maxLength(2000), .label("May be embedded in"),
        .help("The sites whose pages may show the form in a frame, a line each: https://www.example.com"))
    public static let ownMarkup = Field<Bool>(
        "own_markup", .label("Own HTML"), .byDefault(false),
        .help("Accept the plain form below from your own pages. Spam is harder to tell there."))
    public static let perMinute = Field<Int>(
        "per_minute", .label("Most a minute"), .range(1...10_000), .byDefault(60), .help("More submissions than this are asked to wait."))
    public static let perAddress = Field<Int>(
        "per_address", .label("Most a minute from one address"), .range(1...10_000), .byDefault(10))
    public static let key = Field<String>("key", .maxLength(64), .unique, .filledIn, .readOnly, .help("The end of the form's address."))
    /// Signs the moment at which a page was shown.
    public static let secret = Field<String?>("signing_secret", .maxLength(64), .secret)

    public static let schema = Schema(
        "lead_form", name, active, title, introduction, fields, required, labels, button, source, campaign, assignTo, thanks, redirect,
        origins, ownMarkup, perMinute, perAddress, key, secret
    ).icon("inbox").group("Sales").lookup().keptInMemory()

    /// The form's address below the product's.
    static func path(_ key: String) -> String { "/plugins/leads/forms/" + key }
}

/// Gives a form another address.
enum RenewFormKey: Action {
    typealias Target = LeadForm
    static let name = "renew-key"
    static let title = "Renew the address"
    static let summary = "Gives the form another address. The present one stops working at once, also where it is embedded."
    static let style = ActionStyle.danger

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var form = try transaction.find(LeadForm.self, call.record.id)
        form[LeadForm.key] = try LeadFormRules.makeKey(transaction)
        try transaction.save(form)
        call.results["key"] = .text(form[LeadForm.key])
        call.message = "The form has another address now."
    }
}
