import PluginAPI
import Testing

@testable import Kernel

@Suite struct PeriodTests {
    @Test(arguments: [
        (Period.day, 0, "2026-03-01", "2026-03-01"), (.day, -1, "2026-02-28", "2026-02-28"),
        (.week, 0, "2026-02-23", "2026-03-01"), (.week, -1, "2026-02-16", "2026-02-22"),
        (.month, 0, "2026-03-01", "2026-03-31"), (.month, -1, "2026-02-01", "2026-02-28"),
        (.month, -13, "2025-02-01", "2025-02-28"), (.month, 10, "2027-01-01", "2027-01-31"),
        (.quarter, 0, "2026-01-01", "2026-03-31"), (.quarter, -1, "2025-10-01", "2025-12-31"),
        (.year, 0, "2026-01-01", "2026-12-31"), (.year, -1, "2025-01-01", "2025-12-31"),
    ])
    func `periods begin and end with the calendar`(period: Period, steps: Int, first: String, last: String) throws {
        // A Sunday: the last day of its week.
        let day = try #require(Day("2026-03-01"))
        let span = try #require(period.span(holding: day, shifted: steps))
        #expect(span.first.description == first)
        #expect(span.last.description == last)
    }

    @Test func `all time has no span`() throws {
        #expect(Period.all.span(holding: try #require(Day("2026-03-01"))) == nil)
    }

    @Test(arguments: [(10, 4, 3), (-10, 4, -3), (9, 4, 2), (0, 5, 0), (-1, 2, -1), (1, 2, 1), (5, 0, 0)])
    func `a mean is rounded to the nearest, halves away from zero`(sum: Int64, count: Int, mean: Int64) {
        #expect(MetricReader.mean(sum, count) == mean)
    }
}
