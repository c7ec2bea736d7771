/// Finds out from the beginning of a file how it is written.
enum CSVSniffer {
    static let sampleBytes: Int = 64 << 10
    static let delimiters: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|")]

    /// The encoding by the mark at the beginning, else by what was chosen, else UTF-8.
    static func encoding(of start: [UInt8], options: CSVOptions) -> CSVFormat {
        func format(_ encoding: CSVEncoding, mark: Int) -> CSVFormat {
            CSVFormat(encoding: encoding, delimiter: UInt8(ascii: ","), markLength: mark)
        }
        if start.starts(with: [0xEF, 0xBB, 0xBF]) { return format(.utf8, mark: 3) }
        if start.starts(with: [0xFF, 0xFE]) { return format(.utf16LittleEndian, mark: 2) }
        if start.starts(with: [0xFE, 0xFF]) { return format(.utf16BigEndian, mark: 2) }
        if let chosen = options.encoding { return format(chosen, mark: 0) }
        if options.detectsWindows1252 {
            let fault: Int? = start.withUnsafeBufferPointer { UTF8Check.firstFault(in: $0) }
            // A character may be cut in two by the end of the chunk.
            if let fault, fault < start.count - 3 { return format(.windows1252, mark: 0) }
        }
        return format(.utf8, mark: 0)
    }

    /// The delimiter that cuts the first rows most evenly; among those the one that gives most cells.
    static func delimiter(of text: ArraySlice<UInt8>) -> UInt8 {
        let sample: [UInt8] = Array(text.prefix(sampleBytes))
        var best: (score: Double, delimiter: UInt8) = (0, delimiters[0])
        for candidate in delimiters {
            let counts: [Int] = cellCounts(in: sample, delimiter: candidate, complete: sample.count == text.count)
            guard let first = counts.first, first > 1 else { continue }
            let even: Int = counts.count { $0 == first }
            let evenness: Double = Double(even) / Double(counts.count)
            let score: Double = evenness * 10 + Double(min(first, 100)) / 100
            if score > best.score { best = (score, candidate) }
        }
        return best.delimiter
    }

    private static func cellCounts(in sample: [UInt8], delimiter: UInt8, complete: Bool) -> [Int] {
        sample.withUnsafeBufferPointer { bytes in
            var counts: [Int] = []
            var row = CSVRow()
            var position: Int = 0
            while counts.count < 50 && position < bytes.count {
                let scan = CSVScan(delimiter: delimiter, start: position, line: 1, atEnd: complete)
                // A candidate that breaks the grammar counts as uneven from there on.
                guard let result = try? scan.row(in: bytes, into: &row) else { counts.append(0); break }
                switch result {
                case .row(let end, _): counts.append(row.count); position = end
                case .blank(let end): position = end
                case .needsMore: return counts
                }
            }
            return counts
        }
    }
}
