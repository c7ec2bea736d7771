import PluginAPI
import Synchronization

/// How far a run is, for whoever watches it: a run that stores all or nothing shows nothing of itself in the database
/// before it is done.
final class ImportProgress: Sendable {
    private let counts: Mutex<ImportRecord.Counts>

    init(total: Int) {
        counts = Mutex(ImportRecord.Counts(total: total))
    }

    var now: ImportRecord.Counts { counts.withLock { $0 } }

    func set(_ new: ImportRecord.Counts) { counts.withLock { $0 = new } }
}
