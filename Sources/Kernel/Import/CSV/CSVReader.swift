/// Reads comma separated values (RFC 4180) from a stream of bytes, row by row.
///
/// It works on bytes: a row is copied once, and a String is made only of a cell that is asked for.
/// Row numbers are physical line numbers, so that what is said about row 5,000 is found at line 5,000 in an editor.
/// Empty lines are passed over.
struct CSVReader {
    let format: CSVFormat
    /// Bytes taken from the source so far, for progress.
    private(set) var bytesRead: Int = 0
    /// The names in the first row, once `readHeader` has been called.
    private(set) var header: [String] = []

    private let source: CSVSource
    private let restoresNeutralisedCells: Bool
    private var transcoder: CSVTranscoder?
    private var buffer: [UInt8]
    private var position: Int = 0
    private var atEnd: Bool
    private var line: Int = 1

    init(_ source: CSVSource, options: CSVOptions = CSVOptions()) throws(CSVError) {
        self.source = source
        restoresNeutralisedCells = options.restoresNeutralisedCells
        var first: [UInt8] = []
        atEnd = false
        while first.count < CSVSniffer.sampleBytes && !atEnd {
            let chunk: [UInt8] = try source.read()
            atEnd = chunk.isEmpty
            if first.isEmpty { first = chunk } else { first.append(contentsOf: chunk) }
        }
        bytesRead = first.count
        var format: CSVFormat = CSVSniffer.encoding(of: first, options: options)
        var text: [UInt8] = first
        if format.encoding == .utf8 {
            position = format.markLength
        } else {
            var transcoder = CSVTranscoder(format.encoding)
            text = transcoder.utf8(first, from: format.markLength, isLast: atEnd)
            self.transcoder = transcoder
        }
        format.delimiter = options.delimiter ?? CSVSniffer.delimiter(of: text[position...])
        buffer = text
        self.format = format
    }

    /// Reads the first row as column names. A column without a name is called by its place.
    @discardableResult
    mutating func readHeader() throws(CSVError) -> [String] {
        var row = CSVRow()
        guard try next(&row) else {
            throw CSVError(.empty, line: 1, "the file is empty", hint: "The first row must name the columns.")
        }
        header = row.texts.enumerated().map { index, name in
            let trimmed: String = name.trimmed
            return trimmed.isEmpty ? "Column \(index + 1)" : trimmed
        }
        return header
    }

    /// Says whether a row has as many cells as the header.
    func problem(in row: CSVRow) -> CSVProblem? {
        if header.isEmpty { return nil }
        if row.count == header.count { return problemOfCard(row) }
        let cells: String = row.count == 1 ? "1 cell" : "\(row.count) cells"
        return CSVProblem(line: row.line, column: nil, message: "has \(cells) where the header has \(header.count)")
    }

    /// What the reader of cards had against a row.
    private func problemOfCard(_ row: CSVRow) -> CSVProblem? {
        guard header.last == VCardTable.problemHeader, !row.isEmpty(row.count - 1) else { return nil }
        return CSVProblem(line: row.line, column: nil, message: row[row.count - 1])
    }

    /// Reads so many rows, fewer at the end of the file, with what is wrong with them; nil when none is left.
    mutating func lines(_ count: Int) throws(CSVError) -> [(row: CSVRow, problem: CSVProblem?)]? {
        var lines: [(row: CSVRow, problem: CSVProblem?)] = []
        lines.reserveCapacity(count)
        var row = CSVRow()
        while lines.count < count, try next(&row) { lines.append((row, problem(in: row))) }
        return lines.isEmpty ? nil : lines
    }

    /// Reads the next row into `row`; false at the end of the file.
    mutating func next(_ row: inout CSVRow) throws(CSVError) -> Bool {
        row.restoresNeutralisedCells = restoresNeutralisedCells
        while true {
            if position < buffer.count {
                let scan = CSVScan(delimiter: format.delimiter, start: position, line: line, atEnd: atEnd)
                let result: CSVScan.Result = try buffer.withUnsafeBufferPointer { bytes throws(CSVError) in
                    try scan.row(in: bytes, into: &row)
                }
                switch result {
                case .row(let end, let lines):
                    position = end
                    line += lines
                    return true
                case .blank(let end):
                    position = end
                    line += 1
                    continue
                case .needsMore:
                    break
                }
            } else if atEnd {
                return false
            }
            try fill()
        }
    }

    /// Appends at least as much as is held already, so that one very long row is not scanned again for each chunk.
    private mutating func fill() throws(CSVError) {
        if position > 0 {
            buffer.removeSubrange(..<position)
            position = 0
        }
        if buffer.count > CSVLimits.rowBytes {
            throw CSVError(
                .rowTooLong, line: line, "the row is longer than \(CSVLimits.rowBytes >> 20) MiB",
                hint: "Check that a quote which begins in this row is closed.")
        }
        let target: Int = buffer.count * 2 + 1
        while buffer.count < target && !atEnd {
            let chunk: [UInt8] = try source.read()
            bytesRead += chunk.count
            atEnd = chunk.isEmpty
            if let more = transcoder?.utf8(chunk, from: 0, isLast: atEnd) {
                buffer.append(contentsOf: more)
            } else if buffer.isEmpty {
                buffer = chunk
            } else {
                buffer.append(contentsOf: chunk)
            }
        }
    }
}
