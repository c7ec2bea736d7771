import PluginAPI
import Testing

@testable import Kernel

@Suite("Address books as customers") struct AddressBookTests {
    private static let book = """
        BEGIN:VCARD
        VERSION:4.0
        FN:Ada Berg
        EMAIL:Ada@Harbour.example
        TEL;VALUE=uri;TYPE="work,voice":tel:+43-1-555-10;ext=7
        ORG:Harbour Works
        ADR;TYPE=work:;;Am Hafen 1;Wien;;1010;Austria
        END:VCARD
        BEGIN:VCARD
        VERSION:2.1
        N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg
        TEL;CELL:+43 660 1
        END:VCARD
        BEGIN:VCARD
        FN:No end
        """

    @Test func `every card finds its fields, and a broken one is a row with its problem`() async throws {
        let room = try await ImportRoom(["customers"])
        let record = try await room.upload(
            Array(AddressBookTests.book.utf8), "book.vcf", "customers", #"{"create_missing": ["company"], "bad_rows": "skip"}"#)
        #expect(record.details.plan.columns.map { "\($0.header)→\($0.field)" } == [
            "Name→name", "E-mail→email", "Phone→phone", "Organisation→company", "Street→street", "City→city", "Postal code→postal_code",
            "Country→country",
        ])
        let done = try await room.finish(.running, record)
        #expect(done.counts == ImportRecord.Counts(total: 3, done: 3, created: 2, failed: 1), "\(done.details.faults.map(\.text))")
        #expect(done.details.faults.map(\.message) == ["card 3, which begins in line 14, has no end"])
        try await room.host.read { transaction in
            let ada = try transaction.get("customer", transaction.named("customer", "Ada Berg"))
            #expect(ada["email"] == .text("ada@harbour.example"))
            #expect(ada["phone"] == .text("+43-1-555-10 ext. 7"))
            #expect(ada["street"] == .text("Am Hafen 1") && ada["postal_code"] == .text("1010"))
            #expect(try ada["company"] == transaction.link("company", "Harbour Works"))
            _ = try transaction.named("customer", "Jörg Müller")
        }
        let reverted = try await room.finish(.reverting, done)
        #expect(reverted.state == .reverted)
        #expect(try await room.count("customer") == 0)
        #expect(try await room.count("company") == 0)
    }

    @Test func `cards come in as leads and as companies, too`() async throws {
        let room = try await ImportRoom()
        let leads = try await room.run(
            Array(AddressBookTests.book.utf8), "book.vcf", "leads",
            #"{"mapping": {"Name": "contact_name"}, "fixed": {"title": "{Name}"}, "bad_rows": "skip"}"#)
        #expect(leads.counts.created == 2, "\(leads.details.faults.map(\.text))")
        #expect(try await room.count("lead", where: "company_name = 'Harbour Works' AND contact_email = 'ada@harbour.example'") == 1)
        let companies = try await room.run(
            Array(AddressBookTests.book.utf8), "book.vcf", "companies", #"{"mapping": {"Name": null, "Organisation": "name"}, "bad_rows": "skip"}"#)
        #expect(companies.counts.created == 1)
        #expect(try await room.count("company", where: "name = 'Harbour Works' AND city = 'Wien'") == 1)
    }

    private static let files = [
        "John_Doe_ANDROID", "John_Doe_BLACK_BERRY", "John_Doe_EVOLUTION", "John_Doe_GMAIL", "John_Doe_IPHONE", "John_Doe_LOTUS_NOTES",
        "John_Doe_MAC_ADDRESS_BOOK", "John_Doe_MS_OUTLOOK", "fullcontact", "gmail-list", "gmail-single", "gmail-single2", "issue114",
        "outlook-2003", "outlook-2007", "rfc2426-example", "rfc6350-example", "thunderbird-MoreFunctionsForAddressBook-extension",
    ]

    @Test(.enabled(if: ForeignFiles.areThere, "the sample data is not beside the checkout"))
    func `the address books of phones and mail programs become customers, but for a number that is none`() async throws {
        let room = try await ImportRoom(["customers"])
        var (created, faults) = (0, [String]())
        for file in AddressBookTests.files {
            let done = try await room.run(
                ForeignFiles.bytes("vcards/\(file).vcf"), "\(file).vcf", "customers", #"{"create_missing": ["company"], "bad_rows": "skip"}"#)
            created += done.counts.created
            faults += done.details.faults.map { "\(file) \($0.text)" }
        }
        #expect(created == 25)
        #expect(faults == ["outlook-2003 Phone: is not a telephone number"])
        #expect(try await room.count("customer", where: "name = 'Simon Perreault' AND city = 'Quebec' AND phone = '+1-418-656-9254 ext. 102'") == 1)
        #expect(try await room.count("customer", where: "name = 'Frank Dawson' AND email = 'frank_dawson@lotus.com' AND postal_code = '27613-3502'") == 1)
    }
}
