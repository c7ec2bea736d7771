import PluginAPI

/// Cuts a file into cards. What is broken in one card is that card's problem; the others are read.
struct VCardReader {
    private let bytes: [UInt8]
    private let fallback: CSVEncoding

    /// Whether a file is one of cards, by its beginning.
    static func reads(_ bytes: [UInt8]) -> Bool {
        let start: [UInt8] = utf8(Array(bytes.prefix(4096)), CSVOptions())
        let text: String = String(decoding: start, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.prefix(11).uppercased()
        return text == "BEGIN:VCARD"
    }

    init(_ bytes: [UInt8], options: CSVOptions = CSVOptions()) {
        self.bytes = VCardReader.utf8(bytes, options)
        fallback = options.encoding == .windows1252 ? .windows1252 : .utf8
    }

    /// The bytes without a mark; what is written with two bytes a character becomes UTF-8.
    private static func utf8(_ bytes: [UInt8], _ options: CSVOptions) -> [UInt8] {
        let format: CSVFormat = CSVSniffer.encoding(of: bytes, options: options)
        switch format.encoding {
        case .utf8, .windows1252: return Array(bytes.dropFirst(format.markLength))
        case .utf16LittleEndian, .utf16BigEndian:
            var transcoder = CSVTranscoder(format.encoding)
            return transcoder.utf8(bytes, from: format.markLength, isLast: true).filter { $0 != 0xFF }
        }
    }

    /// All cards, in order.
    func cards() throws -> [VCard] {
        var cards: [VCard] = []
        var card: VCard?
        /// Cards within the card, such as that of an assistant: they are no rows of their own.
        var depth = 0
        for (text, number) in try logicalLines() {
            let word: String = String(decoding: text.prefix(20), as: UTF8.self).trimmed.uppercased()
            if word == "BEGIN:VCARD" {
                if let open = card, isNested(open) { depth += 1; continue }
                if var open = card { open.problem = "has no end"; cards.append(open) }
                card = VCard(line: number)
            } else if word == "END:VCARD" {
                if depth > 0 { depth -= 1; continue }
                if let done = card { cards.append(done) }
                card = nil
            } else if depth == 0, let line = VCardLine(text, fallback: fallback) {
                card?.lines.append(line)
            }
        }
        if var open = card { open.problem = "has no end"; cards.append(open) }
        return cards.map { card in
            var card = card
            if card.problem == nil, card.name.isEmpty { card.problem = "has no name" }
            return card
        }
    }

    /// A card stands within another one where a property without a value was written last.
    private func isNested(_ card: VCard) -> Bool { card.lines.last?.name == "AGENT" && card.lines.last?.text.isEmpty == true }

    /// More lines than the largest address books have; each costs memory, however short it is.
    static let mostLines = 2_000_000
    /// Where the value of a property begins is looked for within so many bytes.
    private static let headBytes = 4096

    /// A property with its continuations.
    private struct Logical {
        var text: [UInt8]
        /// The number of its first physical line.
        var number: Int
        /// Whether its value is encoded so that a line ending with an equals sign goes on; nil as long as nobody asked.
        var isEncoded: Bool?

        /// Asked once a property, not once a line: the answer stands at its beginning.
        mutating func goesOn(_ fallback: CSVEncoding) -> Bool {
            guard text.last == UInt8(ascii: "=") else { return false }
            if let isEncoded { return isEncoded }
            let isLong: Bool = text.count > VCardReader.headBytes
            let head: VCardLine? = VCardLine(isLong ? Array(text.prefix(VCardReader.headBytes)) : text, fallback: fallback)
            if head != nil || isLong { isEncoded = head?.isQuotedPrintable ?? false }
            return head?.isQuotedPrintable ?? false
        }
    }

    /// Lines with their continuations, each with the number of its first physical line.
    private func logicalLines() throws -> [(text: [UInt8], number: Int)] {
        var lines: [Logical] = []
        /// Whether the value of the last line goes on because of how it is encoded.
        var goesOn = false
        var number = 0
        var start = bytes.startIndex
        while start <= bytes.endIndex {
            let end: Int = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            let raw: ArraySlice<UInt8> = bytes[start..<end]
            start = end + 1
            number += 1
            let text: ArraySlice<UInt8> = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
            if goesOn, let last = lines.indices.last {
                // A continuation of quoted-printable text may be indented besides.
                lines[last].text.removeLast()
                lines[last].text += text
            } else if let first = text.first, first == 0x20 || first == 0x09, let last = lines.indices.last {
                lines[last].text += text.dropFirst()
                continue
            } else if !text.isEmpty {
                guard lines.count < VCardReader.mostLines else {
                    throw CRMError(.tooLarge, "the file has more than \(VCardReader.mostLines) lines", hint: "Cut it into several files.")
                }
                lines.append(Logical(text: Array(text), number: number))
            } else {
                continue
            }
            goesOn = lines.indices.last.map { lines[$0].goesOn(fallback) } ?? false
        }
        return lines.map { ($0.text, $0.number) }
    }
}
