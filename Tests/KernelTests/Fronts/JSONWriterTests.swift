import PluginAPI
import Testing

@testable import Kernel

@Suite struct JSONWriterTests {
    private func text(_ value: Value) -> String { String(decoding: JSONWriter.document { $0.value(value) }, as: UTF8.self) }

    @Test func `exact numbers are written as they describe themselves`() {
        for units: Int64 in [0, 1, -1, 9, 10, 99, 100, -100, 123_456, .max, .min] {
            for scale in 0...9 {
                let number = FixedDecimal(units: units, scale: scale)
                #expect(text(.decimal(number)) == "\"\(number.description)\"")
            }
            for code in ["EUR", "JPY", "KWD", "CLF"] {
                guard let currency = Currency(code) else { continue }
                let money = Money(minor: units, currency)
                #expect(text(.money(money)) == #"{"amount":"\#(money.amount)","currency":"\#(code)"}"#)
            }
        }
    }

    @Test func `moments are written as they describe themselves`() {
        for text in ["1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2024-02-29T12:34:56.007Z"] {
            guard let moment = Moment(text) else { continue }
            #expect(self.text(.moment(moment)) == "\"\(moment.description)\"")
        }
    }

    @Test func `currencies know their minor unit`() {
        let digits = ["EUR": 2, "USD": 2, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3, "CLF": 4, "XXX": 2]
        for (code, count) in digits { #expect(Currency(code)?.minorDigits == count, "\(code)") }
    }

    @Test func `texts are quoted so that any reader gets them back`() throws {
        let texts = ["", "plain", "\"\\/\u{8}\u{c}\n\r\t", "\u{1}\u{1f}\u{7f}", "é😀\u{2028}", String(repeating: "a\"", count: 1000)]
        for text in texts {
            let bytes = JSONWriter.document { $0.string(text) }
            #expect(try JSONValue(parsing: bytes) == .string(text))
        }
    }

    @Test func `numbers keep the text that was sent`() throws {
        let json = try JSONValue(parsing: Array("[0.10, 12345678901234567890, -1E+2]".utf8))
        #expect(json == .array([.number("0.10"), .number("12345678901234567890"), .number("-1E+2")]))
        #expect(JSONWriter.document { $0.tree(json) } == Array("[0.10,12345678901234567890,-1E+2]".utf8))
    }
}
