import PluginAPI
import Testing

@testable import Kernel

/// A thousand rows as a stranger's spreadsheet has them: other heads, spaces, cases, twice the same, names without a firm, numbers that are
/// none.
private enum MessyRows {
    static func csv(_ count: Int) -> [UInt8] {
        var random = SeededRandom(seed: 11)
        var text = "Full Name ;E-Mail Address; Telephone ;Account;ZIP;Town;Customer group\n"
        for row in 1...count {
            let name = random.pick(["  Anna Berg \(row)", "ANNA BERG \(row) ", "Müller, Jörg \(row)", "\"Smith; John \(row)\"", "Li Wei \(row)"])
            let mail = row % 50 == 0 ? "nobody at all" : row % 7 == 0 ? "" : "  Person\(row)@Example.COM "
            let phone = row % 40 == 0 ? "call me" : random.pick(["+43 1 555 \(row)", "(01) 555-\(row)", "", "0043/1/\(row) ext. 5"])
            let firm = row % 9 == 0 ? "" : "Firm \(row % 30)"
            let group = row % 100 == 1 ? "No such group" : random.pick(["Standard", "standard", ""])
            text += "\(name);\(mail);\(phone);\(firm);\(1000 + row);Wien;\(group)\n"
        }
        return Array(text.utf8)
    }
}

/// A thousand leads as a German office has them: its headings, its letters in the encoding of an older spreadsheet, decimal commas, days
/// written in several ways, the same person twice.
private enum GermanRows {
    static func csv(_ count: Int) -> [UInt8] {
        var random = SeededRandom(seed: 7)
        var text = "Betreff;Ansprechpartner;Firma;E-Mail-Adresse;Handy;Wert;Quelle;Branche;Bemerkung;Zuständig;Wiedervorlage\r\n"
        for row in 1...count {
            let person = random.pick(["Jörg Müller", "Ännchen von Tharau", "Groß, Käthe", "\"Weiß; Uwe\""])
            let mail = row % 20 == 0 ? "person\(row - 10)@beispiel.example" : row % 50 == 1 ? "keine" : "Person\(row)@Beispiel.example"
            let value = row % 25 == 2 ? "auf Anfrage" : random.pick(["1.234,50", "12.000,00 €", "99,9", ""])
            let source = row % 40 == 3 ? "Messe Köln" : random.pick(["Website", "website", ""])
            let day = random.pick(["2026-03-01", "01.03.2026", "3/1/26", "25/3/2026", "3/26/2026", ""])
            let name = person.hasPrefix("\"") ? "\(person.dropLast()) \(row)\"" : "\(person) \(row)"
            text += "Anfrage \(row);\(name);Firma \(row % 90) GmbH;\(mail);+43 664 \(100_000 + row);\(value);\(source);Möbel;\"Zeile 1\nZeile 2\";;\(day)\r\n"
        }
        return text.unicodeScalars.map { $0 == "€" ? 0x80 : UInt8($0.value) }
    }
}

@Suite("A thousand messy rows") struct MessyRowsTests {
    @Test func `come in as far as they are good, the rest is named row by row, and all of it can be taken back`() async throws {
        let room = try await ImportRoom(["customers"])
        try await room.host.write { transaction in
            try transaction.add("customer_group", ["name": .text("Standard"), "priority": .integer(1)])
        }
        let file = MessyRows.csv(1000)
        let record = try await room.upload(file, "people.csv", "customers", #"{"bad_rows": "skip", "create_missing": ["company"]}"#)
        #expect(record.details.plan.columns.map { "\($0.header)→\($0.field)" } == [
            "Full Name→name", "E-Mail Address→email", "Telephone→phone", "Account→company", "ZIP→postal_code", "Town→city", "Customer group→group",
        ])
        let checked = try await room.finish(.checking, record)
        #expect(try await room.count("customer") == 0, "a check stores nothing")
        let done = try await room.finish(.running, checked)
        #expect(done.counts.failed == checked.counts.failed)
        // 20 addresses, 25 numbers (5 of them in the same rows) and 10 groups that are none.
        #expect(done.counts.failed == 20 + 25 - 5 + 10)
        #expect(done.counts.created == 1000 - done.counts.failed)
        #expect(try await room.count("company") == 30)
        #expect(try await room.count("customer", where: "email LIKE '% %' OR email <> lower(email)") == 0)
        #expect(done.details.faults.contains { $0.text.contains("there is no customer group “No such group”") })
        let groups = try #require(done.details.groups)
        #expect(groups.map { "\($0.column ?? ""): \($0.count)" } == ["Telephone: 25", "E-Mail Address: 20", "Customer group: 10"])
        #expect(groups[2].values == [ProblemGroup.Sample(text: "No such group", count: 10)])

        let reverted = try await room.finish(.reverting, done)
        #expect(reverted.state == .reverted && reverted.details.faults.isEmpty)
        #expect(try await room.count("customer") == 0)
        #expect(try await room.count("company") == 0, "the companies that came along go, too")
    }

    @Test func `of an office that writes German come in, each problem is told once, and what only a person can know is asked once`() async throws {
        let room = try await ImportRoom()
        let record = try await room.upload(GermanRows.csv(1000), "anfragen.csv", "leads")
        #expect(record.details.plan.encoding == .windows1252 && record.details.plan.encodingIsGuessed == true)
        #expect(record.details.plan.columns.map { "\($0.header)→\($0.field)" } == [
            "Betreff→title", "Ansprechpartner→contact_name", "Firma→company_name", "E-Mail-Adresse→contact_email", "Handy→contact_phone", "Wert→value",
            "Quelle→source", "Branche→industry", "Bemerkung→description", "Zuständig→assigned_to", "Wiedervorlage→next_follow_up",
        ])
        #expect(record.details.plan.columns[5].numberFormat == NumberFormat.decimalComma.name)
        // 3/1/26 may be either, and others of the column go both ways: only this is asked.
        #expect(record.details.plan.columns[10].dateFormat == nil)
        await #expect(throws: CRMError.self) { try await room.finish(.checking, record) }
        let answer = try JSONValue(parsing: Array(#"{"date_order": "month-first", "bad_rows": "skip"}"#.utf8))
        let answered = try await room.importer.change(record.id, answer, actor: room.host.actor(.administrator))

        let checked = try await room.finish(.checking, answered)
        let groups = try #require(checked.details.groups)
        let told = Dictionary(uniqueKeysWithValues: groups.map { ("\($0.column ?? ""): \($0.message)", $0.count) })
        #expect(told == [
            "E-Mail-Adresse: is the same as in an earlier row of this file": 50, "Wert: is not a number": 40,
            "Quelle: there is no lead source of this name": 25, "E-Mail-Adresse: is not an e-mail address": 20,
        ])
        #expect(groups[0].rows.count == ProblemGroup.keptRows)
        #expect(try await room.count("lead") == 0, "a check stores nothing")
        // The rows that name others name rows of the file.
        #expect(checked.details.faults.contains { $0.message == "is the same as in row 20 of this file" })

        let done = try await room.finish(.running, checked)
        #expect(done.counts.failed == checked.counts.failed && done.counts.created == 1000 - done.counts.failed)
        #expect(try await room.count("lead", where: "contact_name LIKE '%Jörg Müller%' OR contact_name LIKE 'Weiß; Uwe%'") > 100)
        #expect(try await room.count("lead", where: "next_follow_up IS NOT NULL") > 500)
        #expect(try await room.finish(.reverting, done).details.faults.isEmpty)
        #expect(try await room.count("lead") == 0)
    }
}
