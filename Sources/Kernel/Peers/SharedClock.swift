import PluginAPI
import Synchronization

/// The clock of the database as this machine can tell it: where several servers work on one database, what is due for one is due
/// for all, and moments of changes are in the order of changes, whatever the clocks of their machines say.
final class SharedClock: Clock {
    private let machine: any Clock
    /// How far the database's clock is ahead, in milliseconds.
    private let ahead = Mutex<Int64>(0)
    /// Differences that a way to the server and back explains are no differences.
    private static let tolerance: Int64 = 50

    init(_ machine: any Clock) { self.machine = machine }

    var now: Moment { Moment(milliseconds: machine.now.milliseconds + ahead.withLock { $0 }) }

    func wait(until moment: Moment) async {
        await machine.wait(until: Moment(milliseconds: moment.milliseconds - ahead.withLock { $0 }))
    }

    /// What the machine's own clock says: to be taken before and after the database is asked.
    var machineNow: Moment { machine.now }

    /// Sets it by the database's clock, which was read between two moments of the machine's.
    func set(database: Int64, between before: Moment, and after: Moment) {
        let way: Int64 = after.milliseconds - before.milliseconds
        // A long way, or a clock that was set meanwhile, says nothing.
        guard way >= 0, way < 2000 else { return }
        let difference: Int64 = database - (before.milliseconds + way / 2)
        ahead.withLock { known in
            if abs(difference - known) > SharedClock.tolerance + way / 2 { known = difference }
        }
    }
}
