/// Writes rows as RFC 4180: CRLF, quotes only where they are needed.
///
/// By default a cell that a spreadsheet would run as a formula is made harmless (see `FormulaGuard`).
struct CSVWriter {
    /// What has been written and not yet taken.
    private(set) var bytes: [UInt8] = []

    private let delimiter: UInt8
    private let neutralisesFormulas: Bool
    private var cellsInRow: Int = 0
    private var rowIsOneEmptyCell: Bool = false

    init(delimiter: UInt8 = UInt8(ascii: ","), neutralisesFormulas: Bool = true) {
        self.delimiter = delimiter
        self.neutralisesFormulas = neutralisesFormulas
    }

    mutating func write(row: some Sequence<String>) {
        for cell in row { write(cell: cell) }
        endRow()
    }

    mutating func write(cell text: String) {
        var text: String = text
        text.withUTF8 { write(cell: $0) }
    }

    mutating func write(cell: UnsafeBufferPointer<UInt8>) {
        if cellsInRow > 0 { bytes.append(delimiter) }
        cellsInRow += 1
        rowIsOneEmptyCell = cellsInRow == 1 && cell.isEmpty
        let places: [Int] = neutralisesFormulas ? FormulaGuard.placesToGuard(cell) : []
        let isQuoted: Bool = needsQuotes(cell)
        guard isQuoted || !places.isEmpty else {
            bytes.append(contentsOf: cell)
            return
        }
        let quote: UInt8 = UInt8(ascii: "\"")
        if isQuoted { bytes.append(quote) }
        var next: Int = 0
        for (index, byte) in cell.enumerated() {
            if next < places.count, places[next] == index {
                bytes.append(UInt8(ascii: "'"))
                next += 1
            }
            if isQuoted, byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        if isQuoted { bytes.append(quote) }
    }

    mutating func endRow() {
        // An empty line would be no row at all.
        if rowIsOneEmptyCell { bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: "\"")]) }
        rowIsOneEmptyCell = false
        cellsInRow = 0
        bytes.append(0x0D)
        bytes.append(0x0A)
    }

    /// Hands over what has been written, to be sent or stored, and starts afresh.
    mutating func take() -> [UInt8] {
        let taken: [UInt8] = bytes
        bytes = []
        return taken
    }

    private func needsQuotes(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        if cell.first == UInt8(ascii: " ") || cell.last == UInt8(ascii: " ") { return true }
        // A byte order mark at the start of a file would be taken for the file's own.
        if cell.first == 0xEF { return true }
        return cell.contains { byte in
            byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D || byte == delimiter
        }
    }
}
