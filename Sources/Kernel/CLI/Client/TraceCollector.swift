import Synchronization

/// The traces that the answers to one command named.
final class TraceCollector: Sendable {
    private let noted = Mutex<[String]>([])

    /// In the order of the requests.
    var ids: [String] { noted.withLock { $0 } }

    func note(_ id: String) { noted.withLock { $0.append(id) } }
}
