import PluginAPI

/// What the score of a lead consists of: the rules that hold for it, the points that plugins give, the adjustment by hand.
///
/// The score is stored with the lead. It is worked out anew when the lead or a rule changes, and every night for what passes with
/// time. All work is that of the rules: it does not grow with the number of leads.
struct LeadScoring {
    /// One line of the score.
    struct Line {
        var rule: Record<LeadScoreRule>?
        var title: String
        /// Why the lead gets the points, as words.
        var why: String
        var points: Int
    }

    private let rules: [Record<LeadScoreRule>]
    /// A score is the same for everyone: rules count what the user does not see, too.
    private let everything: Transaction

    init(_ transaction: Transaction) throws {
        everything = transaction.elevated(for: "A score is the same whoever looks at it.")
        rules = try everything.all(LeadScoreRule.self, where: LeadScoreRule.active == true, sort: .ascending(LeadScoreRule.position))
    }

    func score(of lead: Record<Lead>) -> Int {
        if rules.isEmpty { return lead[Lead.givenPoints] + lead[Lead.adjustment] }
        return lines(of: lead).reduce(0) { $0 + $1.points }
    }

    /// The lines that make up the score. A rule that cannot be worked out counts nothing, and says why.
    func lines(of lead: Record<Lead>) -> [Line] {
        var lines: [Line] = rules.compactMap { rule in
            do { return try line(rule, lead) } catch {
                let problem: CRMError? = error as? CRMError
                let reason: String = problem?.problems.first?.message ?? problem?.message ?? "it failed"
                return Line(rule: rule, title: rule[LeadScoreRule.name], why: "cannot be worked out: \(reason)", points: 0)
            }
        }
        if lead[Lead.givenPoints] != 0 {
            lines.append(Line(title: "Points from plugins", why: "", points: lead[Lead.givenPoints]))
        }
        if lead[Lead.adjustment] != 0 {
            lines.append(Line(title: "Adjusted by hand", why: lead[Lead.adjustmentReason] ?? "", points: lead[Lead.adjustment]))
        }
        return lines
    }

    private func line(_ rule: Record<LeadScoreRule>, _ lead: Record<Lead>) throws -> Line? {
        let condition: String = rule[LeadScoreRule.condition] ?? ""
        if !condition.isEmpty, try !everything.holds(condition, for: lead) { return nil }
        var full: Int = rule[LeadScoreRule.points]
        var why: String = condition.isEmpty ? "every lead" : condition
        if let formula = rule[LeadScoreRule.pointsFormula], !formula.isEmpty {
            full = try points(formula, lead)
            why += "; \(formula)"
        }
        if full == 0 { return nil }
        guard let halfLife = rule[LeadScoreRule.halfLife] else {
            return Line(rule: rule, title: rule[LeadScoreRule.name], why: why, points: full)
        }
        let days: Int = try daysWithoutActivity(lead)
        let points: Int = LeadScoring.decayed(full, days: days, halfLife: halfLife)
        if days > 0 {
            why += "; \(points) of \(full) points after \(days) \(days == 1 ? "day" : "days") without activity, half of them go every \(halfLife)"
        }
        return Line(rule: rule, title: rule[LeadScoreRule.name], why: why, points: points)
    }

    private func points(_ formula: String, _ lead: Record<Lead>) throws -> Int {
        switch try everything.evaluate(formula, on: lead) {
        case .integer(let number): return Int(min(100, max(-100, number)))
        case .decimal(let number): return LeadScoring.rounded(number)
        default: return 0
        }
    }

    /// Whole days in the deployment's calendar.
    private func daysWithoutActivity(_ lead: Record<Lead>) throws -> Int {
        guard case .integer(let days) = try everything.evaluate("days_between(date(last_activity_at), today())", on: lead) else { return 0 }
        return max(0, Int(days))
    }

    /// A half goes away from zero; held between -100 and 100.
    static func rounded(_ number: FixedDecimal) -> Int {
        var one: Int64 = 1
        for _ in 0..<number.scale { one *= 10 }
        let half: Int64 = number.units < 0 ? -one / 2 : one / 2
        let whole: Int64 = number.units / one
        let rest: Int64 = number.units % one
        let rounded: Int64 = abs(rest) >= abs(half) && half != 0 ? whole + (number.units < 0 ? -1 : 1) : whole
        return Int(min(100, max(-100, rounded)))
    }

    /// What is left of points: half of them after each half-life, evenly less on the days between. Whole numbers all the way, a
    /// half away from zero, so that everyone who reckons it anew comes to the same.
    static func decayed(_ points: Int, days: Int, halfLife: Int) -> Int {
        guard days > 0, halfLife > 0 else { return points }
        let halvings: Int = days / halfLife
        guard halvings < 16 else { return 0 }
        let part: Int = points * (2 * halfLife - days % halfLife)
        let whole: Int = (2 * halfLife) << halvings
        let rounded: Int = (2 * abs(part) + whole) / (2 * whole)
        return part < 0 ? -rounded : rounded
    }

    // MARK: When it is worked out

    /// Follows a stored change of a lead. It runs before other reactions: they may change the lead in turn.
    @Sendable static func follow(_ change: Change<Lead>, _ transaction: Transaction) throws {
        var lead: Record<Lead> = change.new
        let score: Int = try LeadScoring(transaction).score(of: lead)
        guard score != lead[Lead.score] else { return }
        lead[Lead.score] = score
        try transaction.derive(lead)
    }

    @Sendable static func ruleChanged(_ change: Change<LeadScoreRule>, _ transaction: Transaction) throws {
        let matters: Bool = change.isNew || change.changed(LeadScoreRule.condition) || change.changed(LeadScoreRule.points)
            || change.changed(LeadScoreRule.pointsFormula) || change.changed(LeadScoreRule.halfLife) || change.changed(LeadScoreRule.active)
        if matters { try transaction.enqueue(LeadRefresh.job) }
    }

    @Sendable static func ruleDeleted(_ rule: Record<LeadScoreRule>, _ transaction: Transaction) throws {
        try transaction.enqueue(LeadRefresh.job)
    }

    @Sendable static func checkRule(_ rule: Record<LeadScoreRule>) -> [Problem] {
        guard rule[LeadScoreRule.points] == 0, rule.isEmpty(LeadScoreRule.pointsFormula) else { return [] }
        return [Problem(LeadScoreRule.points, "gives no points; give some, or a formula for them")]
    }
}

/// Gives a lead more or fewer points than the rules do.
enum AdjustScore: Action {
    typealias Target = Lead
    static let name = "adjust-score"
    static let summary = "Adds points to the score of the lead, or takes some away, with the reason; 0 takes the adjustment back."
    static let points = Field<Int>("points", .range(-1000...1000), .help("Instead of an earlier adjustment; 0 takes it back."))
    static let reason = Field<String?>("reason", .maxLength(200))
    static let form = Form<Self>(points, reason)

    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        guard call.isEmpty(points), call.record[Lead.adjustment] != 0 else { return }
        call[points] = call.record[Lead.adjustment]
        if call.isEmpty(reason) { call[reason] = call.record[Lead.adjustmentReason] }
    }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        if call[points] != 0, call.isEmpty(reason) {
            throw CRMError(.invalid, "an adjustment needs a reason", problems: [Problem(reason, "says why the score is adjusted")])
        }
        var lead: Record<Lead> = try transaction.find(Lead.self, call.record.id)
        lead[Lead.adjustment] = call[points]
        lead[Lead.adjustmentReason] = call[points] == 0 ? nil : call[reason]
        try transaction.save(lead)
        let score: Int = try transaction.find(Lead.self, lead.id)[Lead.score]
        call.results["score"] = .integer(Int64(score))
        call.message = "The score is \(score)."
    }
}
