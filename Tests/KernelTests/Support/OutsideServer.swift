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

    private let listener: LocalSocket.Listener
    private let state: Mutex<State>

    init(_ answer: @escaping @Sendable (Request) -> Answer = { _ in Answer() }) throws {
        state = Mutex(State(answer: answer))
        let own = LocalSocket.Weak<OutsideServer>()
        listener = try LocalSocket.Listener { own.owner?.serve($0) }
        own.owner = self
    }

    var port: Int { listener.port }
    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }
    func answer(_ answer: @escaping @Sendable (Request) -> Answer) { state.withLock { $0.answer = answer } }

    /// Ends the connections of those who wait for an answer that does not come.
    func hangUp() { state.withLock { for client in $0.silent { shutdown(client, Int32(SHUT_RDWR)) } } }

    private func serve(_ client: Int32) {
        guard let request = OutsideServer.read(client) else { return }
        let make = state.withLock { state in
            state.requests.append(request)
            return Handler(answer: state.answer)
        }
        let answer = make.answer(request)
        if answer.isSilent {
            state.withLock { $0.silent.append(client) }
            _ = LocalSocket.read(client)
            state.withLock { $0.silent.removeAll { $0 == client } }
            return
        }
        var text = "HTTP/1.1 \(answer.status) Status\r\ncontent-length: \(answer.body.count)\r\nconnection: close\r\n"
        for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
        try? LocalSocket.write(Array((text + "\r\n").utf8) + answer.body, to: client)
    }

    private struct Handler: Sendable { let answer: @Sendable (Request) -> Answer }

    private static func read(_ client: Int32) -> Request? {
        var bytes: [UInt8] = []
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
            let piece = LocalSocket.read(client)
            if piece.isEmpty { return nil }
            bytes += piece
        }
    }
}
