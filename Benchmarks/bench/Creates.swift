import Foundation
import Glibc

/// Makes records one after another over one connection that stays open.
enum Creates {
    struct Failure: Error { let text: String }

    static func run(port: Int, token: String, count: Int, tag: String) throws {
        let connection = try connect(port)
        defer { close(connection) }
        for number in 0..<count {
            let body = Sample.json(number, tag)
            let request =
                "POST /api/v1/leads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
            let start = nanoseconds()
            try send(Array(request.utf8), to: connection)
            let answer = try answer(from: connection)
            let took = nanoseconds() - start
            guard answer.hasPrefix("HTTP/1.1 201") else { throw Failure(text: answer) }
            print(took / 1000)
        }
    }

    private static func connect(_ port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(text: "no connection to port \(port)") }
        return descriptor
    }

    private static func send(_ bytes: [UInt8], to connection: Int32) throws {
        guard Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw Failure(text: "the connection broke") }
    }

    /// Head and body, by the length that the head tells.
    private static func answer(from connection: Int32) throws -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { throw Failure(text: "the connection broke: " + String(decoding: bytes, as: UTF8.self)) }
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let line = text[..<end.lowerBound].split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            let length = line.flatMap { Int($0.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)) } ?? 0
            if text[end.upperBound...].utf8.count >= length { return text }
        }
    }
}
