import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

@testable import Kernel

/// Stands between a client and a server, and cuts the line when it is told to.
final class CuttingProxy: Sendable {
    enum Cut: Sendable {
        case never
        /// Once a text has gone to the server and the server has answered it: the answer does not get through.
        case afterAnswer(to: String)
        /// Once a text comes by: it does not get to the server.
        case before(String)
    }

    let port: Int
    private let listener: Int32
    private let behind: UInt16
    private let cut = Mutex(Cut.never)
    /// How often the line was cut.
    private let cuts = Atomic<Int>(0)

    var count: Int { cuts.load(ordering: .acquiring) }

    /// - Parameter port: where the server listens on loopback.
    init(to port: Int) throws {
        behind = UInt16(port)
        let descriptor: Int32 = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = descriptor
        var address = CuttingProxy.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound: Bool = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, raw, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EINVAL) }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let client: Int32 = accept(descriptor, nil, nil)
                guard client >= 0 else { return }
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    /// Takes no more connections, and lets the accepting thread end.
    func end() { shutdown(listener, Int32(SHUT_RDWR)) }

    func arm(_ next: Cut) { cut.withLock { $0 = next } }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }

    private func serve(_ client: Int32) {
        let server: Int32 = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = CuttingProxy.loopback(behind)
        let code: Int32 = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        defer {
            Glibc.close(client)
            Glibc.close(server)
        }
        guard code == 0 else { return }
        var isAnswerKept = false
        while true {
            var waiting = [pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0)]
            let ready: Int32 = poll(&waiting, 2, -1)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return }
            for (from, to) in [(client, server), (server, client)] {
                let index: Int = from == client ? 0 : 1
                guard waiting[index].revents != 0 else { continue }
                var bytes = [UInt8](repeating: 0, count: 65_536)
                let count: Int = read(from, &bytes, bytes.count)
                guard count > 0 else { return }
                if from == client, strike(String(decoding: bytes[..<count], as: UTF8.self), &isAnswerKept) { return }
                if from == server, isAnswerKept {
                    cuts.add(1, ordering: .releasing)
                    return
                }
                // Whoever hung up meanwhile is no reason to end the whole process.
                guard send(to, bytes, count, Int32(MSG_NOSIGNAL)) == count else { return }
            }
        }
    }

    /// Whether the line is cut at these words of the client.
    private func strike(_ words: String, _ isAnswerKept: inout Bool) -> Bool {
        let strikes: Bool = cut.withLock { cut in
            switch cut {
            case .never: return false
            case .afterAnswer(let text):
                guard words.contains(text) else { return false }
                isAnswerKept = true
                cut = .never
                return false
            case .before(let text):
                guard words.contains(text) else { return false }
                cut = .never
                return true
            }
        }
        if strikes { cuts.add(1, ordering: .releasing) }
        return strikes
    }
}
