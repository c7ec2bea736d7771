import Dispatch
import PluginAPI
import Synchronization

/// Carries bytes from a thread that makes them to a task that sends them, a few pieces ahead and no more: whoever reads slowly
/// holds up the maker and costs no memory.
final class PiecePipe: Sendable {
    /// So many pieces may wait.
    private static let ahead = 4
    /// A reader who takes nothing for so long is gone.
    private static let patience = 300

    private struct State {
        var pieces: [[UInt8]] = []
        var isFinished = false
        var isAbandoned = false
        var reader: CheckedContinuation<[UInt8]?, Never>?
    }

    private let state = Mutex(State())
    /// NB: begins at none and is raised, because the system ends a process that lets go of a semaphore below its beginning.
    private let room = DispatchSemaphore(value: 0)

    init() { for _ in 0..<Self.ahead { room.signal() } }

    /// Hands a piece over; waits while the reader is behind. Throws when there is no reader any more.
    func put(_ bytes: [UInt8]) throws {
        guard room.wait(timeout: .now() + .seconds(Self.patience)) == .success else {
            abandon()
            throw CRMError(.unavailable, "nobody took the backup for \(Self.patience) seconds")
        }
        let (reader, isAbandoned) = state.withLock { state in
            if state.isAbandoned { return (nil as CheckedContinuation<[UInt8]?, Never>?, true) }
            if let reader = state.reader {
                state.reader = nil
                return (reader, false)
            }
            state.pieces.append(bytes)
            return (nil, false)
        }
        if isAbandoned { throw CRMError(.unavailable, "the reader of the backup has gone") }
        if let reader {
            room.signal()
            reader.resume(returning: bytes)
        }
    }

    /// Says that no more comes.
    func finish() {
        let reader = state.withLock { state in
            state.isFinished = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    /// Says that nobody reads any more.
    func abandon() {
        let reader = state.withLock { state in
            state.isAbandoned = true
            state.pieces = []
            defer { state.reader = nil }
            return state.reader
        }
        for _ in 0..<Self.ahead { room.signal() }
        reader?.resume(returning: nil)
    }

    /// The next piece, or nil when all came.
    func next() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let ready: [UInt8]?? = state.withLock { state in
                if !state.pieces.isEmpty { return .some(state.pieces.removeFirst()) }
                if state.isFinished || state.isAbandoned { return .some(nil) }
                state.reader = continuation
                return nil
            }
            guard let ready else { return }
            if ready != nil { room.signal() }
            continuation.resume(returning: ready)
        }
    }

    /// The pieces as an answer's body.
    var stream: AsyncStream<[UInt8]> {
        AsyncStream(unfolding: { await self.next() }, onCancel: { self.abandon() })
    }
}
