import PluginAPI
import Testing

@testable import Kernel

/// Formulas that are almost right: what is wrong with one is told with a place, and one that is right runs in the memory and in the
/// database.
@Suite struct FormulaFuzzTests {
    private static let seeds: [String] = [
        "points > 5 and urgent", "title in (\"Paint the fence\", \"x\") or not (cost >= 100)", "if(points = null, 0, round(points * 1.19, 2))", "days_between(due, today()) < 14",
        "upper(left(title, 3)) & \" \" & title", "after.points + 1 = 5", "contains(title, \"fence\") and place = \"garden\"", "round(hours / 3, 4) * 2", "min(points, 3, -points)",
        "begins > due", "date(2026, 2, 28) + 1", "-(-(-(points)))", "\"\\\"\\n\" & title", "replace(title, \"e\", title)", "repeat(title, 5)", "tags = null", "similarity(title, \"x\") > 0.5",
    ]
    private static let scraps: [String] = FormulaFunction.all.map { $0.name + "(" } + [
        "points", "after.", "after.after.after.after.after.", "null", " and ", " or ", " not ", " in (", "!=", "<=", "&", "* 9223372036854775807", "/ 0", "0.000000001", "999999999.999999999",
    ]

    @Test(arguments: [UInt64(21), 22, 23])
    func `a spoiled formula is refused with a place, or comes to something`(seed: UInt64) throws {
        let sample = try FormulaSample()
        var mutator = Mutator(seed: seed, texts: FormulaFuzzTests.seeds, scraps: FormulaFuzzTests.scraps)
        var run = FuzzRun(seconds: 8, most: 5000)
        var (right, wrong) = (0, 0)
        while run.goesOn {
            let text = String(decoding: mutator.next(), as: UTF8.self)
            for purpose in [FormulaTyper.Purpose.condition, .field] {
                do {
                    let formula = try run.round { try sample.formula(text, for: purpose) }
                    right += 1
                    var frame = sample.frame()
                    let value = try? run.round { try formula.value(&frame) }
                    if case .text(let made)? = value { #expect(made.count <= FormulaLimits.resultLength, "\(text)") }
                } catch let refusal as FormulaRefusal {
                    wrong += 1
                    let place = refusal.problem.place
                    #expect(place.lowerBound >= 0 && place.upperBound <= text.count && !refusal.problem.message.isEmpty, "\(text)")
                    #expect(refusal.excerpt.utf8.count < 20_000, "\(text)")
                } catch { Issue.record("\(text): \(error)") }
            }
        }
        #expect(run.rounds > 300 && right > 100 && wrong > 100 && run.slowest < .seconds(3), "\(run.rounds) rounds, \(right) right, \(wrong) wrong, the slowest took \(run.slowest)")
    }

    /// Texts that are as large or as deep as they may be, or larger.
    @Test(arguments: ["(", "-", "not ", "points+", "if(urgent,", "after.", "\"", "a\u{301}", "round(", "points in (", "{", "1,", "\n"])
    func `a formula that goes on and on is answered at once`(piece: String) throws {
        let sample = try FormulaSample()
        for count in [10, 100, 1000, 4000, 100_000] {
            let text = String(repeating: piece, count: count) + "1"
            let begin = ContinuousClock.now
            #expect(!sample.problem(text).isEmpty)
            #expect(ContinuousClock.now - begin < .seconds(3), "\(count) times \(piece)")
        }
    }

    /// One letter may carry as many marks as somebody likes.
    @Test func `a letter with a million marks is one letter, and no way round the limits`() throws {
        let sample = try FormulaSample()
        let heavy = "a" + String(repeating: "\u{301}", count: 1_000_000)
        let begin = ContinuousClock.now
        #expect(!sample.problem("\"\(heavy)\"").isEmpty)
        #expect(!sample.problem(heavy).isEmpty)
        #expect(ContinuousClock.now - begin < .seconds(10))
    }
}
