import PluginAPI
import Testing

@testable import Kernel

@Suite("Guessing how days are written")
struct DateFormatGuessTests {
    private func decision(_ values: [String]) -> DateFormatGuess.Decision {
        guess(values).decision
    }

    private func guess(_ values: [String]) -> DateFormatGuess {
        var guess = DateFormatGuess()
        for (index, value) in values.enumerated() { guess.add(value, line: index + 2) }
        return guess
    }

    private func format(_ name: String) throws -> DateFormat {
        try #require(DateFormat(name: name))
    }

    @Test("one value above twelve decides the column", arguments: [
        (["1/2/2017", "10/20/2016"], "M/D/Y"), (["1/2/2017", "20/10/2016"], "D/M/Y"),
        (["01-03-17", "20-10-16"], "D-M-Y"), (["01.02.2017", "31.01.2017"], "D.M.Y"),
        (["2017/03/01"], "Y/M/D"), (["2017-03-01", ""], "Y-M-D"), (["20170301"], "YYYYMMDD"),
        (["3 Jan 2017", "Jan 3, 2017", "03-Mar-17", "Tue, 4 April 2017", "2017-Jan-03"], "named"),
        (["2017-03-01T10:20:30Z", "2017-03-01 10:20:30.642 UTC"], "Y-M-D"), (["12/31/2016 23:59"], "M/D/Y"),
    ])
    func decided(values: [String], name: String) throws {
        #expect(decision(values) == .decided(try format(name)))
    }

    @Test("a column that can be read both ways is put to the user, with the likelier first")
    func ambiguous() throws {
        #expect(decision(["1/2/2017", "3/4/2017"]) == .ambiguous([try format("M/D/Y"), try format("D/M/Y")]))
        #expect(decision(["01.02.2017"]) == .ambiguous([try format("D.M.Y"), try format("M.D.Y")]))
    }

    @Test("a column that contradicts itself is put to the user, unless each value can be only one day")
    func contradicting() throws {
        let mixed: [String] = ["1/20/2017", "2/21/2017", "20/1/2017"]
        #expect(decision(mixed) == .decided(.monthFirst))
        #expect(mixed.map { DateFormat.monthFirst.read($0)?.day.description } == ["2017-01-20", "2017-02-21", "2017-01-20"])
        #expect(decision(mixed + ["3/4/2017"]) == .ambiguous([.monthFirst, .dayFirst]))
    }

    @Test("a column in which ways of writing are mixed is read value by value, and only what could be either is asked about")
    func mixed() throws {
        let clear: [String] = ["2026-03-01", "01.03.2026", "5 Mar 2026", "20260307"]
        #expect(decision(clear) == .decided(.dayFirst))
        #expect(clear.map { DateFormat.dayFirst.read($0)?.day.description } == ["2026-03-01", "2026-03-01", "2026-03-05", "2026-03-07"])

        let open: DateFormatGuess = guess(["2026-03-01", "01.03.2026", "3/1/26", "3/2/26", "3/1/26"])
        #expect(open.decision == .ambiguous([.dayFirst, .monthFirst]))
        #expect(open.unclear == ["3/1/26", "3/2/26"])

        // What the column shows elsewhere decides: nobody is asked what can be seen.
        #expect(decision(["2026-03-01", "3/1/26", "3/25/26"]) == .decided(.monthFirst))
        #expect(decision(["2026-03-01", "3-1-26", "25/3/26"]) == .decided(.dayFirst))
        #expect(decision(["2026-03-01", "3/1/26", "25/3/26", "3/26/26"]) == .ambiguous([.monthFirst, .dayFirst]))
    }

    @Test("three numbers with points between them begin with the day, whatever holds for the others")
    func points() {
        #expect(DateFormat.monthFirst.read("01.03.2026")?.day.description == "2026-03-01")
        #expect(DateFormat.monthFirst.read("1/3/2026")?.day.description == "2026-01-03")
        #expect(DateFormat.dayFirst.read("1/3/2026")?.day.description == "2026-03-01")
        #expect(DateFormat.dayFirst.read("1/30/2026")?.day.description == "2026-01-30")
        #expect(DateFormat.dayFirst.read("30.30.2026") == nil)
    }

    @Test("what does not fit is reported by row")
    func misfits() throws {
        let guess: DateFormatGuess = guess(["2017-03-01", "soon", "2017-02-30", "", "2016-02-29", "2017-13-01", "2017-01-05"])
        #expect(guess.decision == .none)
        let better: DateFormatGuess = self.guess(["2017-03-01", "soon", "2017-02-30", "", "2016-02-29", "2017-01-05"])
        #expect(better.decision == .decided(.iso))
        let misfits = better.misfits(.iso)
        #expect(misfits.count == 2)
        #expect(misfits.examples.map(\.line) == [3, 4])
    }

    @Test("a column of other things is no column of days")
    func notDates() {
        #expect(decision(["1054", "4514"]) == .none)
        #expect(decision(["1.5", "2.25"]) == .none)
        #expect(decision(["192.168.0.1", "10.0.0.1"]) == .none)
        #expect(decision(["", " "]) == .empty)
    }

    @Test("years of two digits turn at 69")
    func pivot() throws {
        let format: DateFormat = try format("D-M-Y")
        #expect(format.read("01-02-68")?.day == Day(year: 2068, month: 2, day: 1))
        #expect(format.read("01-02-69")?.day == Day(year: 1969, month: 2, day: 1))
        #expect(format.read("01-02-00")?.day == Day(year: 2000, month: 2, day: 1))
        #expect(format.read("01-02-017") == nil)
    }

    @Test("days that do not exist are refused", arguments: ["2017-02-29", "1900-02-29", "2017-04-31", "2017-00-10", "0000-01-01"])
    func impossible(text: String) {
        #expect(DateFormat.iso.read(text) == nil)
    }

    @Test("moments keep time and offset", arguments: [
        ("1970-01-01T00:00:01Z", 1000), ("1970-01-01 01:00:00+01:00", 0), ("1970-01-02T00:00:00.5-0030", 88_200_500),
        ("1970-01-01 12:30 PM", 45_000_000), ("1970-01-01 12:00:00 am", 0), ("2000-02-29T23:59:59.999Z", 951_868_799_999),
        ("1969-12-31T23:59:59Z", -1000), ("2010-12-01 08:26:00.123456789", 1_291_191_960_123),
    ])
    func moments(text: String, milliseconds: Int) throws {
        let moment: ReadMoment = try #require(DateFormat.iso.read(text))
        #expect(moment.moment().milliseconds == Int64(milliseconds))
    }

    @Test("times that do not exist are refused", arguments: [
        "2017-01-01T25:00", "2017-01-01 10:60", "2017-01-01 13:00 PM", "2017-01-01 10", "2017-01-01 10:00 noon", "2017-01-01x",
        "2017-01-01 10:00 Z tail", "2017-01-01-05",
    ])
    func impossibleTimes(text: String) {
        #expect(DateFormat.iso.read(text) == nil)
    }

    @Test("the same 8,800 rows with dates in three forms give the same days", .enabled(if: SampleData.isThere))
    func sameDays() throws {
        func days(_ file: String) throws -> ([String], [DateFormat]) {
            let path: String = SampleData.path("maven-crm/\(file)")
            var columns: [Int] = []
            var formats: [DateFormat] = []
            for name in ["engage_date", "close_date"] {
                var reader = try CSVReader(.file(path))
                let header: [String] = try reader.readHeader()
                let column: Int = try #require(header.firstIndex(of: name))
                var guess = DateFormatGuess()
                var row = CSVRow()
                while try reader.next(&row) { guess.add(row[column], line: row.line) }
                guard case .decided(let format) = guess.decision else {
                    Issue.record("\(file) \(name): \(guess.decision)")
                    return ([], [])
                }
                #expect(guess.misfits(format).count == 0)
                columns.append(column)
                formats.append(format)
            }
            var reader = try CSVReader(.file(path))
            try reader.readHeader()
            var row = CSVRow()
            var days: [String] = []
            while try reader.next(&row) {
                let pair: [String] = zip(columns, formats).map { column, format in
                    format.read(row[column])?.day.description ?? row[column]
                }
                days.append("\(row[0]) \(pair[0]) \(pair[1])")
            }
            return (days, formats)
        }
        let (iso, isoFormats) = try days("sales_pipeline.csv")
        let (us, usFormats) = try days("variants/sales_pipeline.us-dates.csv")
        let (dmy, dmyFormats) = try days("variants/sales_pipeline.dmy-dates.csv")
        #expect(isoFormats.map(\.name) == ["Y-M-D", "Y-M-D"])
        #expect(usFormats.map(\.name) == ["M/D/Y", "M/D/Y"])
        #expect(dmyFormats.map(\.name) == ["D-M-Y", "D-M-Y"])
        #expect(iso.count == 8800)
        #expect(iso.count { $0.hasSuffix(" ") } == 2089)
        #expect(iso == us)
        #expect(iso == dmy)
    }
}
