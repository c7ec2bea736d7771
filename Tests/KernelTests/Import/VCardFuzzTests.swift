import PluginAPI
import Testing

@testable import Kernel

@Suite struct VCardFuzzTests {
    private static let seeds: [String] = [
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=91=\r\n=20;x;;\r\nTEL;CELL;PREF:+43 1\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ada\\, Countess\nORG:A;B\nitem1.EMAIL;TYPE=INTERNET,pref:a@example.com\nADR;TYPE=work:;;S 1\\nS 2;C;;1;AT\nNOTE:long\n  goes on\nEND:VCARD\n",
        "BEGIN:VCARD\nVERSION:4.0\nTEL;VALUE=uri;PREF=1:tel:+1-418;ext=102\nPHOTO;ENCODING=b:AAAA\nAGENT:\nBEGIN:VCARD\nFN:B\nEND:VCARD\nBDAY:19960415\nEND:VCARD\n",
        "BEGIN:VCARD\nFN:\"=1+1\"\nURL:javascript:alert(1)\nLABEL=\"a:b\":x\n",
    ]

    @Test(arguments: [UInt64(11), 12])
    func `spoiled cards become a table, or are refused`(seed: UInt64) throws {
        var mutator = Mutator(seed: seed, texts: VCardFuzzTests.seeds, scraps: ["BEGIN:VCARD\n", "END:VCARD\n", "ENCODING=QUOTED-PRINTABLE", "=\r\n", "=C3", "=G", "\n ", ";TYPE=", "AGENT:\n"])
        var run = FuzzRun(seconds: 8, most: 3000)
        var tables = 0
        while run.goesOn {
            let bytes = mutator.next()
            guard let table = run.round({ try? VCardTable.csv(bytes) }) else { continue }
            tables += 1
            // What a table of cards is, the reader of tables reads.
            #expect(throws: Never.self) { _ = try FileAnalysis(.bytes(table), options: CSVOptions()) }
            #expect(table.count <= bytes.count * 8 + 2000 * max(1, (try? VCardReader(bytes).cards().count) ?? 0), "\(bytes.count) became \(table.count)")
        }
        #expect(run.rounds > 100 && tables > 50 && run.slowest < .seconds(5), "\(run.rounds) rounds, \(tables) tables, the slowest took \(run.slowest)")
    }

    /// Inputs that once took a time which grew with their square, and others of their kind.
    @Test(arguments: [
        ("BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:a=\n", "bbbbbbbbbbbbbbbb=\n"), ("BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE", "=\n "), ("BEGIN:VCARD\nNOTE:x\n", " y\n"),
        ("BEGIN:VCARD\n", "BEGIN:VCARD\n"), ("BEGIN:VCARD\nAGENT:\n", "BEGIN:VCARD\nAGENT:\n"), ("BEGIN:VCARD\nN:", ";"), ("BEGIN:VCARD\nTEL", ";TYPE=a"), ("BEGIN:VCARD\nNOTE:", "\\"),
        ("BEGIN:VCARD\nFN:x\n", "TEL:1\n"), ("BEGIN:VCARD\n", "EMAIL:\n"), ("BEGIN:VCARD\n", "\n"), ("BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:", "=C3"),
    ])
    func `much of the same is read in a time that grows with it`(head: String, piece: String) {
        func time(_ count: Int) -> Duration {
            let bytes = Array(head.utf8) + (0..<count).flatMap { _ in Array(piece.utf8) } + Array("\nEND:VCARD\n".utf8)
            return (0..<3).map { _ in
                let begin = ContinuousClock.now
                _ = try? VCardTable.csv(bytes)
                return ContinuousClock.now - begin
            }.min() ?? .zero
        }
        let (small, large) = (time(3000), time(12_000))
        #expect(large < small * 10 + .milliseconds(400), "\(small) and \(large)")
    }

    @Test func `a file of more cards than anybody has is refused before it fills the memory`() {
        let lines = Array("BEGIN:VCARD\n".utf8) + (0...VCardReader.mostLines).flatMap { _ in Array("A\n".utf8) }
        #expect(throws: CRMError.self) { try VCardTable.csv(lines) }
    }
}
