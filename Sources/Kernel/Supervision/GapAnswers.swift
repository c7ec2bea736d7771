import CCrash

#if canImport(Glibc)
import Glibc
#endif

/// Answers in the place of a worker that has crashed, until the next one is ready: 503, and when to try again. Reads no more
/// of a request than it must and knows nothing of its meaning.
struct GapAnswers {
    private struct Connection {
        var head: [UInt8] = []
        var isAnswered = false
        /// When it is closed whatever happens.
        var deadline: Int
    }

    /// Why there is no other answer.
    enum Reason {
        case starting, stopping, busy

        fileprivate var words: String {
            switch self {
            case .starting: "the server is starting again"
            case .stopping: "the server is being stopped"
            case .busy: "the server has more to do than it can"
            }
        }
        fileprivate var sentences: String {
            switch self {
            case .starting: "The server is starting again. This page loads itself as soon as it is there."
            case .stopping: "The server is being stopped. This page loads itself as soon as it is there again."
            case .busy: "More people want something of the server than it can serve. This page loads itself as soon as there is a place."
            }
        }
    }

    var reason = Reason.starting
    private var connections: [Int32: Connection] = [:]
    private static let most = 256
    private static let patience = 2000

    /// The connections to wait for.
    var descriptors: [Int32] { Array(connections.keys) }
    /// Whether more of them can be taken.
    var hasRoom: Bool { connections.count < Self.most }
    /// When the next one has waited long enough.
    var deadline: Int? { connections.values.map(\.deadline).min() }

    /// Takes all connections that wait at a socket.
    mutating func take(from listener: Int32, now: Int) {
        while connections.count < Self.most {
            let descriptor: Int32 = tenon_accept(listener)
            if descriptor < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            connections[descriptor] = Connection(deadline: now + Self.patience)
            read(descriptor, now)
        }
    }

    /// Goes on with a connection on which something came.
    mutating func read(_ descriptor: Int32, _ now: Int) {
        guard var connection = connections[descriptor] else { return }
        var piece = [UInt8](repeating: 0, count: 16 * 1024)
        var isGone = false
        while true {
            let count: Int = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { break }
            // The other side is done or gone.
            if count <= 0 {
                isGone = true
                break
            }
            if !connection.isAnswered { connection.head += piece[..<count] }
            if connection.head.count > 64 * 1024 { break }
        }
        if !connection.isAnswered, Self.isComplete(connection.head) {
            let answer: [UInt8] = Self.answer(connection.head, reason)
            let sent: Int = send(descriptor, answer, answer.count, Int32(MSG_NOSIGNAL))
            if sent < answer.count { return end(descriptor) }
            // A body may still be on its way: closing now would take the answer away from the one who sends it.
            shutdown(descriptor, Int32(SHUT_WR))
            connection.isAnswered = true
            connection.head = []
        }
        if isGone { return end(descriptor) }
        connections[descriptor] = connection
    }

    /// Closes what has waited long enough.
    mutating func expire(_ now: Int) {
        for (descriptor, connection) in connections where connection.deadline <= now { end(descriptor) }
    }

    mutating func endAll() {
        for descriptor in descriptors { end(descriptor) }
    }

    private mutating func end(_ descriptor: Int32) {
        connections[descriptor] = nil
        close(descriptor)
    }

    /// Whether all of a request's head is there.
    static func isComplete(_ head: [UInt8]) -> Bool {
        if head.count > 64 * 1024 { return true }
        var place = 0
        while place + 3 < head.count {
            if head[place] == 13, head[place + 1] == 10, head[place + 2] == 13, head[place + 3] == 10 { return true }
            place += 1
        }
        return false
    }

    // MARK: The answer

    /// JSON for programs, a page that loads itself again for people.
    static func answer(_ head: [UInt8], _ reason: Reason = .starting) -> [UInt8] {
        let text = String(decoding: head.prefix(64 * 1024), as: UTF8.self)
        let words = text.prefix { $0 != "\r\n" && $0 != "\n" }.split(separator: " ")
        let method: Substring = words.first ?? ""
        let path: Substring = words.count > 1 ? words[1] : ""
        let accepts: String = header("accept", in: text)
        let isPage: Bool = !path.hasPrefix("/api/") && accepts.contains("text/html")
        let body: String = isPage ? page(reason) : problem(reason)
        var answer = "HTTP/1.1 503 Service Unavailable\r\n"
        answer += "content-type: \(isPage ? "text/html; charset=utf-8" : "application/problem+json")\r\n"
        answer += "content-length: \(body.utf8.count)\r\nretry-after: 1\r\ncache-control: no-store\r\n"
        answer += "x-content-type-options: nosniff\r\nserver: tenon\r\nconnection: close\r\n\r\n"
        return Array((method == "HEAD" ? answer : answer + body).utf8)
    }

    private static func header(_ name: String, in head: String) -> String {
        for line in head.split(whereSeparator: \.isNewline).dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name { return parts[1].lowercased() }
        }
        return ""
    }

    private static func problem(_ reason: Reason) -> String {
        #"{"type":"https://tenon.invalid/problems/unavailable","title":"Unavailable","status":503,"#
            + #""detail":"\#(reason.words)","hint":"Try again in a second."}"#
    }

    /// A page that loads itself again.
    static func page(_ reason: Reason) -> String {
        """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
        <meta http-equiv="refresh" content="1"><meta name="color-scheme" content="light dark"><title>One moment</title><style>\
        body{margin:18vh auto 0;max-width:26rem;padding:0 1.5rem;font:1rem/1.5 system-ui,sans-serif;\
        background:light-dark(#fafaf9,#161615);color:light-dark(#21201d,#ecebe7)}\
        h1{font-size:1.25rem;margin:0 0 .75rem}p{margin:0 0 .75rem;color:light-dark(#615e57,#a9a69f)}</style></head>\
        <body><h1>One moment</h1><p>\(reason.sentences)</p>\
        <p>What you saved is stored. A form that you were sending may have to be sent again.</p></body></html>
        """
    }
}
