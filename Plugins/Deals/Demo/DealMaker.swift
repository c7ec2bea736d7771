import PluginAPI

/// A deal of the demo data and how it moves.
struct DealPlan {
    var created: Moment
    var title: String
    var value: Money
    var expected: Day
    var line: DealMaker.Line
    var customer: Record<Customer>
    var lead: Reference<Lead>?
    var owner: Reference<User>?
    var moves: [Move] = []

    struct Move {
        var moment: Moment
        var stage: Reference<Stage>
        var isEnd = false
        var reason: Reference<LostReason>?
    }

    func write(to deal: inout Record<Deal>) {
        deal[Deal.title] = title
        deal[Deal.value] = value
        deal[Deal.expectedCloseDate] = expected
        deal[Deal.pipeline] = line.pipeline
        deal[Deal.stage] = line.open[0]
        deal[Deal.customer] = Reference(customer.id)
        deal[Deal.company] = customer[Customer.company]
        deal[Deal.owner] = owner
        deal[Deal.sourceLead] = lead
    }
}

/// Makes up deals.
struct DealMaker {
    /// A pipeline: its open stages in order, and its ends.
    struct Line {
        var pipeline: Reference<Pipeline>
        var open: [Reference<Stage>]
        var won: Reference<Stage>
        var lost: Reference<Stage>
    }

    var random = SeededRandom(seed: 20_242)
    let today: Day
    let now: Moment
    let currency: Currency
    var lines: [Line] = []
    var reasons: [Reference<LostReason>] = []

    private static let topics: [String] = [
        "Yearly supply", "Pilot", "Rollout", "Maintenance", "Upgrade", "Extension", "Second site", "Training", "Spare parts", "Consulting",
        "Framework order", "Replacement", "Integration", "Support plan",
    ]

    init(today: Day, now: Moment, currency: Currency) {
        self.today = today
        self.now = now
        self.currency = currency
    }

    /// The deal with which a customer began.
    mutating func first(with customer: Record<Customer>, from lead: Reference<Lead>?) -> DealPlan {
        plan(with: customer, created: customer[Customer.createdAt].adding(seconds: 120), line: lines[0], lead: lead)
    }

    /// A later deal; the longer a customer is one, the likelier a renewal.
    mutating func another(with customer: Record<Customer>) -> DealPlan {
        let since = Int(today.number - customer[Customer.createdAt].day.number)
        var day = today.adding(days: -random.number(0...max(0, since - 1)))
        while day.weekday > 5, day < today.adding(days: -1) { day = day.adding(days: 1) }
        let isRenewal = since > 300 && random.chance(30)
        let created = min(Moment(day).adding(seconds: Double(random.number(8 * 3600...17 * 3600))), now)
        return plan(with: customer, created: created, line: lines[isRenewal ? 1 : 0], lead: nil)
    }

    private mutating func plan(
        with customer: Record<Customer>, created: Moment, line: Line, lead: Reference<Lead>?
    ) -> DealPlan {
        let cycle = cycleDays()
        let word = line.pipeline == lines[0].pipeline ? random.pick(Self.topics) : "Renewal"
        var plan = DealPlan(
            created: created, title: "\(word) for \(customer[Customer.name])", value: value(),
            expected: created.day.adding(days: cycle + random.number(-10...25)), line: line, customer: customer, lead: lead,
            owner: customer[Customer.owner])
        let end = created.adding(days: cycle)
        // A tenth of the deals that should be closed by now drag on.
        if end < now, !random.chance(10) { close(&plan, at: end) } else { advance(&plan, until: now) }
        return plan
    }

    private mutating func close(_ plan: inout DealPlan, at end: Moment) {
        let isWon = random.chance(plan.line.pipeline == lines[0].pipeline ? 56 : 78)
        let stages = plan.line.open.count
        let reach = isWon ? stages - 1 : random.number(0...stages - 1)
        move(&plan, through: reach, until: end)
        let reason = isWon || reasons.isEmpty ? nil : random.pick(reasons)
        plan.moves.append(.init(moment: end, stage: isWon ? plan.line.won : plan.line.lost, isEnd: true, reason: reason))
    }

    private mutating func advance(_ plan: inout DealPlan, until end: Moment) {
        move(&plan, through: random.number(0...plan.line.open.count - 1), until: end)
    }

    /// Moves along the open stages at even distances before the end, leaving some out.
    private mutating func move(_ plan: inout DealPlan, through reach: Int, until end: Moment) {
        guard reach > 0 else { return }
        let span = end.milliseconds - plan.created.milliseconds
        for place in 1...reach where place == reach || random.chance(55) {
            let moment = Moment(milliseconds: plan.created.milliseconds + span * Int64(place) / Int64(reach + 1))
            plan.moves.append(.init(moment: moment, stage: plan.line.open[place]))
        }
    }

    /// Most deals take some weeks, a few take half a year.
    private mutating func cycleDays() -> Int {
        var tenths = 70
        for _ in 0..<random.number(0...6) + random.number(0...6) + random.number(0...6) { tenths = tenths * 120 / 100 }
        return tenths / 10
    }

    /// Many small amounts and a few very large ones: about log-normal, in whole numbers, rounded to hundreds.
    private mutating func value() -> Money {
        var units = 900
        for _ in 0..<random.number(0...9) + random.number(0...9) + random.number(0...9) { units = units * 123 / 100 }
        units = units * random.number(82...121) / 100
        var minor = Int64(units / 100 * 100)
        for _ in 0..<currency.minorDigits { minor *= 10 }
        return Money(minor: minor, currency)
    }
}
