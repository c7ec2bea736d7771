import PluginAPI

/// What holds for every lead, and what the others are told.
enum LeadRules {
    /// Two people must not work on the same prospect without knowing it.
    @Sendable static func refuseSecondOpenLead(_ change: inout Change<Lead>, _ transaction: Transaction) throws {
        let lead = change.new
        guard lead[Lead.outcome] == .open, let email = lead[Lead.email], !email.isEmpty else { return }
        guard change.changed(Lead.email) || change.changed(Lead.outcome) else { return }
        let everyone = transaction.elevated(for: "The other lead may be one that the user does not see.")
        let same = try everyone.all(Lead.self, where: Lead.email == email && Lead.outcome == .open, limit: 2)
        guard let other = same.first(where: { $0.id != lead.id }) else { return }

        let isVisible = try transaction.canSee(Lead.self, other.id)
        let problem =
            isVisible
            ? "the open lead \(other.id), \(other[Lead.title]), has this address already"
            : "an open lead with this address exists already"
        throw CRMError(
            .invalid, "there is an open lead with this e-mail address",
            // The way to merge is told to those who may go it, by its link.
            hint: isVisible ? "Work on lead \(other.id) instead, or close it first." : "A colleague works on it.",
            problems: [Problem(Lead.email, problem)], links: [.init(to: other), .init(mergingInto: other)])
    }

    /// A lead that gets a customer by being merged with a converted one is converted: once is enough for both.
    @Sendable static func convertedWithCustomer(_ change: inout Change<Lead>, _ transaction: Transaction) throws {
        guard change.changed(Lead.convertedCustomer), change.new[Lead.convertedCustomer] != nil, change.new[Lead.outcome] == .open else { return }
        change.new[Lead.outcome] = .converted
        if change.new[Lead.convertedAt] == nil { change.new[Lead.convertedAt] = transaction.now }
    }

    /// What is not active any more stays where it is and is not chosen anew.
    @Sendable static func chooseWhatIsActive(_ change: inout Change<Lead>, _ transaction: Transaction) throws {
        var problems: [Problem] = []
        if change.changed(Lead.source), let chosen = change.new[Lead.source],
            let source = try transaction.first(LeadSource.self, where: LeadSource.is(chosen.id)), !source[LeadSource.active]
        {
            problems.append(Problem(Lead.source, "\(source[LeadSource.name]) is not active any more"))
        }
        if change.changed(Lead.lostReason), let chosen = change.new[Lead.lostReason],
            let reason = try transaction.first(LostReason.self, where: LostReason.is(chosen.id)), !reason[LostReason.active]
        {
            problems.append(Problem(Lead.lostReason, "\(reason[LostReason.name]) is not active any more"))
        }
        guard problems.isEmpty else { throw CRMError(.invalid, "the lead cannot be saved as it is", problems: problems) }
    }

    @Sendable static func reasonOfLostOnly(_ lead: Record<Lead>) -> [Problem] {
        guard lead[Lead.lostReason] != nil, lead[Lead.outcome] != .lost else { return [] }
        return [Problem(Lead.lostReason, "only a lost lead has a reason; use mark-lost")]
    }

    @Sendable static func tellOfStatus(_ change: Change<Lead>, _ transaction: Transaction) throws {
        guard let old = change.old, change.changed(Lead.status) else { return }
        let event = LeadStatusChanged(lead: change.new.id, from: old[Lead.status].id, to: change.new[Lead.status].id)
        try transaction.emit(leadStatusChanged, event)
    }
}
