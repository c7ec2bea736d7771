import PluginAPI
import Synchronization

/// How far a run is, for whoever watches it: a run that stores all or nothing shows nothing of itself in the database
/// before it is done. And the other way round: whether the run is to end early.
final class ImportProgress: Sendable {
    private let counts: Mutex<ImportRecord.Counts>
    private let stops = Atomic<Bool>(false)

    init(total: Int) {
        counts = Mutex(ImportRecord.Counts(total: total))
    }

    var now: ImportRecord.Counts { counts.withLock { $0 } }
    var isStopping: Bool { stops.load(ordering: .relaxed) }

    func set(_ new: ImportRecord.Counts) { counts.withLock { $0 = new } }

    /// Asks the run to end: the thread that writes knows nothing of the task that waits for it.
    func stop() { stops.store(true, ordering: .relaxed) }

    /// Throws when the run is to end.
    func goOn() throws { if isStopping { throw CancellationError() } }
}
