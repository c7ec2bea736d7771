import Foundation
import Glibc

/// Sends requests over some connections that stay open, each as soon as its connection has the answer before, and checks every
/// answer. One thread that waits for all of its connections: on a small machine, threads that take turns would be measured, too.
///
/// A line of the file is a request: status, method, path, body and a text that the answer must have, between tabs.
struct Load {
    struct Failure: Error { let text: String }

    private struct Request {
        let status, bytes, expected: [UInt8]
    }

    fileprivate struct Line {
        let descriptor: Int32
        var request = 0
        var begun = 0
        var answer: [UInt8] = []
        /// Where the answer ends, once its head is there.
        var end: Int?
    }

    private let requests: [Request]
    private let deadline: Int?
    private var sent = 0
    private var lines: [Line] = []
    private var took: [Int] = []

    /// - Parameter seconds: for how long, beginning again at the end of the file; once through it when nil.
    static func run(port: Int, token: String, connections: Int, file: String, seconds: Double?) throws {
        let begun: Int = nanoseconds()
        var load = Load(try requests(file, token), until: seconds.map { begun + Int($0 * 1e9) })
        defer { for line in load.lines { close(line.descriptor) } }
        for _ in 0..<connections { load.lines.append(Line(descriptor: try connect(port))) }
        try load.run()
        let all: Int = nanoseconds() - begun
        print(([all] + load.took).map { String($0 / 1000) }.joined(separator: "\n"))
    }

    private init(_ requests: [Request], until deadline: Int?) {
        self.requests = requests
        self.deadline = deadline
    }

    private static func requests(_ file: String, _ token: String) throws -> [Request] {
        let text: String = try String(contentsOfFile: file, encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let parts: [String] = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 5 else { throw Failure(text: "not a request: \(line)") }
            let (method, path, body) = (parts[1], parts[2], parts[3])
            var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
            if !body.isEmpty { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
            return Request(status: Array("HTTP/1.1 \(parts[0])".utf8), bytes: Array((head + "\r\n" + body).utf8), expected: Array(parts[4].utf8))
        }
    }

    private mutating func run() throws {
        guard !requests.isEmpty else { throw Failure(text: "there is nothing to send") }
        var waiting: [pollfd] = []
        for place in lines.indices where try send(place) {
            waiting.append(pollfd(fd: lines[place].descriptor, events: Int16(POLLIN), revents: 0))
        }
        let places: [Int32: Int] = Dictionary(uniqueKeysWithValues: lines.indices.map { (lines[$0].descriptor, $0) })
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while !waiting.isEmpty {
            guard poll(&waiting, nfds_t(waiting.count), 60_000) > 0 else { throw Failure(text: "no answer within a minute") }
            for index in waiting.indices.reversed() where waiting[index].revents != 0 {
                guard let place: Int = places[waiting[index].fd] else { continue }
                let count: Int = recv(waiting[index].fd, &buffer, buffer.count, 0)
                guard count > 0 else { throw Failure(text: "the connection broke") }
                lines[place].answer += buffer[..<count]
                guard let end = lines[place].complete(), lines[place].answer.count >= end else { continue }
                took.append(nanoseconds() - lines[place].begun)
                try check(lines[place])
                if try !send(place) { waiting.remove(at: index) }
            }
        }
    }

    /// Sends the next request, if there is one.
    private mutating func send(_ place: Int) throws -> Bool {
        if let deadline { if nanoseconds() >= deadline { return false } } else if sent == requests.count { return false }
        let next: Int = sent % requests.count
        sent += 1
        lines[place].request = next
        lines[place].answer.removeAll(keepingCapacity: true)
        lines[place].end = nil
        let bytes: [UInt8] = requests[next].bytes
        lines[place].begun = nanoseconds()
        guard Glibc.send(lines[place].descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(text: "the connection broke")
        }
        return true
    }

    private func check(_ line: Line) throws {
        let request: Request = requests[line.request]
        guard line.answer.starts(with: request.status), line.answer.position(of: request.expected) != nil else {
            throw Failure(text: String(decoding: request.bytes + line.answer.prefix(2000), as: UTF8.self))
        }
    }

    private static func connect(_ port: Int) throws -> Int32 {
        let descriptor: Int32 = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected: Int32 = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(text: "no connection to port \(port)") }
        return descriptor
    }
}

extension Load.Line {
    /// Where the answer will end, by the length that its head tells; nil while the head is not there.
    fileprivate mutating func complete() -> Int? {
        if let end { return end }
        guard let head = answer.position(of: Array("\r\n\r\n".utf8)) else { return nil }
        let text: String = String(decoding: answer[..<head], as: UTF8.self).lowercased()
        let line: Substring? = text.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let length: Int = line.flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
        end = head + 4 + length
        return end
    }
}

extension [UInt8] {
    fileprivate func position(of bytes: [UInt8]) -> Int? {
        guard let first = bytes.first else { return 0 }
        return withUnsafeBufferPointer { all in
            var place = 0
            while place + bytes.count <= all.count {
                guard let found = memchr(all.baseAddress! + place, Int32(first), all.count - place) else { return nil }
                place = found - UnsafeMutableRawPointer(mutating: all.baseAddress!)
                if place + bytes.count <= all.count, memcmp(found, bytes, bytes.count) == 0 { return place }
                place += 1
            }
            return nil
        }
    }
}
