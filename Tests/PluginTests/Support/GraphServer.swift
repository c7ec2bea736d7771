import Foundation
import Synchronization

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
    private let listener: LocalSocket.Listener
    var port: Int { listener.port }

    init() throws {
        let own = LocalSocket.Weak<GraphServer>()
        listener = try LocalSocket.Listener { own.owner?.serve($0) }
        own.owner = self
    }

    /// The targets that were asked for, in order.
    var asked: [String] { state.withLock { $0.asked } }
    /// What is answered for a lead from now on.
    func answer(_ lead: String, _ body: String, status: Int = 200) {
        state.withLock { $0.answers[lead] = Answer(status: status, body: body) }
    }

    private func serve(_ client: Int32) {
        var bytes: [UInt8] = []
        while bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
            let piece = LocalSocket.read(client)
            if piece.isEmpty { return }
            bytes += piece
        }
        let target = String(decoding: bytes, as: UTF8.self).split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let lead = target.prefix { $0 != "?" }.split(separator: "/").last.map(String.init) ?? ""
        let answer = state.withLock { state in
            state.asked.append(target)
            return state.answers[lead] ?? Answer(status: 404, body: #"{"error": {"message": "Unsupported get request.", "code": 100}}"#)
        }
        let head = "HTTP/1.1 \(answer.status) X\r\ncontent-type: application/json\r\ncontent-length: \(answer.body.utf8.count)\r\nconnection: close\r\n\r\n"
        try? LocalSocket.write(Array((head + answer.body).utf8), to: client)
    }
}
