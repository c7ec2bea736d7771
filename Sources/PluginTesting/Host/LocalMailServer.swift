import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A mail server on this machine that takes every message and keeps it, as far as RFC 5321 is needed for that.
final class LocalMailServer: Sendable {
    private struct State: Sendable {
        var mails: [SentMail] = []
        /// Answers to recipients who are not taken.
        var refusals: [String: String]
    }

    let port: Int
    private let listener: Int32
    private let state: Mutex<State>

    var mails: [SentMail] { state.withLock { $0.mails } }

    init(refusing refusals: [String: String]) throws {
        state = Mutex(State(refusals: refusals))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard descriptor >= 0, isOpen else { throw HostProblem("no mail server could be started: \(HostProblem.lastError)") }
        port = Int(UInt16(bigEndian: address.sin_port))
        let owner = Owner(self)
        // Threads of their own: accepting and reading wait.
        let queue = DispatchQueue(label: "tenon.test.mail", attributes: .concurrent)
        queue.async {
            while true {
                let client = accept(descriptor, nil, nil)
                if client < 0 {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    close(descriptor)
                    return
                }
                queue.async {
                    owner.server?.converse(client)
                    close(client)
                }
            }
        }
    }

    /// The accepting thread wakes up, and closes it.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    func forget() { state.withLock { $0.mails = [] } }

    /// Keeps the accepting thread from keeping the server alive.
    private final class Owner: Sendable {
        private struct Reference { weak var server: LocalMailServer? }
        private let reference: Mutex<Reference>
        init(_ server: LocalMailServer) { reference = Mutex(Reference(server: server)) }
        var server: LocalMailServer? { reference.withLock { $0.server } }
    }

    private func converse(_ client: Int32) {
        var lines = Lines(client: client)
        var sender = ""
        var recipients: [String] = []
        lines.say("220 test ready")
        while let line = lines.next() {
            switch line.prefix(4).uppercased() {
            case "EHLO", "HELO": lines.say("250-test\r\n250 SIZE 40000000")
            case "MAIL":
                (sender, recipients) = (LocalMailServer.address(line), [])
                lines.say("250 go on")
            case "RCPT":
                let recipient = LocalMailServer.address(line)
                if let refusal = state.withLock({ $0.refusals[recipient] }) {
                    lines.say(refusal)
                } else {
                    recipients.append(recipient)
                    lines.say("250 go on")
                }
            case "DATA":
                lines.say("354 go on")
                guard let bytes = lines.body() else { return }
                let mail = SentMail(sender: sender, recipients: recipients, bytes: bytes)
                // Kept before it is acknowledged: whoever is told that it was taken finds it.
                state.withLock { $0.mails.append(mail) }
                lines.say("250 taken")
            case "RSET", "NOOP": lines.say("250 well")
            case "QUIT":
                lines.say("221 goodbye")
                return
            default: lines.say("502 not known")
            }
        }
    }

    private static func address(_ line: String) -> String {
        guard let start = line.firstIndex(of: "<"), let end = line.firstIndex(of: ">") else { return "" }
        return String(line[line.index(after: start)..<end])
    }

    private struct Lines {
        let client: Int32
        private var held: [UInt8] = []

        init(client: Int32) { self.client = client }

        func say(_ text: String) {
            let bytes = Array((text + "\r\n").utf8)
            _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }

        private mutating func more() -> Bool {
            var piece = [UInt8](repeating: 0, count: 64 * 1024)
            var count: Int
            repeat { count = recv(client, &piece, piece.count, 0) } while count < 0 && errno == EINTR
            if count > 0 { held += piece[..<count] }
            return count > 0
        }

        private mutating func line() -> [UInt8]? {
            while true {
                if let end = held.firstRange(of: [13, 10]) {
                    defer { held.removeFirst(end.upperBound) }
                    return Array(held[..<end.lowerBound])
                }
                guard more() else { return nil }
            }
        }

        mutating func next() -> String? { line().map { String(decoding: $0, as: UTF8.self) } }

        /// All up to the line with nothing but a dot.
        mutating func body() -> [UInt8]? {
            var bytes: [UInt8] = []
            while let line = line() {
                if line == [46] { return bytes }
                bytes += (line.first == 46 ? line.dropFirst() : line[...]) + [13, 10]
            }
            return nil
        }
    }
}
