import Dispatch

/// Runs the pieces of one asynchronous call, one after the other, and notes on which thread: between them the call waits.
///
/// NB: a serial queue for each call, since only those get threads beyond the number of processors. The threads on which tasks
/// run otherwise are as many as processors: as many plugins that block would keep the product from answering anyone.
final class CallExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "tenon.plugin")
    private let slots: CallSlots
    private let place: CallSlots.Place
    private let clock: MonotonicClock

    init(_ slots: CallSlots, _ place: CallSlots.Place, _ clock: MonotonicClock) {
        self.slots = slots
        self.place = place
        self.clock = clock
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let piece = UnownedJob(job)
        queue.async { [self] in
            slots.resume(place, at: clock.now())
            piece.runSynchronously(on: asUnownedTaskExecutor())
            slots.suspend(place)
        }
    }
}
