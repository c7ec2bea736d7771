import PluginAPI

/// How far an import is.
enum ImportState: String, Sendable, CaseIterable {
    case uploaded, checking, checked, running, done, failed, reverting, reverted

    var isBusy: Bool { self == .checking || self == .running || self == .reverting }
}

/// One import as it is kept.
struct ImportRecord: Sendable {
    /// Counts of rows.
    struct Counts: Codable, Hashable, Sendable {
        var total: Int = 0
        var done: Int = 0
        var created: Int = 0
        var updated: Int = 0
        var unchanged: Int = 0
        var failed: Int = 0
    }

    /// What is kept beside the columns of the table, as one JSON document.
    struct Details: Codable, Hashable, Sendable {
        var plan: ImportPlan
        /// How sure the guessed columns are, by place.
        var confidence: [Int: Double] = [:]
        var unchanged: Int = 0
        /// What to do about the error, as a sentence.
        var hint: String?
        /// The first bad rows; the file of bad rows has them all.
        var faults: [RowFault] = []
        /// All bad rows, those with the same problem together; nil for imports of earlier releases.
        var groups: [ProblemGroup]?
    }

    var id: Int64
    var entity: String
    var userID: Int64?
    var fileName: String
    var state: ImportState
    var details: Details
    var counts: Counts
    var createdAt: Moment
    var finishedAt: Moment?
    /// Why it failed as a whole.
    var error: String?

    static let keptFaults: Int = 100

    /// A run that stored something, be it stopped half-way, and has not been taken back.
    var canRevert: Bool { (state == .done || state == .failed) && counts.created + counts.updated > 0 }
}
