import PluginAPI
import Testing

@testable import Kernel

private enum Part: Entity {
    static let title = Field<String>("title", .aliases("part id"))
    static let price = Field<Money?>("price", .aliases("close value"))
    static let stage = Field<Reference<Team>?>("stage")
    static let count = Field<Int?>("count")
    static let rate = Field<FixedDecimal?>("rate")
    static let ready = Field<Bool?>("ready")
    static let day = Field<Day?>("close_date", .label("Closed on"))
    static let code = Field<String?>("code", .unique)
    static let schema = Schema("part", title, price, stage, count, rate, ready, day, code)
}

private let fields: [FieldDescription] = Part.schema.fields.map(\.description)

private func field(_ name: String) throws -> FieldDescription {
    try #require(fields.first { $0.name == name })
}

@Suite("Planning an import")
struct ImportSuggestionTests {
    private func suggestion(_ text: String) throws -> ImportSuggestion {
        let analysis = try FileAnalysis(.bytes(Array(text.utf8)), options: CSVOptions())
        return ImportSuggestion(entity: Part.schema, fields: fields, analysis: analysis)
    }

    @Test("columns, formats and the match field are proposed from the file alone")
    func proposed() throws {
        let suggestion: ImportSuggestion = try suggestion("""
            Part ID;Close Value;Part Stage;close_date;Code;Colour
            A;1.234,50;New;31.12.2016;x1;red
            B;2,00;Done;01.02.2017;x2;
            """)
        #expect(suggestion.plan.columns.map(\.field) == ["title", "price", "stage", "close_date", "code"])
        #expect(suggestion.plan.columns.map(\.numberFormat) == [nil, "1.234,56", nil, nil, nil])
        #expect(suggestion.plan.columns.map(\.dateFormat) == [nil, nil, nil, "D.M.Y", nil])
        #expect(suggestion.plan.matchField == "code")
        #expect(suggestion.unused == ["Colour"])
        #expect(suggestion.missing.isEmpty && suggestion.questions.isEmpty)
    }

    @Test("what only a person can know is asked")
    func asked() throws {
        let suggestion: ImportSuggestion = try suggestion("price,close_date\n\"1,234\",1/2/2017\n")
        #expect(suggestion.questions == [
            ImportSuggestion.Question(subject: .numberFormat, column: 0, header: "price", options: ["1,234.56", "1.234,56"]),
            ImportSuggestion.Question(subject: .dateFormat, column: 1, header: "close_date", options: ["M/D/Y", "D/M/Y"], examples: ["1/2/2017"]),
        ])
        #expect(suggestion.missing == ["title"])
    }

    @Test("what one column of a file shows makes the same order the likelier one in the others")
    func leaning() throws {
        let analysis = try FileAnalysis(.bytes(Array("a,b\n1/2/2017,20/2/2017\n".utf8)), options: CSVOptions())
        #expect(analysis.columns.map(\.dates) == [
            .ambiguous([try #require(DateFormat(name: "D/M/Y")), try #require(DateFormat(name: "M/D/Y"))]),
            .decided(try #require(DateFormat(name: "D/M/Y"))),
        ])
    }

    @Test("NULL in a file is taken for an empty cell")
    func nulls() throws {
        #expect(try suggestion("title,count\nA,NULL\nB,3\n").plan.emptyTexts.contains("NULL"))
        #expect(try suggestion("title,count\nA,\nNull,3\n").plan.emptyTexts.isEmpty)
    }

    @Test("rows with a wrong number of cells are counted before anything is stored")
    func problems() throws {
        let analysis = try FileAnalysis(.bytes(Array("a,b\n1,2\n1\n1,2,3\n".utf8)), options: CSVOptions())
        #expect(analysis.rowCount == 3)
        #expect(analysis.problemCount == 2)
        #expect(analysis.problems.map(\.line) == [3, 4])
    }
}

@Suite("Reading the cells of a column")
struct CellReaderTests {
    private func read(_ text: String, _ name: String, multiplier: Int64 = 1) throws -> String {
        let reader = CellReader(field: try field(name), multiplier: multiplier, currency: .usd, emptyTexts: ["NULL"])
        switch reader.read(text) {
        case .success(let meaning): return "\(meaning)"
        case .failure(let fault): return fault.message
        }
    }

    @Test("each kind of field reads its own text")
    func kinds() throws {
        #expect(try read(" A b ", "title") == "value(PluginAPI.Value.text(\"A b\"))")
        #expect(try read("NULL", "title") == "empty")
        #expect(try read("1,234.5", "price") == "\(CellReader.Meaning.value(.money(Money(minor: 123_450, .usd))))")
        #expect(try read("€5", "price") == "\(CellReader.Meaning.value(.money(Money(minor: 500, .eur))))")
        #expect(try read("$5", "price") == "\(CellReader.Meaning.value(.money(Money(minor: 500, .usd))))")
        #expect(try read("17850.0", "count") == "\(CellReader.Meaning.value(.integer(17850)))")
        #expect(try read("12.5", "rate") == "\(CellReader.Meaning.value(.decimal(FixedDecimal(units: 1250, scale: 2))))")
        #expect(try read("TRUE", "ready") == "\(CellReader.Meaning.value(.boolean(true)))")
        #expect(try read("Won", "stage") == "\(CellReader.Meaning.reference(entity: "team", text: "Won"))")
        #expect(try read("1100.04", "price", multiplier: 1_000_000)
            == "\(CellReader.Meaning.value(.money(Money(minor: 110_004_000_000, .usd))))")
    }

    @Test("what does not fit says what and why")
    func faults() throws {
        #expect(try read("abc", "price") == "“abc” is not a number")
        #expect(try read("1.005", "price") == "has more than 2 decimals")
        #expect(try read("2.5", "count") == "must be a whole number")
        #expect(try read("perhaps", "ready") == "“perhaps” is neither yes nor no")
        #expect(try read("3/1/2017", "close_date") == "“3/1/2017” is not a day written Y-M-D")
        #expect(try read("¥5", "price") == "¥ is not the sign of USD")
    }

    @Test("what is written is read back", arguments: [
        ("title", Value.text("x")), ("price", .money(Money(minor: -5, .usd))), ("price", .money(Money(minor: 123_456, .eur))),
        ("count", .integer(-7)), ("rate", .decimal(FixedDecimal(units: -1, scale: 2))), ("ready", .boolean(false)),
        ("close_date", .day(Day(number: 17_000))),
    ])
    func roundTrip(name: String, value: Value) throws {
        let text: String = CellWriter(currency: .usd).text(of: value)
        #expect(CellReader(field: try field(name), currency: .usd).read(text) == .success(.value(value)))
    }

    @Test("bad rows go back with their line and problem, and can be imported again")
    func problemFile() throws {
        var file = ProblemFile(header: ["a", "b"], delimiter: UInt8(ascii: ","))
        file.add(line: 3, cells: ["=x"], problem: "has 1 cell where the header has 2")
        file.add(line: 5, cells: ["1", "2", "3"], problem: "has 3 cells")
        #expect(try csvRows(file.take()) == [
            ["a", "b", "Import line", "Import problem"], ["'=x", "", "3", "has 1 cell where the header has 2"],
            ["1", "2", "5", "has 3 cells; more cells: 3"],
        ])
    }
}
