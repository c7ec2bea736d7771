import Testing

@testable import Kernel

@Suite struct FormulaPagesTests {
    @Test func `a list takes a formula, and says below it what is wrong and where`() async throws {
        let browser = try await Browser.open()
        let found = await browser.get("/admin/users?where=" + "contains(name, \"ada\")".percentEncoded)
        #expect(found.status == 200 && found.text.contains("Ada Admin"))
        let none = await browser.get("/admin/users?where=" + "contains(name, \"bob\")".percentEncoded)
        #expect(none.text.contains("Nothing matches"))
        let wrong = await browser.get("/admin/users?where=" + "nmae = \"Ada\"".percentEncoded)
        #expect(wrong.status == 200 && !wrong.text.contains("Ada Admin</a>"))
        #expect(wrong.text.contains("Line 1, column 1: users have no field nmae. Did you mean name?"))
        #expect(wrong.text.contains("\n^^^^</pre>"))
        #expect(wrong.text.contains("The formula needs another look"))
    }

    @Test func `a field's formula is checked as it is typed`() async throws {
        let browser = try await Browser.open()
        let good = await browser.post("/admin/fields/check", [("entity", "user"), ("formula", "round(length(name) / 3, 1)")])
        #expect(good.text.contains("Comes to a number with 1 decimals."))
        let bad = await browser.post("/admin/fields/check", [("entity", "user"), ("formula", "length(name) / 3")])
        #expect(bad.text.contains("Line 1, column 1: the result has to be rounded. Say to how many decimals: round(…, 2)."))
        #expect(await browser.post("/admin/fields/check", [("entity", "user"), ("formula", " ")]).text.isEmpty)
    }

    @Test func `an administrator makes a formula field in the browser`() async throws {
        let browser = try await Browser.open()
        let form: [(String, String)] = [("entity", "user"), ("type", "formula"), ("label", "Shout"), ("help", "")]
        let refused = await browser.post("/admin/fields/new", form + [("formula", "upper(nmae)")])
        #expect(refused.status == 422 && refused.text.contains("users have no field nmae"))
        let made = await browser.post("/admin/fields/new", form + [("formula", "upper(name)")])
        #expect(made.status == 303)
        #expect(await browser.get("/admin/fields").text.contains("<code>upper(name)</code>"))
        #expect(await browser.get("/admin/users?columns=name,shout&sort=shout").text.contains("ADA ADMIN"))
        #expect(await browser.get("/admin/users/1").text.contains("ADA ADMIN"))
        #expect(await !browser.get("/admin/users/1/edit").text.contains("name=\"shout\""))
    }
}

@Suite struct FormulaTextPagesTests {
    @Test func `a formula in a record's form is checked as it is typed, against what it has to come to`() async throws {
        let browser = try await Browser.open()
        func check(_ text: String, result: String = "boolean") async -> String {
            let form = [("formula_field", "condition"), ("formula_entity", "user"), ("formula_result", result), ("condition", text)]
            return await browser.post("/admin/formulas/check", form).text
        }
        #expect(await check("length(name) > 3").contains("Comes to a yes or no."))
        #expect(await check("nmae = \"Ada\"").contains("Line 1, column 1: users have no field nmae."))
        #expect(await check("length(name)").contains("a condition is expected, and this is a whole number"))
        #expect(await check("name", result: "number").contains("a number is expected, and this is a text"))
        #expect(await check(" ").isEmpty)
    }

    @Test func `a date filter takes any number of days ago, and says it in the bar`() async throws {
        let browser = try await Browser.open()
        let page = await browser.get("/admin/users?updated_at.older=3")
        #expect(page.status == 200)
        #expect(page.text.contains("more than 3 days ago"))
        #expect(page.text.contains("name=\"updated_at.older\" value=\"3\""))
        #expect(page.text.contains("Nothing matches"), "nobody is that old")
    }
}
