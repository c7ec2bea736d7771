import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Values on their way into C and back.
@Suite struct ForeignFunctionTests {
    let tame: ForeignFixture
    let hostile: ForeignFixture

    init() throws {
        tame = try ForeignFixture.tame.get()
        hostile = try ForeignFixture.hostile.get()
    }

    private static func decimal(_ text: String, _ scale: Int) -> Value { .decimal(FixedDecimal(text, scale: scale) ?? .init(units: 0, scale: 0)) }

    // MARK: What crosses

    @Test(arguments: ["", "a", "fifteen letters", "Grüße, 世界 🦉", String(repeating: "long ", count: 2000)])
    func `a text comes back as it went`(text: String) throws {
        #expect(try tame.call("echo", ["text"], returns: "text", .text(text)) == .text(text))
        #expect(try tame.call("bytes_of", ["text"], returns: "integer", .text(text)) == .integer(Int64(text.utf8.count)))
    }

    @Test func `a text that may be missing is NULL, and an empty one is not`() throws {
        #expect(try tame.call("is_missing", ["text?"], returns: "boolean", .null) == .boolean(true))
        #expect(try tame.call("is_missing", ["text?"], returns: "boolean", .text("")) == .boolean(false))
        #expect(try tame.call("echo", ["text?"], returns: "text?", .null) == .null)
    }

    @Test(arguments: [(Int64.max, Int64(0)), (.min, 0), (40, 2), (-7, 7)])
    func `whole numbers of 64 bits cross`(left: Int64, right: Int64) throws {
        #expect(try tame.call("sum", ["integer", "integer"], returns: "integer", .integer(left), .integer(right)) == .integer(left + right))
    }

    @Test func `yes and no cross`() throws {
        #expect(try tame.call("negate", ["boolean"], returns: "boolean", .boolean(false)) == .boolean(true))
        #expect(try tame.call("negate", ["boolean"], returns: "boolean", .boolean(true)) == .boolean(false))
        #expect(try hostile.call("very_true", returns: "boolean") == .boolean(true))
    }

    @Test func `exact numbers cross as units of the scale that is declared`() throws {
        let sum: ([Value]) throws -> Value = { [tame] in
            try tame.call("sum", ["number(2)", "number(2)"], returns: "number(2)", $0[0], $0[1])
        }
        #expect(try sum([Self.decimal("0.10", 2), Self.decimal("0.20", 2)]) == Self.decimal("0.30", 2))
        #expect(try sum([Self.decimal("1.5", 1), .integer(2)]) == Self.decimal("3.50", 2))
        // A half is rounded away from zero.
        #expect(try sum([Self.decimal("1.005", 3), Self.decimal("-1.005", 3)]) == Self.decimal("0.00", 2))
        #expect(try sum([Self.decimal("1.005", 3), Self.decimal("-1.004", 3)]) == Self.decimal("0.01", 2))
        #expect(try tame.call("fee_of", ["money(2)"], returns: "number(4)", .money(Money(minor: 10_000, .eur))) == Self.decimal("7.5", 4))
        let yen = Money(minor: 100, try #require(Currency("JPY")))
        #expect(try tame.call("fee_of", ["money(2)"], returns: "number(4)", .money(yen)) == Self.decimal("7.5", 4))
    }

    @Test func `a number that does not fit is refused, not cut`() throws {
        let large: Value = .decimal(FixedDecimal(units: Int64.max / 10, scale: 0))
        let said: String = try tame.refusal("fee_of", ["number(9)"], returns: "number(9)", large)
        #expect(said == "the function fee_of of the plugin acme cannot take 922337203685477580 as parameter 1: it has too many digits for number(9)")
    }

    @Test func `numbers, flags and ids that may be missing cross both ways`() throws {
        #expect(try tame.call("half_of", ["integer?"], returns: "integer?", .integer(8)) == .integer(4))
        #expect(try tame.call("half_of", ["integer?"], returns: "integer?", .integer(7)) == .null)
        #expect(try tame.call("half_of", ["number(1)?"], returns: "number(1)?", .null) == .null)
        #expect(try tame.call("half_of", ["number(1)?"], returns: "number(1)?", Self.decimal("1.2", 1)) == Self.decimal("0.6", 1))
        #expect(try tame.call("opposite", ["boolean?"], returns: "boolean?", .boolean(true)) == .boolean(false))
        #expect(try tame.call("opposite", ["boolean?"], returns: "boolean?", .null) == .null)
        #expect(try tame.call("next_id", ["id?"], returns: "id?", .null) == .null)
        #expect(try tame.call("next_id", ["id"], returns: "id", .integer(41)) == .integer(42))
    }

    @Test func `days and moments cross`() throws {
        let day = try #require(Day("2024-02-26"))
        #expect(try tame.call("a_week_later", ["date"], returns: "date", .day(day)) == .day(try #require(Day("2024-03-04"))))
        let noon = try #require(Moment("2026-03-01T12:00:00Z"))
        let one = try #require(Moment("2026-03-01T13:00:00Z"))
        #expect(try tame.call("an_hour_later", ["moment"], returns: "moment", .moment(noon)) == .moment(one))
    }

    @Test func `twelve parameters of all kinds arrive each in its place`() throws {
        let parameters: [String] = [
            "text", "integer", "boolean", "integer?", "id", "boolean?", "number(0)", "date", "text?", "boolean", "moment", "money(0)?",
        ]
        let function: Contributions.FunctionEntry = try #require(
            tame.contributions(
                """
                {"functions": [{"name": "all_of", "returns": "integer", "parameters": \(parameters)}]}
                """
            ).functions.first)
        let given: [Value] = [
            .text("four"), .integer(3), .boolean(true), .null, .integer(2), .boolean(true), .decimal(FixedDecimal(units: 6, scale: 0)),
            .day(Day(number: 8)), .null, .boolean(true), .moment(Moment(milliseconds: 9)), .null,
        ]
        #expect(try function.body(given) == .integer(791_186_125_134))
        #expect(function.parameters == [.text, .integer, .boolean, .integer, .id, .boolean, .number, .date, .text, .boolean, .moment, .money])
        #expect(function.takesEmpty)
    }

    @Test func `a function of formulas is not called while a value that it needs is empty`() throws {
        #expect(try tame.call("sum", ["integer", "integer?"], returns: "integer", .null, .null) == .null)
        let entry = try #require(
            tame.contributions(#"{"functions": [{"name": "sum", "parameters": ["integer", "integer"], "returns": "integer"}]}"#).functions.first)
        #expect(!entry.takesEmpty)
    }

    @Test func `a function called from many threads at once keeps its calls apart`() async throws {
        let entry = try #require(
            tame.contributions(
                #"{"functions": [{"name": "doubled", "parameters": ["text"], "returns": "text"}], "frees": "take_back"}"#).functions.first)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in 0..<200 {
                        let text = "\(worker)-\(number)"
                        let both: Value = try entry.body([.text(text)])
                        #expect(both == .text(text + text))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    // MARK: Texts that are handed back

    @Test func `texts that the plugin wants back are given back, those of failed calls too`() throws {
        func lent() throws -> Value { try tame.call("lent_texts", returns: "integer") }
        let before: Value = try lent()
        #expect(try tame.call("doubled", ["text"], returns: "text", frees: "take_back", .text("ab")) == .text("abab"))
        #expect(try lent() == before)
        #expect(try tame.call("doubled_or_not", ["text"], returns: "text", mayFail: true, frees: "take_back", .text("a")) == .text("aa"))
        #expect(try tame.refusal("doubled_or_not", ["text"], returns: "text", mayFail: true, frees: "take_back", .text("!")) == "not this one")
        #expect(try tame.refusal("doubled", ["text"], returns: "text", frees: "take_back", longestText: 3, .text("ab")).contains("more than 3 bytes"))
        #expect(try lent() == before)
    }

    // MARK: Problems

    @Test func `a function says itself what is wrong`() throws {
        #expect(try tame.call("ratio", ["integer", "integer"], returns: "number(2)", mayFail: true, .integer(1), .integer(3)) == Self.decimal("0.33", 2))
        let error: CRMError? = #expect(throws: CRMError.self) {
            try tame.call("ratio", ["integer", "integer"], returns: "number(2)", mayFail: true, .integer(1), .integer(0))
        }
        #expect(error?.code == .refused && error?.message == "there is nothing to divide by" && error?.hint == "")
    }

    @Test func `a problem that fills its room is cut between letters`() throws {
        let long: String = try hostile.refusal("long_problem", returns: "integer", mayFail: true)
        #expect(long == String(repeating: "é", count: 511))
        let cut: String = try hostile.refusal("cut_problem", returns: "integer", mayFail: true)
        #expect(cut == "x" + String(repeating: "€", count: 340))
        #expect(try hostile.refusal("rude_problem", returns: "integer", mayFail: true) == "the function rude_problem of the plugin acme reported a problem in a text that is not UTF-8")
    }

    @Test(arguments: [
        ("nothing", "text", "returned NULL where its manifest promises a text"), ("no_utf8", "text", "returned a text that is not UTF-8"),
        ("cut_utf8", "text?", "returned a text that is not UTF-8"), ("surrogate", "text", "returned a text that is not UTF-8"),
        ("overlong_slash", "text", "returned a text that is not UTF-8"), ("too_long", "text", "returned a text of more than 65536 bytes"),
        ("never_ending", "text", "returned a text of more than 65536 bytes"), ("no_record", "id", "returned -5, which is the id of no record"),
        ("no_record", "id?", "returned -5, which is the id of no record"),
        ("no_day", "date", "returned 9223372036854775807, which is no day from the year 1 to 9999"),
    ])
    func `what a function must not return is an error of the plugin`(name: String, type: String, message: String) throws {
        let said: String = try hostile.refusal(name, returns: type)
        #expect(said == "the function \(name) of the plugin acme \(message)")
    }

    @Test(arguments: [("five", "0x5"), ("wild", "0x7ffffffff000"), ("unreal", "0x8000000000000000")])
    func `a number where a text or an address is promised, as of a wrong signature, is an error and no crash`(name: String, address: String) throws {
        for type in ["text", "text?", "integer?", "boolean?"] {
            let said: String = try hostile.refusal(name, returns: type, frees: "never_freed")
            #expect(said == "the function \(name) of the plugin acme returned \(address) as \(type.replacing("text?", with: "text")), and there is no memory")
        }
    }

    @Test func `a text without an end that runs out of memory is an error and no crash`() throws {
        #expect(try hostile.refusal("at_the_edge", returns: "text").hasSuffix("as text, and there is no memory"))
    }

    @Test func `NULL is nothing where the manifest says so`() throws {
        #expect(try hostile.call("nothing", returns: "text?") == .null)
    }

    @Test func `texts that are too long, or hold a zero byte, do not go in`() throws {
        let long = Value.text(String(repeating: "é", count: 32_769))
        let said: String = try tame.refusal("bytes_of", ["text"], returns: "integer", long)
        #expect(said == "the function bytes_of of the plugin acme takes texts of 65536 bytes at most, and parameter 1 has 65538")
        #expect(try tame.call("bytes_of", ["text"], returns: "integer", longestText: 65_538, long) == .integer(65_538))
        let zero: String = try tame.refusal("bytes_of", ["text"], returns: "integer", .text("a\0b"))
        #expect(zero == "the function bytes_of of the plugin acme cannot take a text with a zero byte in it as parameter 1")
    }

    @Test func `a value of another type is refused rather than passed`() throws {
        #expect(try tame.refusal("bytes_of", ["text"], returns: "integer", .integer(1)) == "the function bytes_of of the plugin acme is given another type than text as parameter 1")
        #expect(try tame.refusal("negate", ["boolean"], returns: "boolean", .text("yes")).hasSuffix("is given another type than boolean as parameter 1"))
    }

    @Test func `a function that the library lacks is found out when it is opened`() throws {
        let error: CRMError? = #expect(throws: CRMError.self) { try tame.call("grade", returns: "integer") }
        #expect(error?.message == "the library of the plugin acme has no function grade")
    }
}
