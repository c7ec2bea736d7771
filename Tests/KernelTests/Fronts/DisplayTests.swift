import PluginAPI
import Testing

@testable import Kernel

@Suite struct DisplayTests {
    @Test(arguments: [
        (0, "0 EUR"), (49, "0 EUR"), (50, "1 EUR"), (-49, "0 EUR"), (-50, "-1 EUR"), (125_049, "1,250 EUR"), (125_050, "1,251 EUR"),
        (99_999_949, "999,999 EUR"), (99_999_950, "1.00 M EUR"), (-99_999_950, "-1.00 M EUR"), (307_999_999, "3.08 M EUR"),
        (307_499_999, "3.07 M EUR"), (999_499_999, "9.99 M EUR"), (999_500_000, "10.0 M EUR"), (1_444_999_999, "14.4 M EUR"),
        (1_445_000_000, "14.5 M EUR"), (Int64.max, "92233720368.5 M EUR"), (Int64.min, "-92233720368.5 M EUR"),
    ] as [(Int64, String)])
    func `an amount in short is rounded, half away from zero, and never cut`(minor: Int64, text: String) {
        #expect(Display.short(Money(minor: minor, .eur)) == text)
    }

    @Test(arguments: [(999_999, "999,999"), (1_004_999, "1.00 M"), (1_005_000, "1.01 M"), (9_994_999, "9.99 M"), (9_995_000, "10.0 M")] as [(Int64, String)])
    func `a number in short is rounded the same way`(number: Int64, text: String) {
        #expect(Display.shortNumber(number) == text)
    }
}
