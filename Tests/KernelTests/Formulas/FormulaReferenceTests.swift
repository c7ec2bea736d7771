import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The page about formulas: what stands there is so.
@Suite struct FormulaReferenceTests {
    private static let page: [String] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text: String = (try? String(contentsOf: root.appendingPathComponent("docs/formulas.md"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }()

    private static func cells(_ line: String) -> [String] {
        line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { String($0).trimmed }
    }

    @Test func `every example of the page comes to what the page says`() throws {
        let sample = try FormulaSample()
        var count = 0
        for cells in Self.page.filter({ $0.hasPrefix("| `") }).map(Self.cells) {
            guard let example = cells.dropLast().last, let result = cells.last, cells.count == 2 || cells.count == 4, !result.isEmpty,
                example.hasPrefix("`")
            else { continue }
            #expect(sample.result(String(example.dropFirst().dropLast())) == result, "\(example)")
            count += 1
        }
        #expect(count > 60)
    }

    @Test func `the page lists every function as it is`() {
        let rows: [[String]] = Self.page.filter { $0.hasPrefix("| `") }.map(Self.cells).filter { $0.count == 4 }
        #expect(rows.map { $0[0] } == FormulaFunction.all.map { "`\($0.signature)`" })
        #expect(rows.map { $0[1] } == FormulaFunction.all.map(\.summary))
    }
}
