/// Finds out from all bytes of a file how they stand for text, where no mark at its beginning says so.
enum EncodingGuess {
    /// Never fails: a text in UTF-8 with a few damaged places counts as UTF-8, so that the reader can name them.
    static func encoding(of bytes: [UInt8]) -> CSVEncoding {
        if let wide = utf16(bytes) { return wide }
        let (sequences, faults): (Int, Int) = bytes.withUnsafeBufferPointer { beyondASCII($0) }
        return faults == 0 || sequences > faults * 4 ? .utf8 : .windows1252
    }

    /// Text of the western world in two bytes a character has a zero in every other place.
    private static func utf16(_ bytes: [UInt8]) -> CSVEncoding? {
        if bytes.starts(with: [0xFF, 0xFE]) { return .utf16LittleEndian }
        if bytes.starts(with: [0xFE, 0xFF]) { return .utf16BigEndian }
        var zeros: [Int] = [0, 0]
        let sample: Int = min(bytes.count, CSVSniffer.sampleBytes)
        for index in 0..<sample where bytes[index] == 0 { zeros[index % 2] += 1 }
        guard sample > 3, max(zeros[0], zeros[1]) * 4 > sample else { return nil }
        return zeros[1] > zeros[0] ? .utf16LittleEndian : .utf16BigEndian
    }

    /// How many characters beyond ASCII are good UTF-8, and how many bytes are none.
    private static func beyondASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> (sequences: Int, faults: Int) {
        var (sequences, faults): (Int, Int) = (0, 0)
        var start: Int = 0
        while start < bytes.count {
            let rest = UnsafeBufferPointer(rebasing: bytes[start...])
            let fault: Int? = UTF8Check.firstFault(in: rest)
            for byte in rest[..<(fault ?? rest.count)] where byte >= 0xC0 { sequences += 1 }
            guard let fault else { break }
            faults += 1
            start += fault + 1
        }
        return (sequences, faults)
    }
}
