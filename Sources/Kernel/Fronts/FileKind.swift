import PluginAPI

/// What a file is by its first bytes, whatever its name says.
enum FileKind: Sendable, Equatable, CaseIterable {
    case png, jpeg, gif, webp, pdf, zip, oldOffice, gzip, sevenZip, rar, program, html, xml, json

    /// Nil for what is not known here, such as plain text.
    static func of(_ bytes: [UInt8]) -> FileKind? {
        if let known = magic.first(where: { bytes.starts(with: $0.bytes) }) { return known.kind }
        if bytes.count >= 12, bytes.starts(with: "RIFF".utf8), bytes[8..<12].elementsEqual("WEBP".utf8) { return .webp }
        return markup(bytes)
    }

    private static let magic: [(bytes: [UInt8], kind: FileKind)] = [
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png), ([0xFF, 0xD8, 0xFF], .jpeg), (Array("GIF87a".utf8), .gif),
        (Array("GIF89a".utf8), .gif), (Array("%PDF-".utf8), .pdf), ([0x50, 0x4B, 0x03, 0x04], .zip), ([0x50, 0x4B, 0x05, 0x06], .zip),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], .oldOffice), ([0x1F, 0x8B, 0x08], .gzip),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .sevenZip), (Array("Rar!\u{1A}\u{07}".utf8), .rar), ([0x7F, 0x45, 0x4C, 0x46], .program),
        (Array("MZ".utf8) + [0x90, 0x00], .program),
    ]

    /// What begins like a page, a drawing or a document of data, after spaces and a mark of its encoding.
    private static func markup(_ bytes: [UInt8]) -> FileKind? {
        let text: String = String(decoding: bytes.prefix(512), as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
        for start in ["<!doctype html", "<html", "<head", "<body", "<script", "<table"] where text.hasPrefix(start) { return .html }
        for start in ["<?xml", "<svg", "<!doctype svg"] where text.hasPrefix(start) { return .xml }
        let rest: Substring = text.drop { "[{".contains($0) || $0.isWhitespace }
        // A table may have a column whose name begins with a bracket; data has a quote after it.
        if text.first == "{" || text.first == "[", rest.first == "\"" || rest.isEmpty, text.contains(":") || rest.isEmpty { return .json }
        return nil
    }

    /// The media type of pictures that do nothing when they are shown.
    var image: String? {
        switch self {
        case .png: "image/png"
        case .jpeg: "image/jpeg"
        case .gif: "image/gif"
        case .webp: "image/webp"
        default: nil
        }
    }

    /// As people call it.
    var name: String {
        switch self {
        case .png, .jpeg, .gif, .webp: "a picture"
        case .pdf: "a PDF"
        case .zip: "an Excel workbook or another packed file"
        case .oldOffice: "an old Excel workbook or another Office file"
        case .gzip, .sevenZip, .rar: "a packed file"
        case .program: "a program"
        case .html: "a web page"
        case .xml: "XML"
        case .json: "JSON"
        }
    }

    /// Throws for a file that is no table, before anything tries to read it as one.
    static func requireTable(_ bytes: [UInt8]) throws {
        guard let kind = of(bytes) else { return }
        let hint: String =
            switch kind {
            case .zip, .oldOffice: "Open it and save it as CSV in UTF-8."
            case .gzip, .sevenZip, .rar: "Unpack it first."
            default: "Choose a CSV file, or vCards of an address book."
            }
        throw CRMError(.malformed, "the file is \(kind.name), not a table", hint: hint, problems: [Problem(field: "file", "is \(kind.name)")])
    }
}
