import PluginAPI

/// Exactly one status is the default.
enum LeadStatusRules {
    @Sendable static func firstIsDefault(_ change: inout Change<LeadStatus>, _ transaction: Transaction) throws {
        guard change.isNew, !change.new[LeadStatus.isDefault] else { return }
        change.new[LeadStatus.isDefault] = try transaction.count(LeadStatus.self, where: LeadStatus.isDefault == true) == 0
    }

    @Sendable static func keepOneDefault(_ change: Change<LeadStatus>, _ transaction: Transaction) throws {
        guard change.changed(LeadStatus.isDefault) else { return }
        let defaults = try transaction.all(LeadStatus.self, where: LeadStatus.isDefault == true)
        if change.new[LeadStatus.isDefault] {
            for var other in defaults where other.id != change.new.id {
                other[LeadStatus.isDefault] = false
                try transaction.save(other)
            }
        } else if defaults.isEmpty {
            throw CRMError(
                .invalid, "there must be a default status", hint: "Make another status the default; this one then stops being it.",
                problems: [Problem(LeadStatus.isDefault, "the default status stays the default until another one is")])
        }
    }

    /// What counts as qualified follows for the leads that are there.
    @Sendable static func followQualified(_ change: Change<LeadStatus>, _ transaction: Transaction) throws {
        guard change.changed(LeadStatus.isQualified), !change.isNew else { return }
        guard try transaction.count(Lead.self, where: Lead.status == Reference(change.new.id), atMost: 1) > 0 else { return }
        try transaction.enqueue(LeadRefresh.job)
    }

    @Sendable static func keepDefault(_ status: Record<LeadStatus>, _ transaction: Transaction) throws {
        guard status[LeadStatus.isDefault] else { return }
        throw CRMError.refused("the default status cannot be deleted", hint: "Make another status the default first.")
    }
}
