import PluginAPI

/// Two years of leads, the same in every run that begins on the same day. Most customers were leads once; most leads never
/// became customers.
enum LeadsDemo {
    @Sendable static func fill(_ transaction: Transaction) throws {
        var maker = LeadMaker(today: transaction.today, now: transaction.now, currency: transaction.currency)
        maker.users = try Seller.all(transaction)
        maker.sources = try transaction.all(LeadSource.self, sort: .ascending(LeadSource.name)).map { Reference($0.id) }
        maker.reasons = try transaction.all(LostReason.self, sort: .ascending(LostReason.name)).map { Reference($0.id) }
        let statuses = try transaction.all(LeadStatus.self, sort: .ascending(LeadStatus.position))
        maker.path = statuses.filter { !$0[LeadStatus.isFinal] }.map { Reference($0.id) }
        maker.end = statuses.first { $0[LeadStatus.isFinal] }.map { Reference($0.id) }

        var plans = try converted(transaction, &maker)
        while plans.count < 2000 { plans.append(maker.prospect()) }
        plans.sort { $0.created < $1.created }
        for plan in plans { try live(plan, transaction) }
        try makeRules(transaction)
    }

    /// Rules for scores and for assignment, as a deployment in use has them.
    private static func makeRules(_ transaction: Transaction) throws {
        for var rule in try transaction.all(LeadScoreRule.self) {
            rule[LeadScoreRule.active] = true
            try transaction.save(rule)
        }
        let scoring = try LeadScoring(transaction)
        try LeadRefresh.everyLead(transaction) { $0[Lead.score] = scoring.score(of: $0) }
        let sellers: [Reference<User>] = try Seller.all(transaction)
        guard !sellers.isEmpty else { return }
        try transaction.insert(LeadAssignmentRule.self) {
            $0[LeadAssignmentRule.name] = "Everything from the website"
            $0[LeadAssignmentRule.condition] = "source.name = \"Website\""
            $0[LeadAssignmentRule.users] = References(sellers.map(\.id))
            $0[LeadAssignmentRule.capacity] = 200
            $0[LeadAssignmentRule.position] = 1
        }
    }

    /// Three of four customers, as the leads that they were.
    private static func converted(_ transaction: Transaction, _ maker: inout LeadMaker) throws -> [LeadPlan] {
        let companies = try transaction.all(Company.self)
        let names = Dictionary(uniqueKeysWithValues: companies.map { ($0.id, $0[Company.name]) })
        let customers = try transaction.all(Customer.self).sorted { $0.id < $1.id }
        return customers.enumerated().filter { $0.offset % 4 != 3 }.map { _, customer in
            maker.former(customer, company: customer[Customer.company].flatMap { names[$0.id] })
        }
    }

    /// Has a lead made and changed as planned, each at its moment.
    private static func live(_ plan: LeadPlan, _ transaction: Transaction) throws {
        let first = try transaction.backdated(to: plan.created, as: plan.owner)
        var lead = try first.insert(Lead.self, plan.write)
        for step in plan.steps {
            step.write(&lead)
            lead = try transaction.backdated(to: step.moment, as: plan.owner).save(lead)
        }
    }
}
