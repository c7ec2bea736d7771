import FoundationEssentials

/// A message that the product has sent, as the mail server of a test took it: see ``TestHost/takeMail(refusing:)``.
public struct SentMail: Sendable, CustomStringConvertible {
    /// Whom the mail server was told it is for, each address alone: To and Cc.
    public let recipients: [String]
    /// The sender's address.
    public let sender: String
    /// The headers by their names in lower case, decoded; of several with one name the first.
    public let headers: [String: String]
    /// The plain text; empty when there is none.
    public let text: String
    /// The text in HTML, if there is one.
    public let html: String?
    /// The names of the files that come with it.
    public let attachments: [String]
    /// The message as it came.
    public let source: String

    /// What it is about.
    public var subject: String { headers["subject"] ?? "" }

    /// Recipients, subject and text, for failures of tests.
    public var description: String { "to \(recipients.joined(separator: ", ")): \(subject)\n\(text)" }

    init(sender: String, recipients: [String], bytes: [UInt8]) {
        self.sender = sender
        self.recipients = recipients
        source = String(decoding: bytes, as: UTF8.self)
        let whole = MailPart(source)
        headers = whole.headers.mapValues(MailPart.decodedHeader)
        let leaves = whole.leaves
        let texts = leaves.filter { $0.fileName.isEmpty }
        // Lines end in CRLF on the way.
        text = texts.first { $0.type.hasPrefix("text/plain") }?.content.replacing("\r\n", with: "\n") ?? ""
        html = texts.first { $0.type.hasPrefix("text/html") }?.content.replacing("\r\n", with: "\n")
        attachments = leaves.map(\.fileName).filter { !$0.isEmpty }
    }
}

/// One part of a message in MIME: its headers and what follows them.
struct MailPart {
    /// By name in lower case, unfolded.
    var headers: [String: String] = [:]
    var body = ""

    init(_ source: String) {
        let text = source.replacing("\r\n", with: "\n")
        let end = text.firstRange(of: "\n\n")
        body = end.map { String(text[$0.upperBound...]) } ?? ""
        var last = ""
        for line in text[..<(end?.lowerBound ?? text.endIndex)].split(separator: "\n") {
            if line.first == " " || line.first == "\t", !last.isEmpty {
                headers[last]? += " " + line.drop { $0 == " " || $0 == "\t" }
            } else if let colon = line.firstIndex(of: ":") {
                last = line[..<colon].lowercased()
                if headers[last] == nil { headers[last] = String(line[line.index(after: colon)...].drop { $0 == " " }) } else { last = "" }
            }
        }
    }

    var type: String { (headers["content-type"] ?? "text/plain").lowercased() }

    /// The name of the file that it is; empty when it is none.
    var fileName: String {
        guard let header = headers["content-disposition"] else { return "" }
        // RFC 5987: utf-8''N%C3%B6te.txt
        if let encoded = MailPart.parameter("filename*", header)?.split(separator: "'", omittingEmptySubsequences: false).last {
            return MailPart.unquoted(encoded, mark: "%")
        }
        return MailPart.decodedHeader(MailPart.parameter("filename", header) ?? "")
    }

    /// The parts that hold something, in their order.
    var leaves: [MailPart] {
        guard type.hasPrefix("multipart/"), let boundary = MailPart.parameter("boundary", headers["content-type"] ?? "") else { return [self] }
        // What stands before the first of them, mostly nothing, is none.
        return ("\n" + body).split(separator: "\n--" + boundary, omittingEmptySubsequences: false).dropFirst().filter { !$0.hasPrefix("--") }
            .flatMap { MailPart(String($0.drop { $0 == "\n" })).leaves }
    }

    /// The body as it was before the journey.
    var content: String {
        switch (headers["content-transfer-encoding"] ?? "").lowercased() {
        case "base64":
            let packed = body.filter { !$0.isWhitespace }
            return Data(base64Encoded: packed).map { String(decoding: $0, as: UTF8.self) } ?? body
        case "quoted-printable": return MailPart.unquoted(body.replacing("=\n", with: ""), mark: "=")
        default: return body
        }
    }

    private static func parameter(_ name: String, _ header: String) -> String? {
        for part in header.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard pair.count == 2, pair[0].lowercased() == name else { continue }
            return pair[1].filter { $0 != "\"" }
        }
        return nil
    }

    /// `=?utf-8?B?…?=` and its like as text. Between two of them a space is none.
    static func decodedHeader(_ text: String) -> String {
        guard text.contains("=?") else { return text }
        var out = ""
        var rest = text.replacing("?= =?", with: "?==?")[...]
        while let start = rest.firstRange(of: "=?") {
            out += rest[..<start.lowerBound]
            let parts = rest[start.upperBound...].split(separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[3].first == "=" else { return out + rest[start.lowerBound...] }
            if parts[1].lowercased() == "b" {
                out += Data(base64Encoded: String(parts[2])).map { String(decoding: $0, as: UTF8.self) } ?? String(parts[2])
            } else {
                out += unquoted(parts[2].replacing("_", with: " "), mark: "=")
            }
            rest = parts[3].dropFirst()
        }
        return out + rest
    }

    /// `=C3=BC` as the bytes that it stands for.
    private static func unquoted(_ text: some StringProtocol, mark: Character) -> String {
        let all = Array(text.utf8)
        var bytes: [UInt8] = []
        var place = 0
        while place < all.count {
            if all[place] == mark.asciiValue, place + 2 < all.count,
                let byte = UInt8(String(decoding: all[(place + 1)...(place + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                place += 3
            } else {
                bytes.append(all[place])
                place += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
