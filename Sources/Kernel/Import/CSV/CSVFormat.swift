/// How the bytes of a file stand for text.
enum CSVEncoding: String, CaseIterable, Hashable, Sendable, Codable {
    case utf8 = "utf-8"
    case utf16LittleEndian = "utf-16le"
    case utf16BigEndian = "utf-16be"
    case windows1252 = "windows-1252"
}

/// What is known, or was found out, about a file before its first row is read.
struct CSVFormat: Hashable, Sendable {
    var encoding: CSVEncoding
    var delimiter: UInt8
    /// Bytes of the byte order mark to skip.
    var markLength: Int

    var delimiterName: String {
        switch delimiter {
        case UInt8(ascii: ","): "comma"
        case UInt8(ascii: ";"): "semicolon"
        case UInt8(ascii: "\t"): "tab"
        case UInt8(ascii: "|"): "pipe"
        default: String(UnicodeScalar(delimiter))
        }
    }
}

/// What the person who reads a file may decide; the rest is found out from the file.
struct CSVOptions: Hashable, Sendable {
    var delimiter: UInt8?
    var encoding: CSVEncoding?
    /// Bytes that are no UTF-8 are then taken for Windows-1252 instead of refused.
    var detectsWindows1252: Bool = false
    /// Takes back the apostrophe that `CSVWriter` puts before a cell that looks like a formula.
    var restoresNeutralisedCells: Bool = false

    init() {}
}

/// Bounds that keep a hostile or mistaken file from filling the memory.
enum CSVLimits {
    static let cellBytes: Int = 1 << 20
    static let rowBytes: Int = 16 << 20
    static let columns: Int = 1000
}
