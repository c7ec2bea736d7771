import PluginAPI
import Testing

@testable import Kernel

/// Files from strangers: spoiled ones are refused with a place, or read; never a trap, never more than was there.
@Suite struct CSVFuzzTests {
    private static let seeds: [String] = [
        "name,email,value\nAda,ada@example.com,\"1,000.50\"\nGrace,,12\n", "Name;E-Mail;Betrag\r\n\"Müller, \"\"Co\"\"\";a@b.de;1.000,50\r\n;;\r\n",
        "a\tb\tc\n1\t2\t3\n\"x\ny\"\t\t\n", "a|b\n'=1+1|'-2\n\"'@x\"|+49 170 1\n", "id\n1\n\n2\r3\r\n", "\u{FEFF}a,b\n\"\",\"\"\n",
        "when,how much\n31.12.2026,12 %\n2026-02-29,1e9\n12/31/26,$5\n", "one column\n", "a,a,a\n1,2,3\n",
    ]
    private static let wide: [[UInt8]] = [
        // UTF-16 with a mark, either way round, and with half a pair of surrogates.
        [0xFF, 0xFE, 0x61, 0, 0x2C, 0, 0x62, 0, 0x0A, 0, 0x3D, 0xD8, 0x00, 0xDE, 0x2C, 0, 0x31, 0, 0x0A, 0],
        [0xFE, 0xFF, 0, 0x61, 0, 0x0A, 0xD8, 0x3D, 0xDE, 0x00, 0, 0x0A], [0xFF, 0xFE, 0x3D, 0xD8], [0xE4, 0x2C, 0xF6, 0x0A, 0x80, 0x2C, 0x31, 0x0A],
    ]

    /// All rows of a file as texts, or where it breaks.
    private func read(_ source: CSVSource, _ options: CSVOptions) -> String {
        var told = ""
        do throws(CSVError) {
            var reader = try CSVReader(source, options: options)
            told += "\(try reader.readHeader())\n"
            var row = CSVRow()
            while try reader.next(&row) { told += "\(row.line): \(row.texts)\n" }
        } catch { told += "line \(error.line): \(error.message)" }
        return told
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `a spoiled file is read or refused, alike in whole and in pieces`(seed: UInt64) {
        var mutator = Mutator(seed: seed, seeds: CSVFuzzTests.seeds.map { Array($0.utf8) } + CSVFuzzTests.wide)
        var run = FuzzRun(seconds: 8, most: 4000)
        var refused = 0
        while run.goesOn {
            let bytes = mutator.next()
            let pieces = mutator.number(1...40)
            var options = CSVOptions()
            options.restoresNeutralisedCells = run.rounds.isMultiple(of: 2)
            options.detectsWindows1252 = run.rounds.isMultiple(of: 3)
            let whole = run.round { read(.bytes(bytes), options) }
            #expect(whole == read(.chunks(of: bytes, size: pieces), options), "\(bytes) in pieces of \(pieces)")
            // A character of Windows-1252 or UTF-16 is three bytes of UTF-8 at most; the rest is how it is told here.
            #expect(whole.utf8.count <= bytes.count * 24 + 400, "\(bytes)")
            if whole.contains("line ") { refused += 1 }
        }
        #expect(run.rounds > 300 && refused > 10 && run.slowest < .seconds(5), "\(run.rounds) rounds, \(refused) refused, the slowest took \(run.slowest)")
    }

    @Test func `what is found out about a spoiled file is found out without a trap, and kept short`() {
        var mutator = Mutator(seed: 4, seeds: CSVFuzzTests.seeds.map { Array($0.utf8) } + CSVFuzzTests.wide)
        var run = FuzzRun(seconds: 8, most: 3000)
        while run.goesOn {
            let bytes = mutator.next()
            let analysis = run.round { try? FileAnalysis(.bytes(bytes), options: CSVOptions()) }
            guard let analysis else { continue }
            for column in analysis.columns { #expect(column.samples.count <= FileAnalysis.keptSamples) }
            #expect(analysis.problems.count <= FileAnalysis.keptProblems && analysis.firstRows.count <= FileAnalysis.keptRows)
        }
        #expect(run.rounds > 200 && run.slowest < .seconds(5), "\(run.rounds) rounds, the slowest took \(run.slowest)")
    }

    /// Work grows with the size of a file, not with its square: four times as much takes well below sixteen times as long.
    @Test(arguments: ["\"", "\"\"", ",", "\n", "\r", "a,", "\"a\"\n", "'=", "\"\n", "1.000,5;", "\u{0}", "ä"])
    func `much of the same is read in a time that grows with it`(piece: String) {
        func time(_ count: Int) -> Duration {
            let bytes = Array("a,b\n".utf8) + (0..<count).flatMap { _ in Array(piece.utf8) }
            return (0..<3).map { _ in
                let begin = ContinuousClock.now
                _ = read(.chunks(of: bytes, size: 4096), CSVOptions())
                return ContinuousClock.now - begin
            }.min() ?? .zero
        }
        let (small, large) = (time(20_000), time(80_000))
        #expect(large < small * 10 + .milliseconds(400), "\(small) and \(large)")
    }
}
