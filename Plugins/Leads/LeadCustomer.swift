import PluginAPI

/// Finds or makes the customer that a lead becomes.
///
/// Only customers that the user may see count as known: that a colleague has one with the same e-mail address is not theirs to
/// learn, and whoever sees both finds them among the duplicates.
struct LeadCustomer {
    let call: ActionCall<ConvertLead>
    let lead: Record<Lead>
    let company: Reference<Company>?
    let transaction: Transaction

    private static let mostNamed = 5

    func customer() throws -> Record<Customer> {
        switch call[ConvertLead.existingCustomer] {
        case .new: return try make()
        case .link:
            if let chosen = call[ConvertLead.customer] { return try taken(transaction.find(chosen)) }
            let known = try known()
            if known.count > 1 { throw question(known) }
            return try known.first.map(taken) ?? make()
        case .ask:
            let known = try known()
            guard known.isEmpty else { throw question(known) }
            return try make()
        }
    }

    private func known() throws -> [Record<Customer>] {
        guard let email = call[ConvertLead.customerEmail], !email.isEmpty else { return [] }
        return try transaction.all(
            Customer.self, where: Customer.email == email, sort: .ascending(Customer.createdAt), limit: Self.mostNamed + 1)
    }

    private func make() throws -> Record<Customer> {
        let asked: [String: String] = [
            Customer.name.name: ConvertLead.customerName.name, Customer.email.name: ConvertLead.customerEmail.name,
            Customer.phone.name: ConvertLead.customerPhone.name,
        ]
        do {
            return try transaction.insert(Customer.self) {
                $0[Customer.name] = call[ConvertLead.customerName]
                $0[Customer.email] = call[ConvertLead.customerEmail]
                $0[Customer.phone] = call[ConvertLead.customerPhone]
                $0[Customer.company] = company
                $0[Customer.owner] = lead[Lead.owner] ?? transaction.user
            }
        } catch var error as CRMError {
            // What is wrong with the customer, told of the fields that were asked for.
            error.problems = error.problems.map { Problem(field: asked[$0.field] ?? $0.field, $0.message) }
            throw error
        }
    }

    /// A customer who is there already, with the company if there was none.
    private func taken(_ customer: Record<Customer>) throws -> Record<Customer> {
        guard let company, customer[Customer.company] == nil else { return customer }
        var customer = customer
        customer[Customer.company] = company
        return try transaction.save(customer)
    }

    private func question(_ known: [Record<Customer>]) -> CRMError {
        let links = known.prefix(Self.mostNamed).map { CRMError.Link(to: $0) }
        if known.count == 1 {
            let name = known[0][Customer.name]
            return CRMError(
                .refused, "the customer \(known[0].id), \(name), has this e-mail address already",
                hint: "Set existing_customer to link to use that customer, or to new to make another one.",
                problems: [Problem(ConvertLead.existingCustomer, "\(name) has this address already: use that customer, or make another one?")],
                links: Array(links))
        }
        let count = known.count > Self.mostNamed ? "more than \(Self.mostNamed)" : "\(known.count)"
        return CRMError(
            .refused, "\(count) customers have this e-mail address already",
            hint: "Set existing_customer to link and customer to one of them, or existing_customer to new to make another one.",
            problems: [
                Problem(ConvertLead.existingCustomer, "\(count) customers have this address: which one, or another one?"),
                Problem(ConvertLead.customer, "choose one of them"),
            ],
            links: Array(links))
    }
}
