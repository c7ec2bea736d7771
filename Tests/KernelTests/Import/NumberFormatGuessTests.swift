import Testing

@testable import Kernel

@Suite("Guessing how numbers are written")
struct NumberFormatGuessTests {
    private func decision(_ values: [String]) -> NumberFormatGuess.Decision {
        var guess = NumberFormatGuess()
        for (index, value) in values.enumerated() { guess.add(value, line: index + 2) }
        return guess.decision
    }

    private func number(_ text: String, _ format: NumberFormat = .decimalPoint) -> String {
        switch format.read(text) {
        case .success(let number):
            "\(number.digits)e-\(number.scale)\(number.isPercent ? "%" : "")\(number.currency.map { " \($0)" } ?? "")"
        case .failure(let fault): fault.message
        }
    }

    @Test("numbers are read exactly, with sign, currency and percent", arguments: [
        ("1054", "1054e-0"), ("1,234.56", "123456e-2"), ("1 234.56", "123456e-2"), ("1\u{202F}234.56", "123456e-2"),
        ("1'234'567.8", "12345678e-1"), ("-12.50", "-1250e-2"), ("12.50-", "-1250e-2"), ("(1,000)", "-1000e-0"),
        ("\u{2212}3", "-3e-0"), ("+3", "3e-0"), (".5", "5e-1"), ("5.", "5e-0"), ("0.789", "789e-3"), ("17850.0", "178500e-1"),
        ("$1,000.00", "100000e-2 $"), ("-$5", "-5e-0 $"), ("$-5", "-5e-0 $"), ("($5.00)", "-500e-2 $"), ("€ 5", "5e-0 EUR"),
        ("5 €", "5e-0 EUR"), ("USD 12.34", "1234e-2 USD"), ("12.34USD", "1234e-2 USD"), ("12 %", "12e-0%"),
        ("9223372036854775807", "9223372036854775807e-0"), ("007", "7e-0"),
    ])
    func point(text: String, expected: String) {
        #expect(number(text) == expected)
    }

    @Test("with the comma for decimals the point groups", arguments: [
        ("1.234,56", "123456e-2"), ("1 234,56", "123456e-2"), ("1.234.567", "1234567e-0"), ("-0,5", "-5e-1"), ("1.234", "1234e-0"),
        ("1.234,56 €", "123456e-2 EUR"),
    ])
    func comma(text: String, expected: String) {
        #expect(number(text, .decimalComma) == expected)
    }

    @Test("what is no number says why", arguments: [
        ("abc", "is not a number"), ("1-2", "is not a number"), ("--1", "is not a number"), ("(-1)", "is not a number"),
        ("1.2.3", "is not a number"), ("", "is not a number"), ("$", "is not a number"), ("-", "is not a number"),
        ("12,34.5", "has its thousands grouped in an unexpected way"), ("1,2345", "has its thousands grouped in an unexpected way"),
        ("1234,567", "has its thousands grouped in an unexpected way"), ("0,789", "has its thousands grouped in an unexpected way"),
        ("1,234 567", "has its thousands grouped in an unexpected way"), ("9223372036854775808", "is too large"),
        ("1.2E+05", "is in scientific notation, which may have lost digits"), ("NaN", "is not a number"),
    ])
    func faults(text: String, expected: String) {
        #expect(number(text) == expected)
    }

    @Test("too many decimals are an error, zeros at the end are not")
    func scaling() throws {
        func scaled(_ text: String, _ scale: Int) throws -> Result<Int64, NumberFault> {
            try NumberFormat.decimalPoint.read(text).get().scaled(to: scale)
        }
        #expect(try scaled("12.5", 2) == .success(1250))
        #expect(try scaled("17850.0", 0) == .success(17850))
        #expect(try scaled("12.345", 2) == .failure(.tooManyDecimals(allowed: 2)))
        #expect(try scaled("12.5", 0) == .failure(.tooManyDecimals(allowed: 0)))
        #expect(try scaled("-0.07", 2) == .success(-7))
        #expect(try scaled("92233720368547758.07", 2) == .success(.max))
        #expect(try scaled("92233720368547758.07", 3) == .failure(.tooLarge))
    }

    @Test("the whole column decides between point and comma")
    func columns() {
        #expect(decision(["1054", "4514", ""]) == .decided(.decimalPoint))
        #expect(decision(["1,234", "1,234.5"]) == .decided(.decimalPoint))
        #expect(decision(["1,234", "1,23"]) == .decided(.decimalComma))
        #expect(decision(["1.234", "1.234,5"]) == .decided(.decimalComma))
        #expect(decision(["1 234", "12,5"]) == .decided(.decimalComma))
        #expect(decision(["1,234", "2,345"]) == .ambiguous([.decimalPoint, .decimalComma]))
        #expect(decision(["1.5", "1,5"]) == .ambiguous([.decimalPoint, .decimalComma]))
        #expect(decision(["", " "]) == .empty)
        #expect(decision(["Cancity", "Isdom", "3"]) == .none)
    }

    @Test("misfits come with their row and reason")
    func misfits() {
        var guess = NumberFormatGuess()
        for (index, text) in ["1.50", "n/a", "2.25", "$3.00", "40%"].enumerated() { guess.add(text, line: index + 2) }
        #expect(guess.decision == .decided(.decimalPoint))
        let misfits = guess.misfits(.decimalPoint)
        #expect(misfits.count == 1)
        #expect(misfits.examples == [NumberFormatGuess.Misfit(line: 3, text: "n/a", fault: .notANumber)])
        #expect(guess.scale[.decimalPoint] == 2)
        #expect(guess.currencies == ["$": 1])
        #expect(guess.percents == 1)
    }

    @Test("the known totals of the samples come out to the cent", .enabled(if: SampleData.isThere))
    func totals() throws {
        func sum(_ file: String, _ column: String, scale: Int, where filter: (String, String)? = nil) throws -> Int64 {
            var reader = try CSVReader(.file(SampleData.path(file)))
            let header: [String] = try reader.readHeader()
            let index: Int = try #require(header.firstIndex(of: column))
            let filterIndex: Int? = filter.flatMap { header.firstIndex(of: $0.0) }
            var row = CSVRow()
            var total: Int64 = 0
            while try reader.next(&row) {
                if let filter, let filterIndex, row[filterIndex] != filter.1 { continue }
                if row.isEmpty(index) { continue }
                total += try NumberFormat.decimalPoint.read(row[index]).get().scaled(to: scale).get()
            }
            return total
        }
        #expect(try sum("maven-crm/sales_pipeline.csv", "close_value", scale: 2, where: ("deal_stage", "Won")) == 10_005_534_00)
        #expect(try sum("northwind/orders.csv", "freight", scale: 2) == 64_942_69)
    }
}
