import PluginAPI
import Testing

@testable import Kernel

@Suite struct FormulaProblemTests {
    private let sample: FormulaSample
    init() throws { sample = try FormulaSample() }

    @Test(arguments: [
        ("", "1:1 the formula is empty. Write a value, such as a field's name."),
        ("pionts + 1", "1:1 chores have no field pionts. Did you mean points?"),
        ("1 +", "1:4 a value is expected here, not the end"),
        ("(1 + 2", "1:1 this ( is not closed. Add a )."),
        ("1 2", "1:3 the end or a sign such as + or = is expected here, not \"2\""),
        ("title + 1", "1:1 a whole number cannot be added to a text. To join texts, write &."),
        ("cost + 1", "1:1 a whole number cannot be added to an amount of money. Write the number as an amount: money(…)."),
        ("cost * cost", "1:1 two amounts of money cannot be multiplied. Multiply an amount with a number."),
        ("points / 3", "1:1 the result has to be rounded. Say to how many decimals: round(…, 2)."),
        ("cost * 0.19", "1:1 the amount has to be rounded. Write round(…) around it."),
        ("round(points, 10)", "1:15 round takes the count of decimals here: a number from 0 to 9, written out"),
        ("title = 5", "1:1 a text cannot be compared with a whole number"),
        ("due < \"2026-01-31\"", "1:1 a date cannot be compared with a text. Write the date as date(\"2026-01-31\")."),
        ("step = \"open\"", "1:1 a link cannot be compared with a text. A link is compared with an id; to compare its name, go on with .name."),
        ("place = \"gardn\"", "1:9 there is no option \"gardn\". Did you mean \"garden\"?"),
        ("1 < 2 < 3", "1:7 comparisons cannot follow one another. Join two comparisons with and."),
        ("urgent && points", "1:8 formulas have no sign &&. Write and."),
        ("points AND urgent", "1:8 the end or a sign such as + or = is expected here, not \"AND\". Write and."),
        ("\"abc", "1:1 the text that begins here has no end. Close it with \"."),
        ("1 +\n  tilte", "2:3 chores have no field tilte. Did you mean title?"),
        ("rond(1)", "1:1 there is no function rond. Did you mean round?"),
        ("title(1)", "1:1 there is no function title. title is a field: write it without parentheses."),
        ("left(title)", "1:1 left takes 2 arguments, not 1. It is left(text, count) → text."),
        ("title.name", "1:1 title is a text, and only a link has fields of its own"),
        ("not 5", "1:5 a condition is expected here, not a whole number. Compare it with something, such as = or >."),
        ("if(1, 2, 3)", "1:4 if takes a condition here, not a whole number"),
        ("if(true, 1, \"a\")", "1:13 if takes values of one type, not a whole number and a text"),
        ("date(\"31.1.2026\")", "1:6 \"31.1.2026\" is not a date. Write it as date(\"2026-01-31\")."),
        ("99999999999999999999", "1:1 the number is too large"),
        ("1.0000000001", "1:1 a number has at most 9 decimals"),
        ("points in ()", "1:12 a value is expected between ( and )"),
        ("5 % 2", "1:3 formulas have no sign %. Write / 100."),
        ("3€", "1:2 formulas have no sign €"),
    ])
    func `a formula that is wrong says where and what`(text: String, problem: String) {
        #expect(sample.problem(text) == problem)
    }

    @Test func `the place is marked below its line`() throws {
        let refusal = try #require(throws: FormulaRefusal.self) { try sample.formula("1 +\npionts * 2") }
        #expect(refusal.excerpt == "pionts * 2\n^^^^^^")
    }

    @Test func `what is stored for everyone reads neither the user nor the moment`() {
        #expect(sample.problem("assigned_to = me()", for: .field).hasPrefix("1:15 me() differs"))
        #expect(sample.problem("begins > now()", for: .field).hasPrefix("1:10 now() is another value"))
        #expect(sample.problem("due > today()", for: .field) == "is a yes or no")
    }

    @Test func `a field that is hidden is as unknown as one that is not there, and is not suggested`() {
        func problem(_ text: String) -> String {
            do {
                _ = try Formula(text, on: sample.entity, in: sample.registry) { _, field in field != "secret" }
                return ""
            } catch { return (error as? FormulaRefusal).map { $0.problem.message + ". " + $0.problem.hint } ?? "" }
        }
        #expect(problem("secret") == "chores have no field secret. A text stands in quotes: \"secret\".")
        #expect(problem("secert") == "chores have no field secert. A text stands in quotes: \"secert\".")
        #expect(problem("after.secret").hasPrefix("chores have no field secret"))
    }

    @Test func `deep nesting is refused, however it is made`() {
        let deep: [String] = [
            String(repeating: "(", count: 3000), String(repeating: "not ", count: 900), String(repeating: "-", count: 3000) + "1",
            String(repeating: "abs(", count: 500) + "1" + String(repeating: ")", count: 500),
            (0..<300).map { _ in "1" }.joined(separator: " + "), String(repeating: "if(true,", count: 400),
        ]
        for text in deep { #expect(sample.problem(text).contains("parts within each other"), "\(text.prefix(20))") }
        #expect(sample.problem(String(repeating: "1", count: 5000)).contains("longer than 4000"))
        #expect(sample.problem("points in (" + (0..<1900).map { _ in "1" }.joined(separator: ",") + ")").contains("more than 1000 parts"))
    }

    @Test func `no input crashes, and each error points into the text`() {
        let pieces: [String] = [
            "points", "title", "cost", "due", "begins", "tags", "after.", "1", "2.5", "\"a\"", "'", "(", ")", ",", "+", "-", "*", "/", "&", "=", "!=",
            "<", ">=", " and ", " or ", " not ", " in ", "null", "true", "if(", "round(", "today()", "me()", "min(", "\n", "é", "👩‍👧", "\\", ".", "default(",
            "similarity(", "date(", " ", "\u{0}", "9223372036854775807", "urgent", "if_error(", "replace(", "add_days(",
        ]
        var random = SeededRandom(seed: 20_260_302)
        var evaluated = 0
        for _ in 0..<4000 {
            let text: String = (0..<Int.random(in: 1...14, using: &random)).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
            do {
                let formula = try sample.formula(text)
                var frame = sample.frame()
                do { _ = try formula.value(&frame) } catch { #expect(error is FormulaFault, "\(text)") }
                evaluated += 1
            } catch let refusal as FormulaRefusal {
                let place: Range<Int> = refusal.problem.place
                #expect(place.lowerBound >= 0 && place.upperBound <= text.count && !refusal.problem.message.isEmpty, "\(text)")
                _ = refusal.excerpt
            } catch { Issue.record("\(text): \(error)") }
        }
        #expect(evaluated > 50)
    }
}
