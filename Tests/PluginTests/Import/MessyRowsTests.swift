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

        let reverted = try await room.finish(.reverting, done)
        #expect(reverted.state == .reverted && reverted.details.faults.isEmpty)
        #expect(try await room.count("customer") == 0)
        #expect(try await room.count("company") == 0, "the companies that came along go, too")
    }
}
