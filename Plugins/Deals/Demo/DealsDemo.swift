import PluginAPI

/// Two years of deals with the customers of the demo data, the same in every run that begins on the same day.
enum DealsDemo {
    @Sendable static func fill(_ transaction: Transaction) throws {
        try insertRenewals(transaction)
        try setRottingDays(transaction)
        var maker = DealMaker(today: transaction.today, now: transaction.now, currency: transaction.currency)
        maker.lines = try lines(transaction)
        if transaction.has(LostReason.self) {
            maker.reasons = try transaction.all(LostReason.self, sort: .ascending(LostReason.name)).map { Reference($0.id) }
        }
        let leads = try leadsOfCustomers(transaction)
        let customers = try transaction.all(Customer.self).sorted { $0.id < $1.id }
        guard !customers.isEmpty, maker.lines.count == 2 else { return }

        // Everyone who buys began with a deal; some came back.
        var plans = customers.map { maker.first(with: $0, from: leads[$0.id]) }
        while plans.count < 1500 {
            // Older customers come back more often: the sooner of two.
            let place = min(maker.random.number(0...customers.count - 1), maker.random.number(0...customers.count - 1))
            plans.append(maker.another(with: customers[place]))
        }
        plans.sort { $0.created < $1.created }
        for plan in plans { try live(plan, transaction) }
    }

    private static func insertRenewals(_ transaction: Transaction) throws {
        let past = try transaction.backdated(to: Moment(transaction.today.adding(days: -740)))
        let pipeline = try past.insert(Pipeline.self) {
            $0[Pipeline.name] = "Renewals"
            $0[Pipeline.description] = "Contracts that run out."
            $0[Pipeline.position] = 2
        }
        try DealDefaults.stages(
            of: pipeline,
            [("Upcoming", "#64748b", 60), ("In talks", "#2563eb", 80), ("Renewed", "#15803d", 100), ("Ended", "#b91c1c", 0)], past)
    }

    /// Selling takes weeks; a renewal is talked about for longer.
    private static func setRottingDays(_ transaction: Transaction) throws {
        for var pipeline in try transaction.all(Pipeline.self) {
            pipeline[Pipeline.rottingDays] = pipeline[Pipeline.name] == "Renewals" ? 60 : 30
            try transaction.save(pipeline)
        }
    }

    /// The pipelines with their stages: the open ones in order, won, lost.
    private static func lines(_ transaction: Transaction) throws -> [DealMaker.Line] {
        try transaction.all(Pipeline.self, sort: .ascending(Pipeline.position)).compactMap { pipeline in
            let reference = Reference<Pipeline>(pipeline.id)
            let stages = try transaction.all(Stage.self, where: Stage.pipeline == reference, sort: .ascending(Stage.position))
            guard let won = stages.first(where: { $0[Stage.isWon] }), let lost = stages.first(where: { $0[Stage.isLost] }) else {
                return nil
            }
            let open = stages.filter { Stage.outcome(of: $0) == .open }.map { Reference<Stage>($0.id) }
            return .init(pipeline: reference, open: open, won: Reference(won.id), lost: Reference(lost.id))
        }
    }

    private static func leadsOfCustomers(_ transaction: Transaction) throws -> [RecordID: Reference<Lead>] {
        guard transaction.has(Lead.self) else { return [:] }
        let leads = try transaction.all(Lead.self, where: Lead.convertedCustomer != nil)
        return Dictionary(
            leads.compactMap { lead in lead[Lead.convertedCustomer].map { ($0.id, Reference(lead.id)) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Has a deal made and moved as planned, each at its moment.
    private static func live(_ plan: DealPlan, _ transaction: Transaction) throws {
        let first = try transaction.backdated(to: plan.created, as: plan.owner)
        var deal = try first.insert(Deal.self, plan.write)
        for move in plan.moves {
            deal[Deal.stage] = move.stage
            if let reason = move.reason { deal[Deal.lostReason] = reason }
            if move.isEnd { deal[Deal.actualCloseDate] = move.moment.day }
            deal = try transaction.backdated(to: move.moment, as: plan.owner).save(deal)
        }
    }
}
