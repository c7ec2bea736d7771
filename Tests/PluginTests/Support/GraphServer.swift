import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Stands for the Graph API: answers requests for leads as it is told to, and notes what was asked.
final class GraphServer: Sendable {
    struct Answer: Sendable {
        var status = 200
        var body: String
    }
    private struct State: Sendable {
        var asked: [String] = []
        var answers: [String: Answer] = [:]
    }
    private let state = Mutex(State())
    private let listener: Int32
    let port: Int

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isBound: Bool = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, raw, &length) == 0
            }
        }
        guard descriptor >= 0, isBound else { throw WireClient.Failure(step: "listen") }
        port = Int(UInt16(bigEndian: address.sin_port))
        let own = Weak(self)
        Thread.detachNewThread {
            while true {
                let client = accept(descriptor, nil, nil)
                if client < 0 {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    close(descriptor)
                    return
                }
                own.server?.serve(client)
                close(client)
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Keeps the accepting thread from keeping the server alive.
    private final class Weak: @unchecked Sendable {
        // NB: a weak reference may be read from any thread.
        weak var server: GraphServer?
        init(_ server: GraphServer) { self.server = server }
    }

    /// The targets that were asked for, in order.
    var asked: [String] { state.withLock { $0.asked } }
    /// What is answered for a lead from now on.
    func answer(_ lead: String, _ body: String, status: Int = 200) {
        state.withLock { $0.answers[lead] = Answer(status: status, body: body) }
    }

    private func serve(_ client: Int32) {
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
            let count = recv(client, &buffer, buffer.count, 0)
            if count <= 0 { return }
            bytes += buffer[..<count]
        }
        let target = String(decoding: bytes, as: UTF8.self).split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let lead = target.prefix { $0 != "?" }.split(separator: "/").last.map(String.init) ?? ""
        let answer = state.withLock { state in
            state.asked.append(target)
            return state.answers[lead] ?? Answer(status: 404, body: #"{"error": {"message": "Unsupported get request.", "code": 100}}"#)
        }
        let head = "HTTP/1.1 \(answer.status) X\r\ncontent-type: application/json\r\ncontent-length: \(answer.body.utf8.count)\r\nconnection: close\r\n\r\n"
        try? WireClient.write(Array((head + answer.body).utf8), to: client)
    }
}
