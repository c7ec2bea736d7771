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

    static func touch(_ lead: inout Record<Lead>, _ transaction: Transaction) {
        lead[Lead.lastActivityAt] = transaction.now
        lead[Lead.activities] += 1
    }
}
