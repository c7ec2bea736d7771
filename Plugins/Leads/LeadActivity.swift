import PluginAPI

/// When somebody last did something about a lead, and how often: a change of it, or a note.
enum LeadActivity {
    /// A change by somebody counts; what the product works out by itself does not, nor do points.
    @Sendable static func note(_ change: inout Change<Lead>, _ transaction: Transaction) throws {
        if change.isNew {
            change.new[Lead.lastActivityAt] = change.new.isEmpty(Lead.createdAt) ? transaction.now : change.new[Lead.createdAt]
        } else if transaction.user != nil, !change.changed(Lead.givenPoints), !change.changed(Lead.adjustment) {
            touch(&change.new, transaction)
        }
    }

    /// A note about a lead is an activity, too.
    @Sendable static func noted(_ note: NoteAdded, _ transaction: Transaction) throws {
        guard note.entity == Lead.schema.name, transaction.user != nil else { return }
        let everything: Transaction = transaction.elevated(for: "Whoever sees a lead may write a note about it.")
        var lead: Record<Lead> = try everything.find(Lead.self, note.record)
        touch(&lead, transaction)
        lead[Lead.score] = try LeadScoring(transaction).score(of: lead)
        try everything.derive(lead)
    }

    static func touch(_ lead: inout Record<Lead>, _ transaction: Transaction) {
        lead[Lead.lastActivityAt] = transaction.now
        lead[Lead.activities] += 1
    }
}

/// A note was left on some record.
struct NoteAdded: HookPayload {
    var entity: String
    var record: RecordID
}
