import Testing

@testable import Kernel

/// A small generator with a fixed seed, so that a failure comes back.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z: UInt64 = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("Writing CSV")
struct CSVWriterTests {
    private func written(_ table: [[String]], delimiter: String = ",", neutralises: Bool = true) -> [UInt8] {
        var writer = CSVWriter(delimiter: delimiter.utf8.first ?? 44, neutralisesFormulas: neutralises)
        for row in table { writer.write(row: row) }
        return writer.take()
    }

    @Test("quotes stand only where they are needed")
    func golden() {
        let bytes: [UInt8] = written([["a", "b,c", "d\"e"], ["", "two\nlines", " x"], [""]])
        #expect(String(decoding: bytes, as: UTF8.self) == "a,\"b,c\",\"d\"\"e\"\r\n,\"two\nlines\",\" x\"\r\n\"\"\r\n")
    }

    @Test("what a spreadsheet would run is made text, numbers are left alone")
    func formulas() {
        let cells: [String] = ["=1+1", "+cmd", "-x", "@sum", "\tx", "-12.50", "+3", "'=x", "a=b", "-", "'it"]
        let text: String = String(decoding: written([cells]), as: UTF8.self)
        #expect(text == "'=1+1,'+cmd,'-x,'@sum,'\tx,-12.50,+3,''=x,a=b,'-,'it\r\n")
    }

    @Test("what would be a cell of its own to a program with another separator is made text, too")
    func formulasWithin() {
        let cells: [String] = [
            "a;=1+1", "a,=1+1", "a\n=cmd|' /C calc'!A0", "a\r\n@x", "a;'=x", "+49 170 1;+49 170 2", "- one\n- two", "10;-20", "x;-2+3", "\u{FF1D}1+1", "a, =1",
        ]
        let told: [String] = [
            "a;'=1+1", "a,'=1+1", "a\n'=cmd|' /C calc'!A0", "a\r\n'@x", "a;''=x", "'+49 170 1;'+49 170 2", "'- one\n- two", "10;-20", "x;'-2+3", "'\u{FF1D}1+1", "a, =1",
        ]
        for (cell, wanted) in zip(cells, told) {
            let text: String = String(decoding: written([[cell]], delimiter: "|"), as: UTF8.self)
            #expect(text.replacing("\"", with: "") == wanted + "\r\n")
        }
    }

    @Test("any table comes back as it was written", arguments: 0..<60)
    func roundTrip(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let pieces: [String] = [
            "a", "Z", "0", ",", ";", "|", "\t", "\"", "\"\"", "\n", "\r", "\r\n", "'", "=", "+", "-", "@", " ", "ü", "€",
            "😀", "\u{FEFF}", "\u{00A0}", "12.5", "\u{FF1D}", "\u{FF0B}", ";=", ",'@", "\n-x",
        ]
        let columns: Int = Int.random(in: 1...6, using: &random)
        var table: [[String]] = []
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            var row: [String] = []
            for _ in 0..<columns {
                var cell: String = ""
                for _ in 0..<Int.random(in: 0...6, using: &random) { cell += pieces.randomElement(using: &random) ?? "" }
                row.append(cell)
            }
            table.append(row)
        }
        for delimiter in [",", ";", "\t", "|"] {
            var options = CSVOptions()
            options.delimiter = delimiter.utf8.first
            options.restoresNeutralisedCells = true
            let chunk: Int = Int.random(in: 1...64, using: &random)
            let bytes: [UInt8] = written(table, delimiter: delimiter)
            #expect(try csvRows(bytes, chunk: chunk, options: options) == table)
            options.restoresNeutralisedCells = false
            let plain: [UInt8] = written(table, delimiter: delimiter, neutralises: false)
            #expect(try csvRows(plain, chunk: chunk, options: options) == table)
        }
    }

    @Test("random bytes give rows or a named error, never a trap", arguments: 0..<40)
    func fuzz(seed: Int) {
        var random = SeededGenerator(state: UInt64(seed) &* 7919)
        let alphabet: [UInt8] = [0x22, 0x2C, 0x0A, 0x0D, 0x61, 0xC3, 0xBC, 0xFF, 0x00, 0x3B, 0x27, 0x3D]
        for _ in 0..<50 {
            let count: Int = Int.random(in: 0...80, using: &random)
            let bytes: [UInt8] = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            var options = CSVOptions()
            options.detectsWindows1252 = Bool.random(using: &random)
            options.restoresNeutralisedCells = true
            do {
                let whole: [[String]] = try csvRows(bytes, options: options)
                #expect(try csvRows(bytes, chunk: 1, options: options) == whole)
            } catch {
                #expect(error is CSVError)
            }
        }
    }
}
