import PluginAPI
import Testing

@testable import Kernel

/// Ten accounts, four contacts, a lead and ten opportunities as a Salesforce export has them: hundreds of columns, ids of 18 characters,
/// dates with times, and values that were made unreadable. Those cannot be taken; all the others are.
@Suite("Files of a Salesforce export", .enabled(if: ForeignFiles.areThere, "the sample data is not beside the checkout"))
struct SalesforceFilesTests {
    private func run(_ room: ImportRoom, _ file: String, _ entity: String, _ mapping: String, _ more: String = "") async throws -> ImportRecord {
        let plan = #"{"mapping_only": true, "mapping": {\#(mapping)}, "bad_rows": "skip", "unknown_references": "leave-empty"\#(more)}"#
        return try await room.run(ForeignFiles.bytes("salesforce-export/sf_\(file)_data.csv"), "\(file).csv", entity, plan)
    }

    @Test func `the columns that matter find their fields by themselves`() async throws {
        let room = try await ImportRoom()
        func fields(_ file: String, _ entity: String) async throws -> [String: String] {
            let record = try await room.upload(ForeignFiles.bytes("salesforce-export/sf_\(file)_data.csv"), file, entity)
            return Dictionary(record.details.plan.columns.map { ($0.header, $0.field) }) { first, _ in first }
        }
        let accounts = try await fields("account", "companies")
        for (header, field) in [
            ("name", "name"), ("billing_city", "city"), ("billing_country", "country"), ("billing_street", "street"), ("billing_state", "state"),
            ("billing_postal_code", "postal_code"), ("industry", "industry"), ("number_of_employees", "employees"),
        ] { #expect(accounts[header] == field, "account \(header)") }
        let contacts = try await fields("contact", "customers")
        for (header, field) in [("name", "name"), ("email", "email"), ("phone", "phone"), ("mailing_city", "city"), ("mailing_country", "country")] {
            #expect(contacts[header] == field, "contact \(header)")
        }
        let opportunities = try await fields("opportunity", "deals")
        for (header, field) in [("name", "title"), ("amount", "value"), ("probability", "probability")] {
            #expect(opportunities[header] == field, "opportunity \(header)")
        }
    }

    @Test func `accounts become companies`() async throws {
        let room = try await ImportRoom()
        let done = try await run(
            room, "account", "companies",
            #""name": "name", "billing_city": "city", "billing_country": "country", "industry": "industry", "number_of_employees": "employees""#)
        #expect(done.counts.created == 10, "\(done.details.faults.map(\.text))")
        #expect(try await room.count("company", where: "name = 'Testins Opp Close' AND employees = 120210") == 1)
    }

    @Test func `a value that was made unreadable is named with its row, and keeps no other row out`() async throws {
        let room = try await ImportRoom()
        let done = try await run(room, "account", "companies", #""name": "name", "website": "website""#)
        #expect(done.counts.failed == 6 && done.counts.created == 4)
        #expect(done.details.faults.allSatisfy { $0.text == "website: is not a web address" }, "\(done.details.faults.map(\.text))")
    }

    @Test func `contacts become customers, but for the one without a name`() async throws {
        let room = try await ImportRoom()
        let done = try await run(
            room, "contact", "customers",
            #""name": "name", "email": "email", "phone": "phone", "mailing_city": "city", "mailing_country": "country", "account_id": "company""#)
        #expect(done.counts.created == 3 && done.counts.failed == 1, "\(done.details.faults.map(\.text))")
        #expect(done.details.faults.map(\.text) == ["name: is required"])
        #expect(try await room.count("customer", where: "name = 'Jerome' AND email = 'hi@google.com' AND city = 'Chicago'") == 1)
    }

    @Test func `contacts find their accounts by the other system's ids, once companies have a unique field for them`() async throws {
        let room = try await ImportRoom()
        let accounts = Array("id,name\n0011G00000eM9wvQAC,Harbour Works\n0011G00000f8NwQAU,Meadow Ltd\n0011G00000eNyiXQAS,Summit AG\n".utf8)
        // The office e-mail stands for a field that an administrator makes: any unique text finds its record.
        let plan = #"{"mapping_only": true, "mapping": {"name": "name"}, "fixed": {"office_email": "{id}@crm.example"}}"#
        #expect(try await room.run(accounts, "accounts.csv", "companies", plan).counts.created == 3)
        let file = try ForeignFiles.bytes("salesforce-export/sf_contact_data.csv")
        let translations = ["0011G00000eM9wvQAC", "0011G00000f8NwQAU", "0011G00000eNyiXQAS"].map { #""\#($0)": "\#($0)@crm.example""# }.joined(separator: ", ")
        let done = try await room.run(
            file, "contacts.csv", "customers",
            #"{"mapping_only": true, "mapping": {"name": "name", "account_id": "company"}, "translations": {"account_id": {\#(translations)}}, "bad_rows": "skip"}"#)
        #expect(done.counts.created == 3, "\(done.details.faults.map(\.text))")
        #expect(try await room.count("customer", where: "company IS NOT NULL") == 3)
    }

    @Test func `a lead comes in with its firm, and the default status where its own is unknown here`() async throws {
        let room = try await ImportRoom()
        let done = try await run(
            room, "lead", "leads", #""name": "contact_name", "company": "company_name", "email": "contact_email""#,
            #", "fixed": {"title": "{company} ({last_name})"}"#)
        #expect(done.counts.created == 1, "\(done.details.faults.map(\.text))")
        #expect(try await room.count("lead", where: "title = 'Z (Croc)' AND contact_email = 'h@gmail.com' AND status IS NOT NULL") == 1)
    }

    @Test func `opportunities become deals, but for the one that is a thousand percent likely`() async throws {
        let room = try await ImportRoom()
        let done = try await run(
            room, "opportunity", "deals",
            #""name": "title", "amount": "value", "close_date": "expected_close_date", "probability": "probability""#, #", "currency": "USD""#)
        #expect(done.counts.created == 9 && done.counts.failed == 1, "\(done.details.faults.map(\.text))")
        #expect(done.details.faults.first?.field == "probability")
        #expect(try await room.count("deal", where: "value_currency = 'USD'") == 3)
        #expect(try await room.count("deal", where: "title = 'Chewbaca' AND expected_close_date = '2018-12-07'") == 1)
    }
}
