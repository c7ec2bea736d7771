import PluginAPI

/// Since when a lead is in its status, whether that counts as qualified, and how long it was in those before.
enum StatusLog {
    /// Gives a new lead the default status unless another one was chosen, and notes since when a lead is in its status.
    @Sendable static func place(_ change: inout Change<Lead>, _ transaction: Transaction) throws {
        let isUnplaced: Bool = change.new.isEmpty(Lead.status)
        guard isUnplaced || change.isNew || change.changed(Lead.status) else { return }
        let everything: Transaction = transaction.elevated(for: "A lead may be in a status that the user does not see.")
        let status: Record<LeadStatus>? = isUnplaced
            ? try everything.first(LeadStatus.self, where: LeadStatus.isDefault == true)
            : try everything.first(LeadStatus.self, where: LeadStatus.is(change.new[Lead.status].id))
        guard let status else { return }
        if isUnplaced { change.new[Lead.status] = Reference(status.id) }
        let since: Moment = change.isNew && !change.new.isEmpty(Lead.createdAt) ? change.new[Lead.createdAt] : transaction.now
        change.new[Lead.statusSince] = since
        change.new[Lead.qualifiedAt] = status[LeadStatus.isQualified] ? change.new[Lead.qualifiedAt] ?? since : nil
    }

    /// Writes into the log that a lead has left a status.
    @Sendable static func note(_ change: Change<Lead>, _ transaction: Transaction) throws {
        guard let old = change.old, change.changed(Lead.status) else { return }
        let since: Moment = old[Lead.statusSince] ?? old[Lead.createdAt]
        try transaction.elevated(for: "The log of statuses is written whoever moves a lead.").insert(LeadStatusChange.self) {
            $0[LeadStatusChange.lead] = Reference(change.new.id)
            $0[LeadStatusChange.from] = old[Lead.status]
            $0[LeadStatusChange.to] = change.new[Lead.status]
            $0[LeadStatusChange.seconds] = max(0, Int((transaction.now.milliseconds - since.milliseconds) / 1000))
        }
    }

    /// Leads of before the log: nobody knows any more when they came into their status, so it counts from when they were made.
    @Sendable static func begin(_ transaction: Transaction) throws {
        try LeadRefresh.everyLead(transaction) { lead in
            if lead[Lead.statusSince] == nil { lead[Lead.statusSince] = lead[Lead.createdAt] }
            if lead[Lead.lastActivityAt] == nil { lead[Lead.lastActivityAt] = lead[Lead.updatedAt] }
        }
    }

    /// The time that a lead has spent in each status, in the order in which it came to them first; the present one up to now.
    static func times(of lead: Record<Lead>, _ transaction: Transaction) throws -> [Time] {
        let everything: Transaction = transaction.elevated(for: "The log of a lead is shown to those who see the lead.")
        let log: [Record<LeadStatusChange>] = try everything.all(
            LeadStatusChange.self, where: LeadStatusChange.lead == Reference(lead.id),
            sort: .ascending(LeadStatusChange.createdAt), limit: 500)
        var times: [Time] = []
        func add(_ status: Reference<LeadStatus>?, _ seconds: Int) {
            if let place = times.firstIndex(where: { $0.status == status }) {
                times[place].visits += 1
                times[place].seconds += seconds
            } else {
                times.append(Time(status: status, visits: 1, seconds: seconds))
            }
        }
        for entry in log { add(entry[LeadStatusChange.from], entry[LeadStatusChange.seconds] ?? 0) }
        let since: Moment = lead[Lead.statusSince] ?? lead[Lead.createdAt]
        add(lead[Lead.status], max(0, Int((transaction.now.milliseconds - since.milliseconds) / 1000)))
        return times
    }

    struct Time {
        /// Nil for those that were deleted.
        var status: Reference<LeadStatus>?
        var visits: Int
        var seconds: Int
    }
}

extension Entity {
    /// One record.
    static func `is`(_ id: RecordID) -> Condition<Self> { Condition(.compare("id", .equal, .value(.integer(id.raw)))) }
}
