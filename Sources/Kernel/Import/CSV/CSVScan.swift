/// Finds one row in a buffer: the grammar of RFC 4180, on bytes.
///
/// A cell is quoted when its first byte is a quote; a quote further on in a plain cell is just a character.
struct CSVScan {
    enum Result {
        case row(end: Int, lines: Int)
        case blank(end: Int)
        case needsMore
    }

    let delimiter: UInt8
    let start: Int
    let line: Int
    /// Nothing follows the buffer.
    let atEnd: Bool

    private static let quote: UInt8 = UInt8(ascii: "\"")
    private static let lineFeed: UInt8 = 0x0A
    private static let carriageReturn: UInt8 = 0x0D

    func row(in bytes: UnsafeBufferPointer<UInt8>, into row: inout CSVRow) throws(CSVError) -> Result {
        row.removeAll()
        row.line = line
        let count: Int = bytes.count
        var i: Int = start
        var lines: Int = 0
        var union: UInt8 = 0
        var escaped: [Int] = []
        while true {
            if i < count && bytes[i] == Self.quote {
                let opened: Int = line + lines
                var hasEscapes: Bool = false
                let open: Int = i + 1
                i = open
                while true {
                    guard i < count else {
                        if i - open > CSVLimits.cellBytes { throw tooLong(line: opened, row, quoted: true) }
                        if !atEnd { return .needsMore }
                        throw CSVError(
                            .brokenQuote, line: opened, column: row.count + 1, "a quote opened here is never closed",
                            hint: "Close the quote, or write a quote inside a cell twice.")
                    }
                    let byte: UInt8 = bytes[i]
                    if byte == Self.quote {
                        if i + 1 == count && !atEnd { return .needsMore }
                        if i + 1 < count && bytes[i + 1] == Self.quote {
                            hasEscapes = true
                            i += 2
                            continue
                        }
                        break
                    }
                    if byte == Self.lineFeed {
                        lines += 1
                    } else if byte == Self.carriageReturn {
                        if i + 1 == count && !atEnd { return .needsMore }
                        if !(i + 1 < count && bytes[i + 1] == Self.lineFeed) { lines += 1 }
                    } else if byte == 0 {
                        throw notText(line: line + lines, row)
                    }
                    union |= byte
                    i += 1
                }
                if i - open > CSVLimits.cellBytes { throw tooLong(line: opened, row, quoted: true) }
                if hasEscapes { escaped.append(row.cells.count) }
                row.cells.append(CSVRow.Cell(start: Int32(open - start), end: Int32(i - start)))
                i += 1
                if i < count {
                    let byte: UInt8 = bytes[i]
                    if byte != delimiter && byte != Self.lineFeed && byte != Self.carriageReturn {
                        throw CSVError(
                            .brokenQuote, line: opened, column: row.count,
                            "text follows the closing quote of a cell that opens here",
                            hint: "Write a quote inside a cell twice, or close the quote that is missing.")
                    }
                } else if !atEnd {
                    return .needsMore
                }
            } else {
                let begin: Int = i
                while i < count {
                    let byte: UInt8 = bytes[i]
                    if byte == delimiter || byte == Self.lineFeed || byte == Self.carriageReturn || byte == 0 { break }
                    union |= byte
                    i += 1
                }
                if i - begin > CSVLimits.cellBytes { throw tooLong(line: line + lines, row, quoted: false) }
                if i == count && !atEnd { return .needsMore }
                if i < count && bytes[i] == 0 { throw notText(line: line + lines, row) }
                row.cells.append(CSVRow.Cell(start: Int32(begin - start), end: Int32(i - start)))
            }
            if row.cells.count > CSVLimits.columns {
                throw CSVError(
                    .tooManyColumns, line: line, "the row has more than \(CSVLimits.columns) cells",
                    hint: "Check which character separates the cells.")
            }
            if i < count && bytes[i] == delimiter { i += 1; continue }
            break
        }
        // Bytes[i] is the end of a line, or i is the end of the file.
        let contentEnd: Int = i
        if i < count {
            if bytes[i] == Self.carriageReturn {
                if i + 1 == count && !atEnd { return .needsMore }
                i += i + 1 < count && bytes[i + 1] == Self.lineFeed ? 2 : 1
            } else {
                i += 1
            }
        }
        if contentEnd == start { return .blank(end: i) }
        row.bytes.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<contentEnd]))
        if union & 0x80 != 0 { try check(row) }
        for cell in escaped { row.unescape(cell: cell) }
        return .row(end: i, lines: lines + 1)
    }

    /// Refuses a row that is no UTF-8, with the line and the column of the first byte at fault.
    private func check(_ row: CSVRow) throws(CSVError) {
        let fault: Int? = row.bytes.withUnsafeBufferPointer { UTF8Check.firstFault(in: $0) }
        guard let fault else { return }
        var at: Int = line
        var previous: UInt8 = 0
        for byte in row.bytes[..<fault] {
            if byte == Self.carriageReturn || (byte == Self.lineFeed && previous != Self.carriageReturn) { at += 1 }
            previous = byte
        }
        let column: Int = row.cells.firstIndex { Int($0.end) > fault } ?? 0
        throw CSVError(
            .invalidText, line: at, column: column + 1, "the text is not valid UTF-8",
            hint: "Save the file as UTF-8, or choose the encoding Windows-1252.")
    }

    private func notText(line: Int, _ row: CSVRow) -> CSVError {
        CSVError(
            .notText, line: line, column: row.count + 1, "the file contains a zero byte and is no text in UTF-8",
            hint: "Save the file as CSV in UTF-8.")
    }

    private func tooLong(line: Int, _ row: CSVRow, quoted: Bool) -> CSVError {
        CSVError(
            quoted ? .brokenQuote : .cellTooLong, line: line, column: row.count + 1,
            quoted
                ? "a quote opened here is not closed within \(CSVLimits.cellBytes >> 20) MiB"
                : "the cell is longer than \(CSVLimits.cellBytes >> 20) MiB",
            hint: quoted ? "Close the quote, or write a quote inside a cell twice." : "Shorten the text.")
    }
}
