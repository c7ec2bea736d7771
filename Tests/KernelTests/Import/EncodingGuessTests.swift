import PluginAPI
import Testing

@testable import Kernel

@Suite("Finding out how the text of a file is written")
struct EncodingGuessTests {
    private static let text: String = "title;code\nStühle für Köln;a1\nTische;b2\n"

    private static func latin(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

    private static func wide(_ text: String, isLittle: Bool, mark: Bool) -> [UInt8] {
        let units: [UInt16] = (mark ? [0xFEFF] : []) + Array(text.utf16)
        return units.flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return isLittle ? [low, high] : [high, low]
        }
    }

    private static let files: [(bytes: [UInt8], encoding: CSVEncoding)] = [
        (Array(text.utf8), .utf8), ([0xEF, 0xBB, 0xBF] + Array(text.utf8), .utf8), (latin(text), .windows1252),
        (wide(text, isLittle: true, mark: true), .utf16LittleEndian), (wide(text, isLittle: false, mark: true), .utf16BigEndian),
        (wide(text, isLittle: true, mark: false), .utf16LittleEndian), (wide(text, isLittle: false, mark: false), .utf16BigEndian),
        (Array("a,b\n1,2\n".utf8), .utf8), ([], .utf8),
    ]

    @Test("with and without a mark at its beginning", arguments: files.indices)
    func guessed(place: Int) {
        #expect(EncodingGuess.encoding(of: Self.files[place].bytes) == Self.files[place].encoding)
    }

    @Test("what comes late in a long file counts, too")
    func late() {
        let long: String = "title\n" + String(repeating: "A plain row\n", count: 20_000)
        #expect(EncodingGuess.encoding(of: Array(long.utf8) + Self.latin("Köln\n")) == .windows1252)
        #expect(EncodingGuess.encoding(of: Array((long + "Köln\n").utf8)) == .utf8)
    }

    @Test("a damaged place in a file of UTF-8 is named instead of turned into other letters")
    func damaged() async throws {
        let room = try await StockRoom()
        var bytes: [UInt8] = Array("title\nÄpfel\nÖl\nÜbermut\nGrüße\nKöln\nSüß\n".utf8)
        bytes += [0xC3, 0x28, 0x0A]
        let error: CRMError? = await #expect(throws: CRMError.self) {
            try await room.importer.add(bytes, fileName: "x.csv", entity: "pieces", options: CSVOptions(), actor: room.actor())
        }
        #expect(error?.message == "line 8, column 1: the text is not valid UTF-8")
    }

    @Test("every encoding comes in as the same text, the guess is told, and can be corrected", arguments: files.indices.dropLast(2))
    func imported(place: Int) async throws {
        let room = try await StockRoom()
        let file = Self.files[place]
        let record: ImportRecord = try await room.importer.add(
            file.bytes, fileName: "x.csv", entity: "pieces", options: CSVOptions(), actor: room.actor())
        #expect(record.details.plan.encoding == file.encoding && record.details.plan.encodingIsGuessed == true)
        #expect(record.details.plan.delimiter == ";")
        let shown = try await room.ask("GET", "imports/\(record.id)")
        let format: JSONValue? = try JSONValue(parsing: Array(shown.body.utf8))["format"]
        #expect(format?["encoding"]?.text == file.encoding.rawValue && format?["encoding_is_guessed"]?.bool == true)
        let done: ImportRecord = try await room.finish(.running, record)
        #expect(done.counts.created == 2)
        #expect(try await room.titles() == ["Stühle für Köln", "Tische"])
    }

    @Test("read again with another encoding or other separators, what was decided about the columns holds")
    func readAgain() async throws {
        let room = try await StockRoom()
        let record: ImportRecord = try await room.importer.add(
            Array("name;what|ever\nStühle;a|b\n".utf8), fileName: "x.csv", entity: "pieces", options: CSVOptions(), actor: room.actor())
        func change(_ text: String) async throws -> ImportRecord {
            try await room.importer.change(record.id, JSONValue(parsing: Array(text.utf8)), actor: room.actor())
        }
        var changed: ImportRecord = try await change(#"{"mapping": {"name": "title"}}"#)
        changed = try await change(#"{"encoding": "windows-1252"}"#)
        #expect(changed.details.plan.columns.map(\.field) == ["title"] && changed.details.plan.encodingIsGuessed == false)
        #expect(try room.importer.analysis(of: changed).columns[0].samples == ["StÃ¼hle"])
        changed = try await change(#"{"encoding": "auto"}"#)
        #expect(try room.importer.analysis(of: changed).columns[0].samples == ["Stühle"])
        #expect(changed.details.plan.encodingIsGuessed == true)
        changed = try await change(#"{"delimiter": "|"}"#)
        #expect(try room.importer.analysis(of: changed).columns.map(\.header) == ["name;what", "ever"])
        changed = try await change(#"{"delimiter": "semicolon"}"#)
        #expect(try room.importer.analysis(of: changed).columns.map(\.header) == ["name", "what|ever"])
        await #expect(throws: CRMError.self) { try await change(#"{"encoding": "morse"}"#) }
        await #expect(throws: CRMError.self) { try await change(#"{"delimiter": "\""}"#) }
    }
}
