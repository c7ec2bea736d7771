import PluginAPI
import Synchronization

/// Tells the pages that are open what has happened, by server-sent events. Carries only hints: pages fetch what they show
/// through the usual ways, where rights decide.
final class LiveUpdates: Sendable {
    /// One event: its name and its data, which is JSON in one line.
    struct Event: Sendable, Hashable {
        var name: String
        var data: [UInt8]
        init(_ name: String, data: [UInt8]) {
            self.name = name
            self.data = data
        }
    }
    private struct Subscriber {
        let user: Int64
        let stream: AsyncStream<[UInt8]>.Continuation
    }
    private struct State {
        var subscribers: [Int: Subscriber] = [:]
        var last = 0
        var heartbeat: Task<Void, Never>?
        var isClosed = false
    }

    private let clock: any Clock
    /// How far a user may see an entity now.
    private let sees: @Sendable (_ user: Int64, _ entity: String) -> Scope?
    private let state = Mutex(State())
    /// A page that has not taken so many events in is cut off; its browser connects again and begins afresh.
    static let backlog = 128
    static let beat: Double = 25

    init(clock: any Clock, sees: @escaping @Sendable (_ user: Int64, _ entity: String) -> Scope?) {
        self.clock = clock
        self.sees = sees
    }

    /// The events for a user from now on, formatted, ending when the product does. Dropping the stream ends it.
    func subscribe(_ user: Int64, first: [Event] = []) -> AsyncStream<[UInt8]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingOldest(LiveUpdates.backlog))
        continuation.yield(Array("retry: 3000\n\n".utf8))
        for event in first { continuation.yield(event.formatted) }
        let number: Int? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.last += 1
            state.subscribers[state.last] = Subscriber(user: user, stream: continuation)
            if state.heartbeat == nil { state.heartbeat = Task { await self.beat() } }
            return state.last
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.drop(number) }
        return stream
    }

    /// How many pages listen.
    var count: Int { state.withLock { $0.subscribers.count } }

    /// Tells one user.
    func publish(_ user: Int64, _ event: Event) {
        send(event.formatted, to: state.withLock { $0.subscribers.filter { $0.value.user == user } })
    }

    /// Tells everyone who may see them which records changed. Users who see only some of an entity's records are told the
    /// entity alone: that a record of somebody else's exists is not theirs to know.
    func publishAll(changed records: [String: [Int64]]) {
        let subscribers = state.withLock { $0.subscribers }
        guard !subscribers.isEmpty else { return }
        for (entity, ids) in records.sorted(by: { $0.key < $1.key }) {
            let full = Event.changed(entity, ids: ids.count <= 50 ? ids : []).formatted
            let bare = Event.changed(entity, ids: []).formatted
            let scopes = subscribers.mapValues { sees($0.user, entity) }
            send(full, to: subscribers.filter { scopes[$0.key] == .some(.all) })
            send(bare, to: subscribers.filter { scopes[$0.key] == .some(.own) || scopes[$0.key] == .some(.team) })
        }
    }

    func publishAll(changed entity: String, _ id: Int64) { publishAll(changed: [entity: [id]]) }

    /// Ends all streams: open pages would keep a graceful stop waiting.
    func close() {
        let (subscribers, heartbeat) = state.withLock { state in
            state.isClosed = true
            defer { state.subscribers = [:] }
            return (state.subscribers.values.map(\.stream), state.heartbeat)
        }
        heartbeat?.cancel()
        for stream in subscribers { stream.finish() }
    }

    private func send(_ bytes: [UInt8], to subscribers: [Int: Subscriber]) {
        for (number, subscriber) in subscribers {
            switch subscriber.stream.yield(bytes) {
            case .enqueued: continue
            default:
                drop(number)
                subscriber.stream.finish()
            }
        }
    }

    private func drop(_ number: Int) {
        let heartbeat = state.withLock { state in
            state.subscribers[number] = nil
            guard state.subscribers.isEmpty else { return nil as Task<Void, Never>? }
            defer { state.heartbeat = nil }
            return state.heartbeat
        }
        heartbeat?.cancel()
    }

    /// A comment now and then keeps proxies from closing a quiet connection, and finds out which pages are gone. Ends with
    /// the last page.
    private func beat() async {
        while !Task.isCancelled {
            await clock.wait(until: clock.now.adding(seconds: LiveUpdates.beat))
            if Task.isCancelled { return }
            send(Array(": \n\n".utf8), to: state.withLock { $0.subscribers })
        }
    }
}

extension LiveUpdates.Event {
    static func changed(_ entity: String, ids: [Int64]) -> LiveUpdates.Event {
        LiveUpdates.Event(
            "changed",
            data: JSONWriter.object { json in
                json.field("entity", entity)
                json.key("ids")
                json.beginArray()
                for id in ids { json.integer(id) }
                json.endArray()
            })
    }

    static func unread(_ count: Int) -> LiveUpdates.Event { LiveUpdates.Event("unread", data: Array(String(count).utf8)) }

    /// As it goes over the line: name and data, each data line with its own prefix, and an empty line.
    var formatted: [UInt8] {
        var bytes = Array("event: \(name)\n".utf8)
        for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            bytes += Array("data: ".utf8) + line + [UInt8(ascii: "\n")]
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
