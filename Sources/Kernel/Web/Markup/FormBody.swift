import PluginAPI

/// What a form sent: fields in order, and files.
struct FormBody: Sendable {
    struct File: Sendable {
        var name: String
        var fileName: String
        var bytes: [UInt8]
    }
    var fields: [(name: String, value: String)] = []
    var files: [File] = []

    init() {}

    /// Reads `a=1&b=2`.
    init(query: String) throws { try readPairs(Array(query.utf8)) }

    init(_ request: FrontRequest) throws {
        let type = request.headers["content-type"] ?? ""
        if type.hasPrefix("multipart/form-data") {
            guard let boundary = FormBody.boundary(in: type) else {
                throw CRMError(.malformed, "the form names no boundary between its parts")
            }
            try readParts(request.body, boundary: Array(("--" + boundary).utf8))
        } else {
            try readPairs(request.body)
        }
    }

    /// The last value of a field, or nil when it was not sent.
    subscript(name: String) -> String? { fields.last { $0.name == name }?.value }

    func values(_ name: String) -> [String] { fields.compactMap { $0.name == name ? $0.value : nil } }

    /// A field without spaces around it; empty when it was not sent.
    func text(_ name: String) -> String { self[name]?.trimmed ?? "" }

    private mutating func readPairs(_ body: [UInt8]) throws {
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try FormBody.decode(parts[0])
            fields.append((name, parts.count > 1 ? try FormBody.decode(parts[1]) : ""))
        }
    }

    /// Undoes the encoding of forms: `+` is a space, `%C3%A9` a byte each.
    private static func decode(_ bytes: ArraySlice<UInt8>) throws -> String {
        guard let text = try text(Array(bytes)).percentDecoded(plusIsSpace: true) else {
            throw CRMError(.malformed, "the form holds a broken % sequence or text that is not UTF-8")
        }
        return text
    }

    private static func text(_ bytes: [UInt8]) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CRMError(.malformed, "the form holds text that is not UTF-8")
        }
        return text
    }

    private static func boundary(in type: String) -> String? {
        guard let start = type.firstRange(of: "boundary=") else { return nil }
        let value = type[start.upperBound...].prefix { $0 != ";" }
        let plain = value.filter { $0 != "\"" && $0 != " " }
        return plain.isEmpty || plain.utf8.count > 200 ? nil : plain
    }

    /// The longest head of a part: a name and a file's name. A longer one would only cost time.
    private static let headBytes = 16_384

    /// RFC 7578, as browsers send it.
    private mutating func readParts(_ body: [UInt8], boundary: [UInt8]) throws {
        guard var start = body.firstIndex(of: boundary, from: 0) else {
            throw CRMError(.malformed, "the form has no parts")
        }
        while true {
            start += boundary.count
            guard start + 1 < body.count else { throw CRMError(.malformed, "the form was cut off") }
            if body[start] == UInt8(ascii: "-"), body[start + 1] == UInt8(ascii: "-") { return }
            start += 2
            let reach = body[start..<Swift.min(body.count, start + FormBody.headBytes)]
            guard let headEnd = reach.firstRange(of: [13, 10, 13, 10] as [UInt8])?.lowerBound,
                let end = body.firstIndex(of: [13, 10] + boundary, from: headEnd + 2)
            else { throw CRMError(.malformed, "the form was cut off") }
            let head = String(decoding: body[start..<headEnd], as: UTF8.self)
            let content = headEnd + 4 <= end ? Array(body[(headEnd + 4)..<end]) : []
            if let name = FormBody.parameter("name", in: head) {
                if let file = FormBody.parameter("filename", in: head) {
                    files.append(File(name: name, fileName: file, bytes: content))
                } else {
                    fields.append((name, try FormBody.text(content)))
                }
            }
            start = end + 2
        }
    }

    private static func parameter(_ name: String, in head: String) -> String? {
        for mark in [" \(name)=\"", ";\(name)=\""] {
            guard let range = head.firstRange(of: mark) else { continue }
            let value = head[range.upperBound...].prefix { $0 != "\"" }
            return String(value).replacing("%22", with: "\"")
        }
        return nil
    }
}

extension Array where Element == UInt8 {
    /// Where a run of bytes begins, at or after a place.
    func firstIndex(of needle: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, count >= needle.count else { return nil }
        return withUnsafeBufferPointer { bytes in
            var place = start
            let last = bytes.count - needle.count
            while place <= last {
                guard let hit = bytes[place...last].firstIndex(of: first) else { return nil }
                var same = 1
                while same < needle.count, bytes[hit + same] == needle[same] { same += 1 }
                if same == needle.count { return hit }
                place = hit + 1
            }
            return nil
        }
    }
}
