import PluginAPI

/// Brings what follows from rules and from the passing of time up to date, for all leads, some at a time.
enum LeadRefresh {
    static let job = "leads.refresh"
    private static let batch = 200

    /// Every step is stored by itself: a run that is interrupted begins again and does no harm.
    @Sendable static func run(_ context: Context) async throws {
        var last: RecordID? = RecordID.none
        while let from = last { last = try await context.write { try step(after: from, $0) } }
    }

    /// Gives the last lead of the step, and nil when there are no more.
    private static func step(after last: RecordID, _ transaction: Transaction) throws -> RecordID? {
        let scoring = try LeadScoring(transaction)
        let statuses: [Record<LeadStatus>] = try transaction.all(LeadStatus.self, where: LeadStatus.isQualified == true)
        let qualified: Set<RecordID> = Set(statuses.map(\.id))
        return try each(after: last, transaction) { lead in
            lead[Lead.score] = scoring.score(of: lead)
            let isQualified: Bool = qualified.contains(lead[Lead.status].id)
            lead[Lead.qualifiedAt] = isQualified ? lead[Lead.qualifiedAt] ?? lead[Lead.statusSince] : nil
        }
    }

    /// Works out derived fields of all leads within one transaction, for migrations.
    static func everyLead(_ transaction: Transaction, _ work: (inout Record<Lead>) throws -> Void) throws {
        var last: RecordID? = RecordID.none
        while let from = last { last = try each(after: from, transaction, work) }
    }

    private static func each(
        after last: RecordID, _ transaction: Transaction, _ work: (inout Record<Lead>) throws -> Void
    ) throws -> RecordID? {
        let leads: [Record<Lead>] = try transaction.all(
            Lead.self, where: Condition(.compare("id", .greater, .value(.integer(last.raw)))), sort: Sort(field: "id", descending: false),
            limit: batch)
        for var lead in leads {
            let before: [Value] = lead.data.values
            try work(&lead)
            if lead.data.values != before { try transaction.derive(lead) }
        }
        return leads.count < batch ? nil : leads.last?.id
    }
}
