import CCrash
import Dispatch
import PluginAPI
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// What supervisor and worker say to each other, a word a message.
enum WorkerWord: String, Sendable {
    /// The worker has started all that it needs and could take connections.
    case prepared
    /// The supervisor takes no connections any more: the worker may.
    case go
    /// The worker answers requests.
    case ready
    /// The worker is well.
    case beat
    /// The worker takes no connections any more and finishes what it began.
    case closed
    /// The worker asks to be replaced: it finishes its requests, ends, and is started anew.
    case swap
}

/// The descriptors that a worker inherits, at these numbers.
enum WorkerDescriptor {
    static let control: Int32 = 3
    static let report: Int32 = 4
    static let network: Int32 = 5
    static let local: Int32 = 6
    static let lock: Int32 = 7
}

/// A worker's line to its supervisor.
final class WorkerControl: Sendable {
    private let descriptor: Int32
    private let turn = DispatchSemaphore(value: 0)
    private static let line = Mutex<WorkerControl?>(nil)

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The line of this process; nil when nobody supervises it.
    static var current: WorkerControl? { line.withLock { $0 } }

    /// Makes this process a worker. When the supervisor is gone, so is the worker, gracefully.
    static func open() -> WorkerControl {
        let control = WorkerControl(descriptor: WorkerDescriptor.control)
        line.withLock { $0 = control }
        // A thread of its own: it waits for ever, and must end the process also when nothing else moves.
        OwnThread.start("tenon-line") {
            control.waitForEnd()
            kill(getpid(), SIGTERM)
        }
        return control
    }

    /// Says something. Never waits: a supervisor that does not listen has ended or will notice.
    func say(_ word: WorkerWord) {
        let text: String = word.rawValue
        _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) }
    }

    /// Returns once connections are for this worker alone to take: two processes that take them from one socket would find it
    /// empty where they were told that somebody waits.
    func awaitTurn() async {
        say(.prepared)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [turn] in
                turn.wait()
                continuation.resume()
            }
        }
    }

    private func waitForEnd() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while true {
            let count: Int = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 || (count < 0 && errno != EINTR) { return }
            if count > 0, WorkerWord(rawValue: String(decoding: bytes[..<count], as: UTF8.self)) == .go { turn.signal() }
        }
    }

    /// Has this worker replaced: it finishes its requests, ends and is started anew, while new connections wait. For
    /// whatever a running process cannot change, such as a library that was loaded.
    static func requestSwap() throws {
        guard let control = current else {
            throw CRMError(.refused, "this server cannot replace itself", hint: "Restart the server.")
        }
        control.say(.swap)
    }
}

/// A thread of its own, for what must not wait for the pool that tasks share.
enum OwnThread {
    private final class Box {
        private let name: String
        private let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
        func run() {
            tenon_name_thread(name)
            body()
        }
    }

    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(name, body))
        var thread = pthread_t()
        let result: Int32 = pthread_create(
            &thread, nil,
            { raw in
                if let raw { Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        if result == 0 { pthread_detach(thread) } else { box.release() }
    }
}
