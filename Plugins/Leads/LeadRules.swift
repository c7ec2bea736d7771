import PluginAPI

/// What holds for every lead, and what the others are told.
enum LeadRules {
    @Sendable static func fillInStatus(_ change: inout Change<Lead>, _ transaction: Transaction) throws {
        guard change.new.isEmpty(Lead.status) else { return }
        guard let status = try transaction.first(LeadStatus.self, where: LeadStatus.isDefault == true) else { return }
        change.new[Lead.status] = Reference(status.id)
    }

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
            hint: isVisible ? "Work on lead \(other.id) instead, or close it first." : "A colleague works on it.",
            problems: [Problem(Lead.email, problem)])
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
