import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A connection that does what no proper client does: says half of something, says it slowly, does not listen.
final class HeldConnection: Sendable {
    private let descriptor: Int32
    /// POLLRDHUP, which the system's headers show to those only who ask for GNU's additions.
    private static let hangUp: Int16 = 0x2000

    /// - Parameter window: how much the system takes in before somebody reads it; small for those who do not.
    init(_ port: Int, window: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw LocalSocket.Failure(step: "socket") }
        if var window { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { throw LocalSocket.Failure(step: "connect") }
    }

    deinit { close(descriptor) }

    /// Sends text with the line ends of the network; false when the other side takes no more.
    @discardableResult
    func say(_ text: String) -> Bool { send(Array(text.replacing("\n", with: "\r\n").utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// What comes until the other side closes, or for so long at most; nil when it is still open then.
    func rest(seconds: Double) -> String? {
        var answer: [UInt8] = []
        return drain(seconds) { answer += $0 } ? String(decoding: answer, as: UTF8.self) : nil
    }

    /// Waits without reading until the other side has given the connection up.
    func isGivenUp(seconds: Double) -> Bool {
        var entry = pollfd(fd: descriptor, events: Self.hangUp, revents: 0)
        let end = ContinuousClock.now + .seconds(seconds)
        // A watchdog that is tried beside looks at all threads of this process, and ends what they wait for.
        while poll(&entry, 1, Int32(seconds * 1000)) < 0, errno == EINTR, ContinuousClock.now < end {}
        return entry.revents & (Self.hangUp | Int16(POLLHUP | POLLERR)) != 0
    }

    /// The answer as far as it came within so long, without waiting for its end.
    func answer(seconds: Double) -> String {
        var answer: [UInt8] = []
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 20) > 0 else {
                if !answer.isEmpty { break }
                continue
            }
            var piece = [UInt8](repeating: 0, count: 64 * 1024)
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            answer += piece[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private func drain(_ seconds: Double, _ take: (ArraySlice<UInt8>) -> Void) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while ContinuousClock.now < end {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 50) > 0 else { continue }
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return true }
            take(piece[..<count])
        }
        return false
    }
}
