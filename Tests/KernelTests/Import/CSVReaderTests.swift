import Foundation
import Testing

@testable import Kernel

/// All rows of a text, read in chunks of the given size.
func csvRows(_ text: String, chunk: Int = 1 << 20, options: CSVOptions = CSVOptions()) throws -> [[String]] {
    try csvRows(Array(text.utf8), chunk: chunk, options: options)
}

func csvRows(_ bytes: [UInt8], chunk: Int = 1 << 20, options: CSVOptions = CSVOptions()) throws -> [[String]] {
    var reader = try CSVReader(.chunks(of: bytes, size: chunk), options: options)
    var row = CSVRow()
    var result: [[String]] = []
    while try reader.next(&row) { result.append(row.texts) }
    return result
}

private func refusal(_ bytes: [UInt8], options: CSVOptions = CSVOptions()) -> CSVError? {
    do {
        _ = try csvRows(bytes, options: options)
        return nil
    } catch {
        return error as? CSVError
    }
}

@Suite("Reading CSV")
struct CSVReaderTests {
    @Test("cells may hold delimiters, quotes and line ends", arguments: [1, 2, 3, 7, 1 << 20])
    func grammar(chunk: Int) throws {
        let text: String = "a,b,c\r\n\"x,1\",\"say \"\"hi\"\"\",\"two\r\nlines\"\n,,\r1,\"\",3"
        #expect(try csvRows(text, chunk: chunk) == [
            ["a", "b", "c"], ["x,1", "say \"hi\"", "two\r\nlines"], ["", "", ""], ["1", "", "3"],
        ])
    }

    @Test("a row is known by the physical line on which it starts", arguments: [1, 5, 1 << 20])
    func lineNumbers(chunk: Int) throws {
        let text: String = "a,b\r\n\"one\r\ntwo\rthree\n\",2\n\n\nx,y\rz,w\n"
        var reader = try CSVReader(.chunks(of: Array(text.utf8), size: chunk))
        var row = CSVRow()
        var lines: [Int] = []
        while try reader.next(&row) { lines.append(row.line) }
        #expect(lines == [1, 2, 8, 9])
    }

    @Test("the last line needs no end, and empty lines are passed over")
    func lastLine() throws {
        #expect(try csvRows("a\n\n\r\nb") == [["a"], ["b"]])
        #expect(try csvRows("a\n\"\"\n") == [["a"], [""]])
        #expect(try csvRows("") == [])
        #expect(try csvRows("a,") == [["a", ""]])
    }

    @Test("a quote in the middle of a plain cell is just a character")
    func looseQuote() throws {
        #expect(try csvRows("a,b\n5\" pipe,x \"y\" z\n") == [["a", "b"], ["5\" pipe", "x \"y\" z"]])
    }

    @Test("the delimiter is found out", arguments: [",", ";", "\t", "|"])
    func delimiters(delimiter: String) throws {
        let cells: [[String]] = [["name", "city, land", "note"], ["a", "b; c", "d|e"], ["1,5", "2", "3"]]
        let text: String = cells.map { row in
            row.map { "\"\($0)\"" }.joined(separator: delimiter)
        }.joined(separator: "\n")
        #expect(try csvRows(text) == cells)
    }

    @Test("commas inside the cells do not make a semicolon file a comma file")
    func decimalCommas() throws {
        #expect(try csvRows("name;value\nx;1,5\ny;2,5\n") == [["name", "value"], ["x", "1,5"], ["y", "2,5"]])
    }

    @Test("a file of one column stays one column")
    func oneColumn() throws {
        #expect(try csvRows("name\nx\ny z\n") == [["name"], ["x"], ["y z"]])
    }

    @Test("byte order marks and UTF-16 are understood", arguments: [1, 3, 1 << 20])
    func encodings(chunk: Int) throws {
        let expected: [[String]] = [["näme", "x"], ["😀", "€"]]
        let text: String = "näme,x\n😀,€\n"
        #expect(try csvRows([0xEF, 0xBB, 0xBF] + Array(text.utf8), chunk: chunk) == expected)
        let little: [UInt8] = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(try csvRows([0xFF, 0xFE] + little, chunk: chunk) == expected)
        let big: [UInt8] = text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        #expect(try csvRows([0xFE, 0xFF] + big, chunk: chunk) == expected)
    }

    @Test("text that is no UTF-8 is refused with line and column")
    func invalidUTF8() throws {
        var bytes: [UInt8] = Array("a,b,c\n1,2,3\n1,\"x\n".utf8)
        bytes += [0x4D, 0xFC, 0x6C]
        bytes += Array("\",3\n".utf8)
        let error: CSVError = try #require(refusal(bytes))
        #expect(error.code == .invalidText)
        #expect(error.line == 4)
        #expect(error.column == 2)
    }

    @Test("broken sequences of every sort are refused", arguments: [
        [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80], [0xC3],
    ] as [[UInt8]])
    func malformed(sequence: [UInt8]) throws {
        let error: CSVError = try #require(refusal(Array("a,b\n1,".utf8) + sequence + Array("\n".utf8)))
        #expect(error.code == .invalidText)
        #expect(error.line == 2)
        #expect(error.column == 2)
    }

    @Test("half a UTF-16 pair is refused, not replaced")
    func loneSurrogate() throws {
        let bytes: [UInt8] = [0xFF, 0xFE, 0x61, 0, 0x0A, 0, 0x3D, 0xD8, 0x0A, 0]
        #expect(refusal(bytes)?.code == .invalidText)
        #expect(refusal(bytes)?.line == 2)
    }

    @Test("Windows-1252 is read where it is chosen or allowed")
    func windows1252() throws {
        let bytes: [UInt8] = Array("a,b\nM".utf8) + [0xFC] + Array("ller,".utf8) + [0x80, 0x93] + Array("\nlonger,rows\n".utf8)
        var chosen = CSVOptions()
        chosen.encoding = .windows1252
        var allowed = CSVOptions()
        allowed.detectsWindows1252 = true
        let expected: [[String]] = [["a", "b"], ["Müller", "€“"], ["longer", "rows"]]
        #expect(try csvRows(bytes, options: chosen) == expected)
        #expect(try csvRows(bytes, options: allowed) == expected)
        #expect(refusal(bytes)?.code == .invalidText)
    }

    @Test("a file with zero bytes is no text")
    func zeroBytes() {
        #expect(refusal([0x61, 0x2C, 0, 0x0A])?.code == .notText)
        #expect(refusal(Array("a,\"b".utf8) + [0, 0x22])?.code == .notText)
    }

    @Test("a broken quote on line 5,000 is named with that line")
    func brokenQuote() throws {
        func text(_ line5000: String) -> [UInt8] {
            var text: String = "a,b\n"
            for line in 2...9000 { text += line == 5000 ? line5000 + "\n" : "\"x\(line)\",\"y\"\n" }
            return Array(text.utf8)
        }
        let followed: CSVError = try #require(refusal(text("\"open,1")))
        #expect(followed.code == .brokenQuote)
        #expect(followed.line == 5000)
        let inside: CSVError = try #require(refusal(text("1,\"he said \"no\" twice\"")))
        #expect(inside.code == .brokenQuote)
        #expect(inside.line == 5000)
        #expect(inside.column == 2)
        let plain: String = (1...9000).map { $0 == 5000 ? "1,\"never closed" : "1,2" }.joined(separator: "\n")
        let unclosed: CSVError = try #require(refusal(Array(plain.utf8)))
        #expect(unclosed.code == .brokenQuote)
        #expect(unclosed.line == 5000)
    }

    @Test("an open quote does not swallow a large file")
    func hugeQuote() throws {
        let bytes: [UInt8] = Array("a,b\n1,\"".utf8) + [UInt8](repeating: 0x61, count: CSVLimits.cellBytes + 5)
        let error: CSVError = try #require(refusal(bytes))
        #expect(error.code == .brokenQuote)
        #expect(error.line == 2)
    }

    @Test("cells and rows have bounds")
    func limits() throws {
        let long: [UInt8] = Array("a\nb\n".utf8) + [UInt8](repeating: 0x61, count: CSVLimits.cellBytes + 1)
        #expect(refusal(long)?.code == .cellTooLong)
        #expect(refusal(long)?.line == 3)
        let wide: String = String(repeating: ",", count: CSVLimits.columns)
        #expect(refusal(Array(wide.utf8))?.code == .tooManyColumns)
        #expect(try csvRows(String(wide.dropLast())).first?.count == CSVLimits.columns)
    }

    @Test("rows with a wrong number of cells are problems of their row")
    func wrongCounts() throws {
        var reader = try CSVReader(.bytes(Array(" a ,,c\n1,2,3\n\"1\n\",2\n1,2,3,4\n".utf8)))
        try reader.readHeader()
        #expect(reader.header == ["a", "Column 2", "c"])
        var row = CSVRow()
        var problems: [CSVProblem] = []
        while try reader.next(&row) {
            if let problem = reader.problem(in: row) { problems.append(problem) }
        }
        #expect(problems == [
            CSVProblem(line: 3, column: nil, message: "has 2 cells where the header has 3"),
            CSVProblem(line: 5, column: nil, message: "has 4 cells where the header has 3"),
        ])
    }

    @Test("a missing file is an error with its reason")
    func missingFile() {
        #expect(throws: CSVError.self) { try CSVReader(.file("/nowhere/at/all.csv")) }
    }

    @Test("an empty file has no header")
    func emptyFile() throws {
        var reader = try CSVReader(.bytes([]))
        #expect(throws: CSVError.self) { try reader.readHeader() }
    }

    @Test("every sample file is read to its end, whatever the chunk size", .enabled(if: SampleData.isThere))
    func samples() throws {
        var files: [String] = []
        for folder in ["maven-crm", "maven-crm/variants", "salesforce-export", "northwind", "xero-accounting", "vcards"] {
            files += SampleData.files(in: folder)
        }
        #expect(files.count > 40)
        for file in files {
            var reader = try CSVReader(.file(file))
            try reader.readHeader()
            var row = CSVRow()
            var count: Int = 0
            var wrong: Int = 0
            while try reader.next(&row) {
                count += 1
                if reader.problem(in: row) != nil { wrong += 1 }
            }
            // Three of them hold addresses with commas that nobody quoted.
            let name: Substring = file.split(separator: "/").last ?? ""
            let expected: [Substring: Int] = ["customers.csv": 24, "orders.csv": 176, "suppliers.csv": 9]
            #expect(count > 0 && wrong == expected[name] ?? 0, "\(file)")
        }
    }
}
