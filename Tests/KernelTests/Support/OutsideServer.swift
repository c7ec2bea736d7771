import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A server on this machine that answers as a test says and remembers what it was asked. Its threads are its own.
final class OutsideServer: Sendable {
    struct Request: Sendable {
        var method = ""
        var path = ""
        /// Names in lower case.
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var text: String { String(decoding: body, as: UTF8.self) }
    }
    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// Says nothing until the client has gone.
        var isSilent = false
        static func status(_ status: Int, _ text: String = "", headers: [String: String] = [:]) -> Answer {
            Answer(status: status, headers: headers, body: Array(text.utf8))
        }
    }
    private struct State: Sendable {
        var requests: [Request] = []
        var answer: @Sendable (Request) -> Answer
        var silent: [Int32] = []
    }

    let port: Int
    private let listener: Int32
    private let state: Mutex<State>

    init(_ answer: @escaping @Sendable (Request) -> Answer = { _ in Answer() }) throws {
        state = Mutex(State(answer: answer))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isBound: Bool = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) == 0 && listen(descriptor, 64) == 0 && getsockname(descriptor, raw, &length) == 0
            }
        }
        guard descriptor >= 0, isBound else { throw RawClient.Failure(step: "listen") }
        port = Int(UInt16(bigEndian: address.sin_port))
        let state = Unowned(self)
        Thread.detachNewThread {
            while true {
                let client = accept(descriptor, nil, nil)
                if client < 0 {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    // Closed here and nowhere else: another server may get the number as soon as it is free.
                    close(descriptor)
                    return
                }
                Thread.detachNewThread { state.server?.serve(client) ?? { _ = close(client) }() }
            }
        }
    }

    /// Keeps the accepting thread from keeping the server alive.
    private final class Unowned: @unchecked Sendable {
        // NB: a weak reference may be read from any thread.
        weak var server: OutsideServer?
        init(_ server: OutsideServer) { self.server = server }
    }

    /// The accepting thread wakes up, and closes it.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }
    func answer(_ answer: @escaping @Sendable (Request) -> Answer) { state.withLock { $0.answer = answer } }

    /// Ends the connections of those who wait for an answer that does not come.
    func hangUp() { state.withLock { for client in $0.silent { shutdown(client, Int32(SHUT_RDWR)) } } }

    private func serve(_ client: Int32) {
        defer { close(client) }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard let request = OutsideServer.read(client) else { return }
        let make = state.withLock { state in
            state.requests.append(request)
            return Handler(answer: state.answer)
        }
        let answer = make.answer(request)
        if answer.isSilent {
            state.withLock { $0.silent.append(client) }
            var byte: UInt8 = 0
            _ = recv(client, &byte, 1, 0)
            state.withLock { $0.silent.removeAll { $0 == client } }
            return
        }
        var text = "HTTP/1.1 \(answer.status) Status\r\ncontent-length: \(answer.body.count)\r\nconnection: close\r\n"
        for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
        let bytes = Array((text + "\r\n").utf8) + answer.body
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { send(client, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return }
            sent += count
        }
    }

    private struct Handler: Sendable { let answer: @Sendable (Request) -> Answer }

    private static func read(_ client: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        var head: Int?
        var request = Request()
        while true {
            if head == nil, let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                head = end.upperBound
                let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
                let words = (lines.first ?? "").split(separator: " ")
                guard words.count == 3 else { return nil }
                (request.method, request.path) = (String(words[0]), String(words[1]))
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    if parts.count == 2 { request.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
                }
            }
            if let head, bytes.count - head >= Int(request.headers["content-length"] ?? "0") ?? 0 {
                request.body = Array(bytes[head...])
                return request
            }
            let count = recv(client, &buffer, buffer.count, 0)
            if count <= 0 { return nil }
            bytes += buffer[..<count]
        }
    }
}
