import CPostgreSQL
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Waits on a connection of its own for what other processes tell a channel (PostgreSQL manual, LISTEN). Connects again when the
/// server went away; whoever listens must not depend on hearing everything.
final class PostgreSQLListener: Listening {
    private let isClosed = Mutex(false)

    init(_ address: PostgreSQLAddress, _ channel: String, besides own: String, _ body: @escaping @Sendable () -> Void) {
        // A thread of its own, since it waits all the time.
        OwnThread.start("tenon-listen") { [weak self] in
            var pause: UInt32 = 1
            while self?.isOpen ?? false {
                if let connection = try? PostgreSQLConnection(address), (try? connection.command("LISTEN \(channel)")) != nil {
                    pause = 1
                    // What was told before is looked at once.
                    body()
                    while self?.isOpen ?? false, let heard = connection.hear(milliseconds: 1000, besides: own) {
                        if heard { body() }
                    }
                }
                guard self?.isOpen ?? false else { return }
                sleep(pause)
                pause = min(pause * 2, 10)
            }
        }
    }

    private var isOpen: Bool { isClosed.withLock { !$0 } }

    func close() { isClosed.withLock { $0 = true } }
    deinit { close() }
}

extension PostgreSQLConnection {
    /// Whether somebody told a channel within a time; nil when the connection is lost.
    fileprivate func hear(milliseconds: Int32, besides own: String) -> Bool? {
        var waiting = pollfd(fd: socketNumber, events: Int16(POLLIN), revents: 0)
        guard waiting.fd >= 0 else { return nil }
        let count: Int32 = poll(&waiting, 1, milliseconds)
        if count < 0, errno != EINTR { return nil }
        return count > 0 ? takeNotices(besides: own) : false
    }
}
