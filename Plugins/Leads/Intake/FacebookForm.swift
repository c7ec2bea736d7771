public import PluginAPI

/// How a form of a Facebook lead advertisement becomes a lead: which question fills which field.
public enum FacebookForm: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable)
    public static let formID = Field<String>(
        "form_id", .label("Form id"), .maxLength(40), .unique, .help("The number of the form, as the advertisement manager shows it."))
    public static let active = Field<Bool>(
        "active", .byDefault(true), .help("What a form that is not active brings is kept among the failed submissions."))
    public static let mapping = Field<String?>(
        "mapping", .multiline, .maxLength(4000), .label("Questions and fields"),
        .help("A line for each question: full_name = contact_name. Answers to other questions stand in the description."),
        .byDefault(FacebookForm.usual))
    public static let source = Field<Reference<LeadSource>?>("source", .whenTargetIsDeleted(.clear))
    public static let campaign = Field<String?>("campaign", .maxLength(100))
    public static let assignTo = Field<Reference<User>?>("assign_to", .whenTargetIsDeleted(.clear))

    public static let schema = Schema("facebook_form", name, formID, active, mapping, source, campaign, assignTo)
        .icon("inbox").group("Sales").lookup()

    /// The questions that advertisements usually ask.
    static let usual = """
        full_name = contact_name
        first_name = contact_name
        last_name = contact_name
        email = contact_email
        work_email = contact_email
        phone_number = contact_phone
        work_phone_number = contact_phone
        company_name = company_name
        """

    @Sendable static func check(_ change: inout Change<FacebookForm>, _ transaction: Transaction) throws {
        let known = try LeadFields.fillable(transaction).map(\.name)
        let read = FieldMapping(change.new[mapping])
        var problems: [Problem] = []
        if let wrong = read.wrong { problems.append(Problem(mapping, "has a line without =: \(wrong)")) }
        for pair in read.pairs where !known.contains(pair.right) {
            problems.append(Problem(mapping, "names \(pair.right), which is no field that people fill in"))
        }
        if !change.new[formID].allSatisfy({ $0.isASCII && $0.isNumber }) { problems.append(Problem(formID, "is not a number")) }
        guard problems.isEmpty else { throw CRMError(.invalid, "the form cannot be saved as it is", problems: problems) }
    }

    /// By which rules the leads of a form are made; those of a form that nobody described by the usual questions.
    static func intake(for formID: String, _ all: Transaction) throws -> Intake {
        guard let form = try all.first(FacebookForm.self, where: FacebookForm.formID == formID) else {
            var intake = Intake(name: "Facebook")
            intake.mapping = FieldMapping(usual)
            return intake
        }
        guard form[active] else {
            throw CRMError.refused("the Facebook form \(form[name]) is not active", hint: "Switch it on, then retry.")
        }
        var intake = Intake(name: form[name])
        intake.mapping = FieldMapping(form[mapping])
        intake.source = form[source]
        intake.campaign = form[campaign]
        intake.assignTo = form[assignTo]
        return intake
    }
}

/// What administrators set for Facebook. Tokens and secrets are never shown again.
enum FacebookSettings {
    static let appSecret = Setting<String?>(
        "leads.facebook_app_secret", "Facebook: app secret", default: nil, .maxLength(200), .secret,
        .help("What Facebook signs its calls with. Without it none is taken."))
    static let verifyToken = Setting<String?>(
        "leads.facebook_verify_token", "Facebook: verify token", default: nil, .maxLength(200), .secret,
        .help("Any text; the same one is typed in where the webhook is set up."))
    static let pageToken = Setting<String?>(
        "leads.facebook_page_token", "Facebook: page access token", default: nil, .maxLength(1000), .secret,
        .help("With which leads are fetched. For several pages: PAGE_ID=TOKEN, separated by spaces."))
    static let graph = Setting<String>(
        "leads.facebook_graph", "Facebook: address of the Graph API", default: "https://graph.facebook.com/v23.0", .url, .maxLength(200))

    /// The token of a page, or the one for all.
    static func token(of page: String, in text: String) -> String? {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        if let own = words.first(where: { $0.hasPrefix(page + "=") }) { return String(own.dropFirst(page.count + 1)) }
        return words.first { word in
            guard let mark = word.firstIndex(of: "=") else { return true }
            return !word[..<mark].allSatisfy(\.isNumber)
        }
    }
}
