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
        "existing_customer", .label("If the e-mail is known"), .byDefault(ExistingCustomer.ask))
    static let companyOption = Field<CompanyOption>("company_option", .label("Company"), .byDefault(CompanyOption.none))
    static let company = Field<Reference<Company>?>("company", .label("Which company"), .shown(when: companyOption, is: .existing))
    static let companyName = Field<String?>(
        "company_name", .label("Name of the new company"), .maxLength(200), .shown(when: companyOption, is: .new))
    static let form = Form<Self>(
        customerName, customerEmail, customerPhone, existingCustomer, companyOption, company, companyName)

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
        case ask, link

        var label: String { self == .ask ? "Ask me" : "Use that customer" }
    }

    static func isAvailable(_ lead: Record<Lead>) -> Bool { lead[Lead.outcome] == .open }

    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        let lead = call.record
        if call.isEmpty(customerName) { call[customerName] = lead[Lead.contactName] ?? lead[Lead.companyName] ?? lead[Lead.title] }
        if call.isEmpty(customerEmail) { call[customerEmail] = lead[Lead.email] }
        if call.isEmpty(customerPhone) { call[customerPhone] = lead[Lead.phone] }
        if call.isEmpty(companyName) { call[companyName] = lead[Lead.companyName] }
        if call.isEmpty(company), let name = lead[Lead.companyName] {
            call[company] = try transaction.first(Company.self, where: Company.name == name).map { Reference($0.id) }
        }
    }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        // Read again: a second click may have been first.
        var lead = try transaction.find(Lead.self, call.record.id)
        guard isAvailable(lead) else {
            throw CRMError.refused("the lead is \(lead[Lead.outcome].rawValue) already", hint: "Only an open lead can be converted.")
        }
        let chosen = try company(for: call, of: lead, transaction)
        let customer = try customer(for: call, at: chosen, of: lead, transaction)

        lead[Lead.outcome] = .converted
        lead[Lead.convertedAt] = transaction.now
        lead[Lead.convertedCustomer] = Reference(customer.id)
        if let end = try transaction.first(LeadStatus.self, where: LeadStatus.isFinal == true, sort: .ascending(LeadStatus.position)) {
            lead[Lead.status] = Reference(end.id)
        }
        try transaction.save(lead)
        try transaction.emit(leadConverted, LeadConverted(lead: lead.id, customer: customer.id))

        call.results["customer"] = .integer(customer.id.raw)
        if let company = chosen ?? customer[Customer.company] { call.results["company"] = company.value }
        call.message = "\(customer[Customer.name]) is a customer now."
        call.open(customer)
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

    private static func customer(
        for call: ActionCall<Self>, at company: Reference<Company>?, of lead: Record<Lead>, _ transaction: Transaction
    ) throws -> Record<Customer> {
        if let email = call[customerEmail], !email.isEmpty {
            let everyone = transaction.elevated(for: "The customer may be one that the user does not see.")
            if try everyone.count(Customer.self, where: Customer.email == email) > 0 {
                return try known(email, call, at: company, transaction)
            }
        }
        return try transaction.insert(Customer.self) {
            $0[Customer.name] = call[customerName]
            $0[Customer.email] = call[customerEmail]
            $0[Customer.phone] = call[customerPhone]
            $0[Customer.company] = company
            $0[Customer.owner] = lead[Lead.owner] ?? transaction.user
        }
    }

    /// The customer who has the e-mail address already, if the user may see it and wants it.
    private static func known(
        _ email: String, _ call: ActionCall<Self>, at company: Reference<Company>?, _ transaction: Transaction
    ) throws -> Record<Customer> {
        guard var customer = try transaction.first(Customer.self, where: Customer.email == email) else {
            throw CRMError(
                .refused, "a customer with this e-mail address exists already", hint: "A colleague looks after that customer.",
                problems: [Problem(customerEmail, "a customer has this address already")])
        }
        guard call[existingCustomer] == .link else {
            throw CRMError(
                .refused, "the customer \(customer.id), \(customer[Customer.name]), has this e-mail address already",
                hint: "To use that customer, set existing_customer to link.",
                problems: [Problem(existingCustomer, "\(customer[Customer.name]) has this address already: use that customer?")])
        }
        guard let company, customer[Customer.company] == nil else { return customer }
        customer[Customer.company] = company
        return try transaction.save(customer)
    }

    private static func missing<V>(_ field: Field<V>, _ message: String) -> CRMError {
        CRMError(.invalid, message, problems: [Problem(field, message)])
    }
}
