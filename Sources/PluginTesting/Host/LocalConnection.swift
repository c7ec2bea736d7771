import Dispatch

#if canImport(Glibc)
import Glibc
#endif

/// HTTP over the socket in a data directory: one request a connection, which is all that tests need.
struct LocalConnection: Sendable {
    /// The data directory.
    var directory: String

    /// Sends a request. Waits on a thread of its own, so that tests may run side by side.
    func send(_ method: String, _ target: String, headers: [String: String], body: [UInt8]) async throws -> HostResponse {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try exchange(method, target, headers, body) })
            }
        }
    }

    private func exchange(_ method: String, _ target: String, _ headers: [String: String], _ body: [UInt8]) throws -> HostResponse {
        let connection = try connected()
        defer { close(connection) }
        var head = "\(method) \(target) HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if !body.isEmpty || method != "GET" { head += "content-length: \(body.count)\r\n" }
        try write(Array((head + "\r\n").utf8) + body, to: connection)
        return try HTTPMessage(try readAll(connection)).response
    }

    /// The address of a socket has room for 107 bytes only; the open directory makes any path short.
    private func connected() throws -> Int32 {
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw HostProblem("there is no folder \(directory)") }
        defer { close(folder) }
        let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard connection >= 0 else { throw HostProblem("no socket could be made: \(HostProblem.lastError)") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("/proc/self/fd/\(folder)/tenon.sock".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let reason = HostProblem.lastError
            close(connection)
            throw HostProblem("the product in \(directory) does not answer: \(reason)")
        }
        return connection
    }

    private func write(_ bytes: [UInt8], to connection: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw HostProblem("the product hung up while a request was sent: \(HostProblem.lastError)") }
            sent += count
        }
    }

    private func readAll(_ connection: Int32) throws -> [UInt8] {
        var out: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(connection, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw HostProblem("the product hung up while it answered: \(HostProblem.lastError)") }
            if count == 0 { return out }
            out += piece[0..<count]
        }
    }
}

/// An HTTP answer as it came over the wire.
struct HTTPMessage {
    let response: HostResponse

    init(_ bytes: [UInt8]) throws {
        guard let end = HTTPMessage.range(of: "\r\n\r\n", in: bytes[...]) else {
            throw HostProblem("the product hung up without an answer")
        }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first, let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw HostProblem("the product's answer is no HTTP")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let rest = bytes[end.upperBound...]
        let body = headers["transfer-encoding"]?.lowercased() == "chunked" ? try HTTPMessage.joined(rest) : Array(rest)
        if let length = headers["content-length"].flatMap({ Int($0) }), length != body.count {
            throw HostProblem("the product's answer was cut off after \(body.count) of \(length) bytes")
        }
        response = HostResponse(status: status, headers: headers, body: body)
    }

    private static func joined(_ bytes: ArraySlice<UInt8>) throws -> [UInt8] {
        var rest = bytes
        var out: [UInt8] = []
        while let line = range(of: "\r\n", in: rest) {
            let size = Int(String(decoding: rest[..<line.lowerBound].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self), radix: 16)
            guard let size else { break }
            if size == 0 { return out }
            let start = line.upperBound
            guard rest.endIndex - start >= size + 2 else { break }
            out += rest[start..<(start + size)]
            rest = rest[(start + size + 2)...]
        }
        throw HostProblem("the product's answer was cut off")
    }

    private static func range(of text: StaticString, in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        let count = text.utf8CodeUnitCount
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: count)
        guard bytes.count >= count else { return nil }
        for start in bytes.startIndex...(bytes.endIndex - count) where bytes[start..<(start + count)].elementsEqual(wanted) {
            return start..<(start + count)
        }
        return nil
    }
}
