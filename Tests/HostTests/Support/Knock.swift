import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// One request over a connection of its own, by system calls alone: tells apart what clients usually lump together.
struct Knock {
    enum Outcome {
        case answer(status: Int, head: String, body: String)
        /// Nobody listens.
        case refused
        /// The connection was there, and ended or fell silent without an answer.
        case broken
    }

    let port: Int
    let token: String
    var seconds = 60
    /// Gives heads as they came; in small letters otherwise.
    var keepsCase = false

    func ask(
        _ method: String, _ path: String, _ body: String = "", accept: String = "application/json", type: String = "application/json",
        from address: String? = nil, headers: [String: String] = [:]
    ) -> Outcome {
        guard let descriptor = open() else { return .refused }
        defer { close(descriptor) }
        var text = "\(method) \(path) HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept: \(accept)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !token.isEmpty { text += "authorization: Bearer \(token)\r\n" }
        if let address { text += "x-forwarded-for: \(address)\r\n" }
        if method != "GET" { text += "content-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n" }
        text += "\r\n" + body
        let bytes = Array(text.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return .broken }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            // A watchdog that is tried beside looks at all threads of this process; what waits with a limit is not taken up again by itself.
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            answer += piece[..<count]
        }
        let all = String(decoding: answer, as: UTF8.self)
        guard let split = all.range(of: "\r\n\r\n"), let status = Int(all.split(separator: " ").dropFirst().first ?? "") else { return .broken }
        let head = String(all[..<split.lowerBound])
        return .answer(status: status, head: keepsCase ? head : head.lowercased(), body: String(all[split.upperBound...]))
    }

    /// Asks, and hands over what comes, head and all, until the closure gives false or nothing comes any more; an empty text where nothing
    /// came for as long as it waits.
    func follow(_ path: String, _ each: (String) -> Bool) {
        guard let descriptor = open() else { return }
        defer { close(descriptor) }
        let bytes = Array("GET \(path) HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\nauthorization: Bearer \(token)\r\n\r\n".utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
        var piece = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return }
            if !each(String(decoding: piece[..<max(0, count)], as: UTF8.self)) { return }
        }
    }

    /// Asks, and does not listen to the answer. The connection is the caller's to close.
    func askDeaf(_ path: String) -> Int32? {
        guard let descriptor = open(window: 4096) else { return nil }
        let bytes = Array("GET \(path) HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \(token)\r\n\r\n".utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        return descriptor
    }

    private func open(window: Int32? = nil) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if var window { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
