import PluginAPI

/// Makes a customer of a lead. Other plugins may add to it.
enum ConvertLead: Action {
    typealias Target = Lead
    static let name = "convert"
    static let summary = "Makes a customer of the lead, and a company if asked; once only."
    static let style = ActionStyle.primary

    static let customerName = Field<String>("customer_name", .maxLength(200))
    static let customerEmail = Field<String?>("customer_email", .label("Customer e-mail"), .email, .maxLength(200))
    static let customerPhone = Field<String?>("customer_phone", .phone, .maxLength(50))
    static let existingCustomer = Field<ExistingCustomer>(
        "existing_customer", .label("If a customer has this e-mail"), .byDefault(ExistingCustomer.ask))
    static let customer = Field<Reference<Customer>?>(
        "customer", .label("Which customer"), .help("The one with the e-mail unless chosen."), .shown(when: existingCustomer, is: .link))
    static let companyOption = Field<CompanyOption>("company_option", .label("Company"), .byDefault(CompanyOption.none))
    static let company = Field<Reference<Company>?>("company", .label("Which company"), .shown(when: companyOption, is: .existing))
    static let companyName = Field<String?>(
        "company_name", .label("Name of the new company"), .maxLength(200), .shown(when: companyOption, is: .new))
    static let form = Form<Self>(
        customerName, customerEmail, customerPhone, existingCustomer, customer, companyOption, company, companyName)

    enum CompanyOption: String, Choice {
        case none, existing, new

        var label: String {
            switch self {
            case .none: "No company"
            case .existing: "A known company"
            case .new: "A new company"
            }
        }
    }

    enum ExistingCustomer: String, Choice {
        case ask, link, new

        var label: String {
            switch self {
            case .ask: "Ask me"
            case .link: "Use that customer"
            case .new: "Make another one"
            }
        }
    }

    static func isAvailable(_ lead: Record<Lead>) -> Bool { lead[Lead.outcome] == .open }

    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        let lead = call.record
        if call.isEmpty(customerName) { call[customerName] = lead[Lead.contactName] ?? lead[Lead.companyName] ?? lead[Lead.title] }
        if call.isEmpty(customerEmail) { call[customerEmail] = lead[Lead.email] }
        if call.isEmpty(customerPhone) { call[customerPhone] = lead[Lead.phone] }
        if call.isEmpty(companyName) { call[companyName] = lead[Lead.companyName] }
        // Of several companies with the name, only somebody who looks can choose.
        if call.isEmpty(company), let name = lead[Lead.companyName] {
            let known = try transaction.all(Company.self, where: Company.name == name, limit: 2)
            if known.count == 1 { call[company] = Reference(known[0].id) }
        }
    }

    /// The company that the lead names: the one that is known, or a new one.
    static func suggest(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        guard call[companyOption] == .none, let name = call.record[Lead.companyName], !name.trimmedSpaces.isEmpty else { return }
        let known = try transaction.count(Company.self, where: Company.name == name)
        // Of several that bear the name, a choice is asked for.
        call[companyOption] = known == 0 ? .new : .existing
    }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        // Read again: a second click may have been first.
        var lead = try transaction.find(Lead.self, call.record.id)
        guard isAvailable(lead) else {
            throw CRMError.refused("the lead is \(lead[Lead.outcome].rawValue) already", hint: "Only an open lead can be converted.")
        }
        let chosen = try company(for: call, of: lead, transaction)
        let customer = try LeadCustomer(call: call, lead: lead, company: chosen, transaction: transaction).customer()

        lead[Lead.outcome] = .converted
        lead[Lead.convertedAt] = transaction.now
        lead[Lead.convertedCustomer] = Reference(customer.id)
        if let status = try convertedStatus(transaction) { lead[Lead.status] = Reference(status.id) }
        lead = try transaction.save(lead)
        try transaction.continueTimeline(from: lead, to: customer)
        try transaction.emit(leadConverted, LeadConverted(lead: lead.id, customer: customer.id))

        call.results["customer"] = .integer(customer.id.raw)
        if let company = chosen ?? customer[Customer.company] { call.results["company"] = company.value }
        call.message = "\(customer[Customer.name]) is a customer now."
        call.open(customer)
    }

    /// The final status that bears the name, else the first one; nil where no status is final.
    private static func convertedStatus(_ transaction: Transaction) throws -> Record<LeadStatus>? {
        let finals = try transaction.all(LeadStatus.self, where: LeadStatus.isFinal == true, sort: .ascending(LeadStatus.position))
        return finals.first { $0[LeadStatus.name].lowercased() == "converted" } ?? finals.first
    }

    private static func company(
        for call: ActionCall<Self>, of lead: Record<Lead>, _ transaction: Transaction
    ) throws -> Reference<Company>? {
        switch call[companyOption] {
        case .none: return nil
        case .existing:
            guard let company = call[company] else { throw missing(company, "choose a company, or no company") }
            return Reference(try transaction.find(company).id)
        case .new:
            guard let name = call[companyName], !name.isEmpty else { throw missing(companyName, "a new company needs a name") }
            let made = try transaction.insert(Company.self) {
                $0[Company.name] = name
                $0[Company.owner] = lead[Lead.owner] ?? transaction.user
            }
            return Reference(made.id)
        }
    }

    private static func missing<V>(_ field: Field<V>, _ message: String) -> CRMError {
        CRMError(.invalid, message, problems: [Problem(field, message)])
    }
}
