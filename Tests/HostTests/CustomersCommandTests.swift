import Foundation
import Testing

@testable import Kernel

/// Customers in the terminal, with the program as people have it.
@Suite(.serialized) struct CustomersCommandTests {
    @Test func `a company with customers is not deleted: the terminal says how many, and the command that lists them`() throws {
        let tenon = try TenonProgram.prepared(["Customers"])
        #expect(try tenon.run("companies", "add", "--name", "Halderwick").status == 0)
        for name in ["Ada", "Boris"] { #expect(try tenon.run("customers", "add", "--name", name, "--company", "Halderwick").status == 0) }
        let refused = try tenon.run("companies", "delete", "1", "--yes")
        #expect(refused.status == 1)
        #expect(refused.errors == """
            error: the company is still used by 2 customers
              2 customers: tenon customers list --company 1
            hint: Move or delete them first.

            """)
        let listed = try tenon.run("customers", "list", "--company", "1", "--columns", "name")
        #expect(listed.output.contains("Ada") && listed.output.contains("Boris"))
    }

    @Test func `groups are listed with their customers, under figures`() throws {
        let tenon = try TenonProgram.prepared(["Customers"])
        #expect(try tenon.run("customer-groups", "add", "--name", "Key", "--priority", "2", "--discount-percent", "5").status == 0)
        #expect(try tenon.run("customers", "add", "--name", "Ada", "--group", "Key").status == 0)
        let list = try tenon.run("customer-groups", "list", "--json").json["data"].elements
        #expect(list.first?["counts"]?["customers"]?.int == 1)
        let table = try tenon.run("customer-groups", "list").output
        #expect(table.hasPrefix("ID  Name") && table.contains("Customers"))
        let cards = try tenon.run("customer-groups", "cards").output
        #expect(cards.contains("Groups with a discount    1"))
        #expect(cards.contains("Customers in groups       1"))
    }

    @Test func `an address book comes in with one command, and goes again`() throws {
        let tenon = try TenonProgram.prepared(["Customers"])
        let file = tenon.folder.appendingPathComponent("book.vcf")
        try """
            BEGIN:VCARD
            VERSION:3.0
            FN:Ada Berg
            EMAIL;TYPE=WORK:ada@harbour.example
            TEL:+43 1 555 10
            ORG:Harbour Works
            ADR;TYPE=WORK:;;Am Hafen 1;Wien;;1010;Austria
            END:VCARD
            BEGIN:VCARD
            VERSION:3.0
            TEL:+43 1 555 11
            END:VCARD
            """.write(to: file, atomically: true, encoding: .utf8)
        let trial = try tenon.run("customers", "import", file.path, "--dry-run", "--missing-references", "create", "--skip-errors")
        #expect(trial.output.contains("1 would be created") && trial.output.contains("card 2, which begins in line 9, has no name"), "\(trial)")
        let done = try tenon.run("customers", "import", file.path, "--missing-references", "create", "--skip-errors")
        #expect(done.output.contains("1 created"), "\(done)")
        let card = try tenon.run("customers", "show", "1", "--json").json
        #expect(card["company_label"].string == "Harbour Works")
        #expect(card["street"].string == "Am Hafen 1" && card["country"].string == "Austria")
        #expect(try tenon.run("imports", "list", "--json").status == 0)
    }

    @Test func `settings go to a file and come from it, after a look at what would change`() throws {
        let tenon = try TenonProgram.prepared(["Customers"])
        #expect(try tenon.run("settings", "set", "kernel.name=Harbour", "customers.default_country=Austria").status == 0)
        #expect(try tenon.run("settings", "get", "customers.default_country").output == "Austria\n")
        let file = tenon.folder.appendingPathComponent("settings.json").path
        #expect(try tenon.run("settings", "export", "-o", file).status == 0)
        #expect(try tenon.run("settings", "reset", "--all", "--yes").status == 0)
        #expect(try tenon.run("settings", "get", "kernel.name").output == "Tenon\n")
        let look = try tenon.run("settings", "import", file, "--dry-run")
        #expect(look.output.contains("kernel.name") && look.output.contains("Harbour"), "\(look)")
        #expect(try tenon.run("settings", "get", "kernel.name").output == "Tenon\n", "a look changes nothing")
        let asked = try tenon.run("settings", "import", file)
        #expect(asked.status == 2 && asked.errors.contains("--yes"), "without a terminal nobody can be asked: \(asked)")
        #expect(try tenon.run("settings", "import", file, "--yes").status == 0)
        #expect(try tenon.run("settings", "get", "kernel.name").output == "Harbour\n")
        #expect(try tenon.run("settings", "reset", "kernel.name").status == 0)
        #expect(try tenon.run("settings", "get", "kernel.name").output == "Tenon\n")
        #expect(try tenon.run("settings", "set", "kernel.name=A", "kernel.currency=moon").status == 1)
        #expect(try tenon.run("settings", "get", "kernel.name").output == "Tenon\n", "all or none")
        #expect(try tenon.run("settings", "history").output.contains("kernel.name"))
    }
}
