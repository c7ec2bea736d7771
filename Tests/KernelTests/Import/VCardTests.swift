import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite("Cards of address books") struct VCardTests {
    private func cards(_ text: String) -> [VCard] { (try? VCardReader(Array(text.utf8)).cards()) ?? [] }

    private func table(_ bytes: [UInt8], _ options: CSVOptions = CSVOptions()) throws -> [[String: String]] {
        let rows = try csvRows(try VCardTable.csv(bytes, options: options))
        return rows.dropFirst().map { row in Dictionary(zip(rows[0], row)) { first, _ in first } }
    }

    @Test func `a card becomes a row with the name, addresses, numbers and the firm`() throws {
        let rows = try table(Array("""
            BEGIN:VCARD
            VERSION:3.0
            N:Vasquine;Lena;Maria;Dr.;
            ORG:Harbour Works;Sales
            TITLE:Buyer
            item1.EMAIL;type=INTERNET;type=HOME:lena@home.example
            EMAIL;TYPE=WORK,pref:lena@harbour.example
            TEL;TYPE=FAX:+43 1 000
            TEL;TYPE=CELL:+43 660 1
            TEL;TYPE=WORK;PREF=1:+43 1 555
            ADR;TYPE=HOME:;;Gartenweg 2;Wien;;1010;Austria
            ADR;TYPE=WORK:;2nd floor;Am Hafen 1;Bremen;HB;28195;Germany
            NOTE:One line\\nand another\\; with a semicolon
            BDAY:19800321
            END:VCARD
            """.utf8))
        #expect(rows.count == 1)
        #expect(rows[0]["Name"] == "Dr. Lena Maria Vasquine")
        #expect(rows[0]["E-mail"] == "lena@harbour.example")
        #expect(rows[0]["Other e-mail"] == "lena@home.example")
        #expect(rows[0]["Phone"] == "+43 1 555")
        #expect(rows[0]["Other phone"] == "+43 660 1")
        #expect(rows[0]["Organisation"] == "Harbour Works")
        #expect(rows[0]["Job title"] == "Buyer")
        #expect(rows[0]["Street"] == "Am Hafen 1, 2nd floor")
        #expect(rows[0]["City"] == "Bremen")
        #expect(rows[0]["State"] == "HB")
        #expect(rows[0]["Postal code"] == "28195")
        #expect(rows[0]["Country"] == "Germany")
        #expect(rows[0]["Notes"] == "One line\nand another; with a semicolon")
        #expect(rows[0]["Birthday"] == "1980-03-21")
        #expect(rows[0][VCardTable.problemHeader] == nil)
    }

    @Test func `text comes back from quoted-printable, whatever its characters and wherever its lines are broken`() {
        let found = cards(
            "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg=20M=\r\n=C3=BCller\r\n"
                + "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Gr=FC=DFe=0D=0Aaus Wien\r\nEND:VCARD\r\n")
        #expect(found.map(\.name) == ["Jörg Müller"])
        #expect(found.first?.notes == "Grüße\naus Wien")
    }

    @Test func `folded lines are put together, and pictures left out`() {
        let found = cards(
            "BEGIN:VCARD\nVERSION:4.0\nFN:A very lo\n ng name\nPHOTO;ENCODING=b;TYPE=JPEG:AAAA\n BBBB\nEMAIL:a@b.example\nEND:VCARD\n")
        #expect(found.first?.name == "A very long name")
        #expect(found.first?.text("PHOTO") == "")
        #expect(found.first?.emails == ["a@b.example"])
    }

    @Test func `files are read in Windows-1252 and UTF-16, too`() throws {
        let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoë Müller\r\nEND:VCARD\r\n"
        let latin: [UInt8] = text.unicodeScalars.map { UInt8($0.value) }
        #expect(VCardReader.reads(latin))
        #expect(try table(latin)[0]["Name"] == "Zoë Müller")
        let wide: [UInt8] = [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(VCardReader.reads(wide))
        #expect(try table(wide)[0]["Name"] == "Zoë Müller")
    }

    @Test func `a malformed card is a row with its problem; those around it are read`() throws {
        let rows = try table(Array("""
            BEGIN:VCARD
            FN:First
            END:VCARD
            BEGIN:VCARD
            FN:No end
            BEGIN:VCARD
            this line is no property
            :nor this
            TEL:+43 1
            END:VCARD
            BEGIN:VCARD
            FN:Last
            """.utf8))
        #expect(rows.map { $0["Name"] } == ["First", "No end", "", "Last"])
        #expect(rows.map { $0[VCardTable.problemHeader] } == [
            "", "card 2, which begins in line 4, has no end", "card 3, which begins in line 6, has no name",
            "card 4, which begins in line 11, has no end",
        ])
    }

    @Test func `a card within a card is no row of its own`() {
        let found = cards("BEGIN:VCARD\nFN:Boss\nAGENT:\nBEGIN:VCARD\nFN:Assistant\nEND:VCARD\nTEL:+1\nEND:VCARD\n")
        #expect(found.map(\.name) == ["Boss"])
        #expect(found.first?.phones == ["+1"])
    }

    @Test func `what is no card is told so`() {
        #expect(!VCardReader.reads(Array("name,email\n".utf8)))
        #expect(!VCardReader.reads([]))
        #expect(throws: CRMError.self) { try VCardTable.csv(Array("name,email\n".utf8)) }
    }

    @Test func `no bytes at all bring the reader down`() throws {
        var random = SeededRandom(seed: 7)
        let base = Array("BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=91=\r\n=20;\\,;;\r\nADR;LABEL=\"a:b\":;;x\r\nEND:VCARD\r\n".utf8)
        for _ in 0..<2000 {
            var bytes = base
            for _ in 0..<random.number(1...6) {
                let place = random.number(0...bytes.count - 1)
                if random.chance(50) { bytes[place] = UInt8(random.number(0...255)) } else { bytes.remove(at: place) }
            }
            for card in try VCardReader(bytes).cards() { _ = card.name + card.address.joined() + card.birthday + card.notes }
        }
    }

    // MARK: Cards that real programs wrote

    private struct Listed {
        let file: String
        let cards, emails, phones: Int
    }

    private static func index() throws -> [Listed] {
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: SampleData.path("vcards/index.csv"))), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).dropFirst().map { line in
            let cells = line.split(separator: ",").map(String.init)
            return Listed(file: cells[0], cards: Int(cells[1]) ?? -1, emails: Int(cells[3]) ?? -1, phones: Int(cells[4]) ?? -1)
        }
    }

    @Test(.enabled(if: SampleData.isThere, "the sample data is not beside the checkout"))
    func `address books of phones and mail programs are read whole`() throws {
        let files = try VCardTests.index()
        try #require(files.count == 18)
        for listed in files {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: SampleData.path("vcards/\(listed.file)"))))
            #expect(VCardReader.reads(bytes), "\(listed.file)")
            let cards = try VCardReader(bytes).cards()
            #expect(cards.count == listed.cards, "\(listed.file)")
            #expect(cards.allSatisfy { $0.problem == nil }, "\(listed.file): \(cards.compactMap(\.problem))")
            #expect(cards.reduce(0) { $0 + $1.lines.count { $0.name == "EMAIL" } } == listed.emails, "\(listed.file)")
            #expect(cards.reduce(0) { $0 + $1.lines.count { $0.name == "TEL" } } == listed.phones, "\(listed.file)")
        }
    }
}
