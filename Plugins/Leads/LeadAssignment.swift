import PluginAPI

/// Finds the user to whom a lead goes, and says why.
///
/// Rules are asked in their order. The first one that holds and has somebody free decides; its people take turns, whoever is not
/// active or has as many open leads as the rule allows is passed over, and so are the members of a team that has as many together as
/// it may. Whose turn it was is stored with the rule, in the transaction of the lead.
struct LeadAssignment {
    /// What came of it. Without a user nobody was free.
    struct Choice {
        var user: Reference<User>?
        var name = ""
        var why: String
    }

    static let onCreation = Setting<Bool>("leads.assign_new", "Assign new leads by the rules", default: true)

    /// The user who makes a lead need not see the rules, the teams or the colleagues' leads.
    private let everything: Transaction

    init(_ transaction: Transaction) {
        everything = transaction.elevated(for: "Leads are assigned by rules over teams that the user may not see.")
    }

    /// Nil when no rule holds.
    func choose(for lead: Record<Lead>) throws -> Choice? {
        let rules: [Record<LeadAssignmentRule>] = try everything.all(
            LeadAssignmentRule.self, where: LeadAssignmentRule.active == true, sort: .ascending(LeadAssignmentRule.position))
        var passed: [String] = []
        var nobodyIsFree = false
        for rule in rules {
            let condition: String = rule[LeadAssignmentRule.condition] ?? ""
            do { guard try condition.isEmpty || everything.holds(condition, for: lead) else { continue } } catch let error as CRMError {
                let reason: String = error.problems.first?.message ?? error.message
                passed.append("The rule “\(rule[LeadAssignmentRule.name])” cannot be worked out: \(reason).")
                continue
            }
            let turn: Turn = try turn(of: rule, among: rules)
            let words: String = condition.isEmpty ? "it holds for every lead" : "it holds for this lead"
            if let user = turn.user {
                var rule: Record<LeadAssignmentRule> = rule
                rule[LeadAssignmentRule.lastUser] = user
                try everything.derive(rule)
                let why: String = "Rule “\(rule[LeadAssignmentRule.name])”: \(words). \(turn.why)"
                return Choice(user: user, name: turn.name, why: (passed + [why]).joined(separator: "\n"))
            }
            nobodyIsFree = true
            passed.append("Rule “\(rule[LeadAssignmentRule.name])”: \(words), but nobody is free. \(turn.why)")
        }
        return nobodyIsFree ? Choice(user: nil, why: passed.joined(separator: "\n")) : nil
    }

    private struct Turn {
        var user: Reference<User>?
        var name = ""
        var why: String
    }

    /// The team of a rule, and how much room it has.
    private struct Crew {
        var name: String
        var members: Set<RecordID>
        var open = 0
        /// The least that an active rule allows the team; nil for any number.
        var capacity: Int?

        var isFull: Bool { capacity.map { open >= $0 } ?? false }
        /// What is told of it. How many exactly is for those who see the colleagues' leads.
        var load: String { capacity.map { "; the team \(name) has fewer than \($0) together" } ?? "" }
    }

    private func crew(_ team: Record<Team>, _ rules: [Record<LeadAssignmentRule>]) throws -> Crew {
        let members: [RecordID] = team[Team.members].ids
        let allowed: [Int] = rules.compactMap { rule in
            rule[LeadAssignmentRule.team]?.id == team.id ? rule[LeadAssignmentRule.teamCapacity] : nil
        }
        var crew = Crew(name: team[Team.name], members: Set(members), capacity: allowed.min())
        guard let capacity = crew.capacity, !members.isEmpty else { return crew }
        let theirs: Condition<Lead> = Condition(.oneOf(Lead.owner.name, members.map { .value(.integer($0.raw)) }))
        crew.open = try everything.count(Lead.self, where: theirs && Lead.outcome == .open, atMost: capacity)
        return crew
    }

    private func turn(of rule: Record<LeadAssignmentRule>, among rules: [Record<LeadAssignmentRule>]) throws -> Turn {
        var ids: [RecordID] = []
        var crew: Crew?
        if let team = rule[LeadAssignmentRule.team] {
            let team: Record<Team> = try everything.find(team)
            ids = team[Team.members].ids
            crew = try self.crew(team, rules)
        }
        for id in rule[LeadAssignmentRule.users].ids where !ids.contains(id) { ids.append(id) }
        guard !ids.isEmpty else { return Turn(why: "Its team has no members.") }
        let people: [Record<User>] = try everything.all(
            User.self, where: Condition(.oneOf("id", ids.map { .value(.integer($0.raw)) })), limit: ids.count)
        let byID: [RecordID: Record<User>] = Dictionary(people.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        // After whoever was last, and round to that one again.
        let last: Int = rule[LeadAssignmentRule.lastUser].flatMap { last in ids.firstIndex(of: last.id) } ?? -1
        let order: [RecordID] = Array(ids[(last + 1)...] + ids[..<(last + 1)])
        let capacity: Int? = rule[LeadAssignmentRule.capacity]
        var skipped: [String] = []
        if let crew, crew.isFull { skipped.append("the team \(crew.name), whose members have no room together") }
        for id in order {
            guard let person = byID[id] else { continue }
            let isOfTeam: Bool = crew?.members.contains(id) ?? false
            if isOfTeam, crew?.isFull ?? false { continue }
            let name: String = person[User.name]
            guard person[User.active] else {
                skipped.append("\(name) is not active")
                continue
            }
            var load = ""
            if let capacity {
                let open: Int = try everything.count(
                    Lead.self, where: Lead.owner == Reference(id) && Lead.outcome == .open, atMost: capacity)
                guard open < capacity else {
                    // How many exactly is for those who see that colleague's leads.
                    skipped.append("\(name) has no room")
                    continue
                }
                load = ", with \(open) of \(capacity) open leads"
            }
            if isOfTeam, let crew { load += crew.load }
            return Turn(user: Reference(id), name: name, why: "It was the turn of \(name)\(load).\(LeadAssignment.told(skipped))")
        }
        return Turn(why: LeadAssignment.told(skipped).trimmingFirstSpace)
    }

    private static func told(_ skipped: [String]) -> String { skipped.isEmpty ? "" : " Passed over: \(skipped.joined(separator: "; "))." }

    // MARK: When it happens

    /// Gives a new lead that belongs to nobody to somebody; without anybody free it stays nobody's, and says so.
    @Sendable static func assignNew(_ change: inout Change<Lead>, _ transaction: Transaction) throws {
        guard change.isNew, !change.isRestored, change.new[Lead.outcome] == .open, change.new[Lead.owner] == nil else { return }
        guard try transaction.setting(onCreation) else { return }
        var lead: Record<Lead> = change.new
        if lead.isEmpty(Lead.createdAt) { lead[Lead.createdAt] = transaction.now }
        guard let choice = try LeadAssignment(transaction).choose(for: lead) else { return }
        change.new[Lead.owner] = choice.user
        change.new[Lead.assignment] = choice.why
    }

    /// The reason goes when somebody assigns the lead by hand.
    @Sendable static func forgetReason(_ change: inout Change<Lead>, _ transaction: Transaction) throws {
        guard !change.isNew, change.changed(Lead.owner), !change.changed(Lead.assignment) else { return }
        change.new[Lead.assignment] = nil
    }

    @Sendable static func checkRule(_ rule: Record<LeadAssignmentRule>) -> [Problem] {
        guard rule[LeadAssignmentRule.team] == nil, rule[LeadAssignmentRule.users].ids.isEmpty else { return [] }
        return [Problem(LeadAssignmentRule.team, "is needed unless users are chosen")]
    }
}

extension String {
    fileprivate var trimmingFirstSpace: String { hasPrefix(" ") ? String(dropFirst()) : self }
}

/// Assigns a lead by the rules, as a new one is.
enum AssignLead: Action {
    typealias Target = Lead
    static let name = "assign"
    static let title = "Assign by rules"
    static let summary = "Gives the lead to the user whose turn it is by the assignment rules, and says why."

    static func isAvailable(_ lead: Record<Lead>) -> Bool { lead[Lead.outcome] == .open }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var lead: Record<Lead> = try transaction.find(Lead.self, call.record.id)
        guard let choice = try LeadAssignment(transaction).choose(for: lead) else {
            throw CRMError.refused("no assignment rule holds for this lead", hint: "Add one among the lead assignment rules.")
        }
        guard let user = choice.user else {
            throw CRMError.refused("nobody is free for this lead", hint: choice.why.split(separator: "\n").joined(separator: " "))
        }
        lead[Lead.owner] = user
        lead[Lead.assignment] = choice.why
        // The next one may be out of the sight of whoever asks.
        try transaction.elevated(for: "The rules choose among colleagues whom the user may not see.").save(lead)
        call.results["assigned_to"] = user.value
        call.message = "The lead goes to \(choice.name)."
    }
}
