import CThread
import Dispatch
import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// Who is running now, as a thread sees it that takes no part in it.
@Suite struct CallSlotsTests {
    /// A step of an exercise.
    enum Step: Entity {
        static let title = Field<String>("title")
        static let follows = Field<Bool>("follows", .byDefault(false))
        static let schema = Schema("step", title, follows)
    }

    /// The same as another plugin sees it.
    enum KnownStep: ForeignEntity {
        static let follows = Field<Bool>("follows")
        static let schema = Schema("step", follows)
    }

    /// What is seen of the plugins of one test: all tests share the process.
    static func seen(_ plugins: String...) -> [CallSlots.Running] {
        CallSlots.shared.running().filter { plugins.contains($0.site.plugin) }
    }

    /// Looks from a thread of its own.
    static func look(_ plugins: String...) -> [CallSlots.Running] {
        let found = Current<[CallSlots.Running]>([])
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            found.replace(CallSlots.shared.running().filter { plugins.contains($0.site.plugin) })
            done.signal()
        }
        thread.start()
        done.wait()
        return found.value
    }

    @Test func `another thread sees which plugin runs, in what, on which thread and since when`() {
        let calls = PluginCalls()
        let site = CallSite.of("slots-a", .validate, "step")
        let before = tenon_monotonic_time()
        let seen = calls.run(site) { Self.look("slots-a") }
        #expect(seen.map(\.site.name) == ["step"])
        #expect(seen.map(\.site.kind) == [.validate])
        #expect(seen.first?.thread == tenon_thread_id())
        #expect((seen.first?.began ?? 0) >= before)
        #expect(Self.look("slots-a").isEmpty)
    }

    @Test func `a plugin that throws is not running any more`() {
        let calls = PluginCalls()
        #expect(throws: CRMError.self) {
            try calls.run(.of("slots-b", .onSave, "step")) { throw CRMError.refused("no") }
        }
        #expect(Self.look("slots-b").isEmpty)
    }

    @Test func `where one plugin's change sets off another, both are seen, the inner one first`() async throws {
        let inside = Current<[CallSlots.Running]>([])
        let parts: [Composition.Part] = [
            .of("slots-outer") { crm in
                crm.entity(Step.self)
                crm.onSave(Step.self) { change, transaction in
                    guard !change.new[Step.follows] else { return }
                    try transaction.insert(Step.self) {
                        $0[Step.title] = "second"
                        $0[Step.follows] = true
                    }
                }
            },
            .of("slots-inner") { crm in
                crm.uses(KnownStep.self)
                crm.validate(KnownStep.self) { step in
                    if step[KnownStep.follows] { inside.replace(CallSlotsTests.look("slots-outer", "slots-inner")) }
                    return []
                }
            },
        ]
        let desk = try await Desk(parts)
        try await desk.store.write(as: desk.system) { try $0.transaction.insert(Step.self) { $0[Step.title] = "first" } }
        let seen = inside.value
        #expect(seen.map(\.site.description) == ["slots-inner: validate step", "slots-outer: on_save step"])
        #expect(Set(seen.map(\.thread)).count == 1)
        #expect(Self.look("slots-outer", "slots-inner").isEmpty)
    }

    @Test func `a call that waits is on no thread, and goes on with the thread that took it up`() async throws {
        let calls = PluginCalls()
        let gate = Gate()
        let recorder = Recorder()
        let threads = Mutex<[Int32]>([])
        async let result: Void = calls.runAsync(.of("slots-c", .route, "GET hello")) {
            threads.withLock { $0.append(Self.seen("slots-c").first?.thread ?? -1) }
            #expect(Self.seen("slots-c").first?.thread == tenon_thread_id())
            recorder.note("waiting")
            try await gate.pass()
            threads.withLock { $0.append(Self.seen("slots-c").first?.thread ?? -1) }
            #expect(Self.seen("slots-c").first?.thread == tenon_thread_id())
        }
        await recorder.reached(1)
        // It has said so a moment before it waits.
        while Self.look("slots-c").first?.thread != 0 { await Task.yield() }
        let waiting = try #require(Self.look("slots-c").first)
        gate.open()
        try await result
        #expect(waiting.resumed >= waiting.began)
        #expect(threads.withLock { $0.count == 2 && !$0.contains(0) && !$0.contains(-1) })
        #expect(Self.look("slots-c").isEmpty)
    }

    @Test func `a plugin that blocks its thread is seen there, while others are answered`() async throws {
        let calls = PluginCalls()
        let door = DispatchSemaphore(value: 0)
        let recorder = Recorder()
        // More than there are processors: they must not take the threads of the product.
        let blocked = (0..<4).map { number in
            Task {
                try await calls.runAsync(.of("slots-d", .job, "jobs.\(number)")) {
                    recorder.note("in")
                    door.blockedWait()
                }
            }
        }
        await recorder.reached(4)
        let seen = Self.look("slots-d")
        #expect(Set(seen.map(\.site.name)) == ["jobs.0", "jobs.1", "jobs.2", "jobs.3"])
        #expect(Set(seen.map(\.thread)).count == 4 && !seen.contains { $0.thread == 0 })
        for _ in 0..<4 { door.signal() }
        for task in blocked { try await task.value }
        #expect(Self.look("slots-d").isEmpty)
    }

    @Test func `whoever looks while calls come and go on many threads only sees calls that there are`() async throws {
        let slots = CallSlots()
        let sites = (0..<8).map { CallSite.of("slots-e", .function, "f\($0)") }
        let isOver = Atomic<Bool>(false)
        let done = DispatchSemaphore(value: 0)
        let wrong = Mutex<[String]>([])
        for number in 0..<4 {
            let thread = Thread {
                for turn in 0..<20_000 {
                    let began = tenon_monotonic_time()
                    let place = slots.take(sites[(number * 2 + turn) % 8], at: began)
                    if turn % 3 == 0 {
                        let inner = slots.take(sites[number], at: tenon_monotonic_time())
                        slots.release(inner)
                    }
                    slots.release(place)
                }
                done.signal()
            }
            thread.start()
        }
        let watcher = Thread {
            while !isOver.load(ordering: .acquiring) {
                let now = tenon_monotonic_time()
                for call in slots.running() {
                    if call.site.plugin != "slots-e" || call.thread == 0 || call.began > now &+ 1_000_000_000 || call.began == 0 {
                        wrong.withLock { $0.append("\(call)") }
                    }
                }
            }
            done.signal()
        }
        watcher.start()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                for _ in 0..<4 { done.wait() }
                isOver.store(true, ordering: .releasing)
                done.wait()
                continuation.resume()
            }
        }
        #expect(wrong.withLock { $0.isEmpty })
        #expect(slots.running().isEmpty)
    }

    @Test func `when all slots are taken, calls run unseen instead of waiting`() {
        let slots = CallSlots()
        let site = CallSite.of("slots-f", .function, "f")
        var places = (0..<CallSlots.count).map { _ in slots.take(site, at: 1) }
        let beyond = slots.take(site, at: 2)
        #expect(slots.running().count == CallSlots.count)
        slots.release(beyond)
        slots.release(places.removeLast())
        #expect(slots.running().count == CallSlots.count - 1)
    }
}

extension DispatchSemaphore {
    /// Blocks the thread, as a plugin should not do.
    func blockedWait() { wait() }
}
