import CCrash
import CThread
import Dispatch
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Kernel

@Suite struct WatchdogTests {
    private func watchdog(_ slots: CallSlots, _ writer: WriterWatch = WriterWatch(), vitals: [Watchdog.Vital] = []) -> Watchdog {
        var limits = Watchdog.Limits()
        (limits.hook, limits.stretch, limits.turn, limits.transaction) = (100, 1000, 100, 1000)
        return Watchdog(limits: limits, vitals: vitals, slots: slots, writer: writer, well: {}, end: { _ in })
    }

    private func ago(_ milliseconds: UInt64) -> UInt64 { tenon_monotonic_time() - milliseconds * 1_000_000 }

    @Test func `a call that sits on its thread for too long hangs, by the limit of its kind`() {
        for (kind, milliseconds, hangs) in [(.listener, 50, false), (.listener, 150, true), (.route, 150, false), (.route, 1500, true), (.job, 1500, true), (.migration, 100_000, false)] as [(CallKind, UInt64, Bool)] {
            let slots = CallSlots()
            let place = slots.take(CallSite.of("acme", kind, "thing"), at: ago(milliseconds))
            let hang = watchdog(slots).look()
            #expect((hang != nil) == hangs, "\(kind) \(milliseconds)")
            if hangs { #expect(hang?.why.contains("acme: \(kind.rawValue) thing") ?? false) }
            slots.release(place)
            #expect(watchdog(slots).look() == nil)
        }
    }

    @Test func `a call that waits may wait, and the time on its thread counts from when it went on`() {
        let slots = CallSlots()
        let place = slots.take(CallSite.of("acme", .job, "thing"), at: ago(100_000), on: 0)
        #expect(watchdog(slots).look() == nil)
        slots.resume(place, at: ago(500))
        #expect(watchdog(slots).look() == nil)
        slots.resume(place, at: ago(5000))
        #expect(watchdog(slots).look() != nil)
        slots.suspend(place)
        #expect(watchdog(slots).look() == nil)
    }

    @Test func `a vital that does not answer is noticed after a while, one that does is not`() async throws {
        let answers = watchdog(CallSlots(), vitals: [.init(name: "fine") { $0() }])
        #expect(answers.look() == nil)
        usleep(150_000)
        #expect(answers.look() == nil)
        let silent = watchdog(CallSlots(), vitals: [.init(name: "gone") { _ in }])
        #expect(silent.look() == nil)
        usleep(150_000)
        #expect(silent.look()?.why.hasPrefix("gone for ") ?? false)
    }

    @Test func `a transaction of the kernel may take its time`() {
        let writer = WriterWatch()
        writer.begin()
        usleep(150_000)
        #expect(watchdog(CallSlots(), writer).look() == nil)
        #expect(writer.present != nil)
        writer.end()
        #expect(writer.present == nil)
    }

    @Test func `a transaction over many records is as old as the last of them`() throws {
        let writer = WriterWatch()
        writer.goOn()
        #expect(writer.present == nil)
        writer.begin()
        let begun: UInt64 = try #require(writer.present?.since)
        usleep(2000)
        writer.goOn()
        let since: UInt64 = try #require(writer.present?.since)
        #expect(since >= begun + 2_000_000)
        writer.end()
        #expect(writer.present == nil)
    }

    @Test func `every thread has a stack for handlers of signals, whoever made it`() async {
        let own = await withCheckedContinuation { continuation in Thread.detachNewThread { continuation.resume(returning: tenon_has_signal_stack()) } }
        let queue = await withCheckedContinuation { continuation in DispatchQueue(label: "x").async { continuation.resume(returning: tenon_has_signal_stack()) } }
        let task = await Task.detached { tenon_has_signal_stack() }.value
        let loop = try? await MultiThreadedEventLoopGroup.singleton.next().submit { tenon_has_signal_stack() }.get()
        #expect([own, queue, task, loop ?? 0] == [1, 1, 1, 1])
    }
}
