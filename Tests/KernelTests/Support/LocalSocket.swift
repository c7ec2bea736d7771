import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Plain sockets on this machine: what stands for a client or a server that a test needs. Both test bundles use this one file; that of
/// the plugins by a link.
enum LocalSocket {
    struct Failure: Error { let step: String }

    /// A TCP server on a free port of this machine; every connection is served on a thread of its own, and closed afterwards.
    final class Listener: Sendable {
        let port: Int
        private let descriptor: Int32

        /// `serve` must not keep alive what holds the listener: that is what ends it.
        init(_ serve: @escaping @Sendable (_ client: Int32) -> Void) throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw Failure(step: "socket") }
            var address = LocalSocket.address(port: 0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound: Bool = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                    bind(descriptor, raw, length) == 0 && listen(descriptor, 64) == 0 && getsockname(descriptor, raw, &length) == 0
                }
            }
            guard isBound else {
                close(descriptor)
                throw Failure(step: "listen")
            }
            port = Int(UInt16(bigEndian: address.sin_port))
            self.descriptor = descriptor
            Thread.detachNewThread {
                while true {
                    let client = accept(descriptor, nil, nil)
                    if client < 0 {
                        if errno == EINTR || errno == ECONNABORTED { continue }
                        // Closed here and nowhere else: another server may get the number as soon as it is free.
                        close(descriptor)
                        return
                    }
                    Thread.detachNewThread {
                        LocalSocket.limit(client, seconds: 20)
                        serve(client)
                        close(client)
                    }
                }
            }
        }

        /// The accepting thread wakes up, and closes the socket.
        deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    /// What a listener may know of its owner without keeping it alive.
    final class Weak<Owner: AnyObject & Sendable>: Sendable {
        private struct Reference { weak var owner: Owner? }
        private let reference = Mutex(Reference())
        var owner: Owner? {
            get { reference.withLock { $0.owner } }
            set { reference.withLock { $0.owner = newValue } }
        }
    }

    /// Sends bytes to a port as they are and reads all that comes back: also for requests that no proper client would send.
    static func exchange(_ bytes: [UInt8], with port: Int) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(step: "socket") }
        defer { close(descriptor) }
        limit(descriptor, seconds: 30)
        let target = Self.address(port: port)
        let connected = withUnsafePointer(to: target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { throw Failure(step: "connect") }
        // The other side may have answered and closed before it has read everything.
        try? write(bytes, to: descriptor)
        return String(decoding: readAll(descriptor), as: UTF8.self)
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { throw Failure(step: "send") }
            sent += count
        }
    }

    /// The next bytes; nothing at the end, or when nothing comes for too long.
    static func read(_ descriptor: Int32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
            // A watchdog that is tried beside looks at all threads of this process; what waits with a limit is not taken up again by itself.
            repeat { count = recv(descriptor, buffer.baseAddress, buffer.count, 0) } while count < 0 && errno == EINTR
            count = max(0, count)
        }
    }

    private static func readAll(_ descriptor: Int32) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let piece = read(descriptor)
            if piece.isEmpty { return all }
            all += piece
        }
    }

    private static func limit(_ descriptor: Int32, seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}
