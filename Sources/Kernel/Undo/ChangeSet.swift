import PluginAPI

/// Changes that belong together and can be taken back together: one change of many records, a merge, an import. The entries
/// of the audit trail that were written under it bear its number.
struct ChangeSet: Sendable {
    enum Kind: String, Sendable {
        case update, delete, action, merge
        /// Another set that was taken back.
        case undo
        /// An import, which has a way back of its own.
        case importing = "import"
    }

    var id: Int64 = 0
    var at: Moment
    /// Nil for the product itself.
    var userID: Int64?
    var via: String
    var kind: Kind
    var entity: String
    /// What it is about besides the records that it changed: the one that a merge kept, the set that was taken back, the import.
    var record: Int64?
    /// The labels of the fields that were changed, or the name of an action.
    var what: String
    /// How many records were to be changed and were.
    var count: Int = 0
    var undoneAt: Moment?
    var undoneBy: Int64?
    /// The set that took this one back.
    var undoneIn: Int64?
    /// What could not be taken back.
    var kept: [UndoReport.Kept] = []

    /// The change in words: `Changed status of 12 …`.
    func title(_ registry: Registry) -> String {
        let model: EntityModel? = registry.entity(entity)
        let one: String = (model?.title ?? entity.readable).lowercased()
        let noun: String = count == 1 ? "1 " + one : "\(count) " + (model?.pluralTitle ?? entity.readable).lowercased()
        switch kind {
        case .update: return what.isEmpty ? "Changed \(noun)" : "Changed \(what.lowercased()) of \(noun)"
        case .delete: return "Deleted \(noun)"
        case .action: return "\(model?.action(what)?.title ?? what.readable): \(noun)"
        case .merge: return "Merged \(noun) into another"
        case .undo: return "Took back change \(record ?? 0)"
        case .importing: return "Imported \(what)"
        }
    }

    /// Until when it can be taken back.
    func limit(_ settings: DeploymentSettings) -> Moment { at.adding(days: settings.value(KernelSettings.undoDays)) }

    /// What keeps it from being taken back at all; nil when nothing does.
    func obstacle(now: Moment, _ settings: DeploymentSettings) -> String? {
        if kind == .undo { return "it took another change back itself" }
        if undoneAt != nil { return "it was taken back already" }
        if kind != .importing, limit(settings) <= now {
            let days: Int = settings.value(KernelSettings.undoDays)
            return "it is older than \(days == 1 ? "a day" : "\(days) days")"
        }
        return nil
    }
}

/// What came of taking a set back.
struct UndoReport: Sendable {
    /// A record, or one field of it, that is not what it was before.
    struct Kept: Sendable, Hashable {
        var entity: String
        var record: Int64
        /// Empty for the record as a whole.
        var field: String = ""
        /// Why, in lower case, without a full stop.
        var message: String
    }
    /// The set in which it happened.
    var change: Int64 = 0
    /// How many records are what they were before.
    var done = 0
    var kept: [Kept] = []
}
