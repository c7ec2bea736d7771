import PluginAPI
import Testing

@testable import Kernel

/// What leaves as a table is opened in a spreadsheet by somebody: no cell may be a formula there, and all of it must come in again as it was.
@Suite("Tables are safe in spreadsheets") struct SpreadsheetTests {
    /// Texts that spreadsheets would run, by themselves or after what some of them take for a separator.
    static let formulas: [String] = [
        "=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1+cmd", "-2+3", "\t=1", "'=1", "a;=1+1", "x\n=1+1", "=HYPERLINK(\"http://evil.example\",\"x\")", "\u{FF1D}1+1",
    ]
    /// What people write and must have again.
    static let harmless: [String] = ["+49 170 1234567", "+4317654", "-12.50", "- a\n- b", "O'Hara", "'twas", "5 - 3", "a@b.example", "a, b; c"]

    /// The cells that a spreadsheet would see, whatever it takes for the separator, and whether it knows quotes or not.
    private static func cells(_ text: String) -> [String] {
        var cells: [String] = []
        for separator in [",", ";", "\t"] as [Character] {
            for line in text.split(whereSeparator: \.isNewline) {
                cells += line.split(separator: separator, omittingEmptySubsequences: false).map { cell in String(cell.drop { $0 == "\"" }) }
            }
        }
        return cells
    }

    private static func runs(_ cell: String) -> Bool {
        guard let first = cell.first, "=+-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}\t".contains(first) else { return false }
        if Double(cell.drop { "\"\r".contains($0) }.prefix { $0 != "\"" }) != nil { return false }
        // A dash and a space begin a line of a list.
        return cell.dropFirst().first.map { $0 != " " && $0 != "\"" } ?? false
    }

    private func host() async throws -> PublicHost {
        let host = try await PublicHost()
        for (number, text) in (Self.formulas + Self.harmless).enumerated() {
            // Names are lines; a description takes everything.
            let line = text.contains { $0.isNewline || $0 == "\t" } ? "A line" : text
            let body = JSONValue.fields(["title": .string(line), "contact_name": .string(line), "contact_phone": .string(number.isMultiple(of: 2) ? "+49 170 \(number)" : ""), "description": .string(text)])
            let made = try await host.ask("POST", "leads", body.text())
            #expect(made.status == 201, "\(text): \(made.text)")
        }
        return host
    }

    @Test func `no cell of any table that leaves is a formula`() async throws {
        let host = try await host()
        let text = (Self.formulas + Self.harmless).joined(separator: " | ")
        let note = JSONValue.fields(["text": .string(text)])
        #expect(try await host.ask("POST", "leads/1/notes", note.text()).status == 201)
        for (path, body) in [("companies", #"{"name": "=1+1"}"#), ("customers", #"{"name": "@x", "phone": "+49 170 1"}"#), ("deals", #"{"title": "+x+y"}"#), ("teams", #"{"name": "=team"}"#), ("roles", #"{"name": "=role"}"#)] {
            #expect(try await host.ask("POST", path, body).status == 201, "\(path)")
        }
        #expect(try await host.ask("POST", "custom-fields", #"{"entity": "lead", "name": "shade", "type": "choice", "label": "=Shade", "options": [{"key": "a", "label": "=dark"}]}"#).status == 201)
        #expect(try await host.ask("PATCH", "leads/1", #"{"shade": "a", "value": "-100.00"}"#).status == 200)
        var tables = 0
        for entity in host.kernel.store.registry.entities {
            for more in ["", "?ids=true", "?columns=" + entity.fields.filter(\.isStored).map(\.name).joined(separator: ",")] {
                let answer = try await host.ask("GET", "\(entity.path)/export\(more)")
                guard answer.status == 200 else { continue }
                tables += 1
                #expect(answer.headers["content-disposition"]?.hasPrefix("attachment") == true && answer.headers["content-type"]?.hasPrefix("text/csv") == true)
                for cell in Self.cells(answer.text) where Self.runs(cell) { Issue.record("\(entity.path)\(more): \(cell)") }
            }
        }
        #expect(tables > 30)
    }

    @Test func `the rows that an import did not take are safe as well`() async throws {
        let host = try await host()
        var request = PublicHost.request("POST", ["api", "v1", "imports"], [.init(name: "entity", value: "lead")], as: PublicHost.boss)
        request.headers["content-type"] = "text/csv"
        request.body = Array("=Title,E-mail,Title\n=1+1,\"=cmd|' /C calc'!A0\",\"x;=2\"\n@x,no address,+y\n".utf8)
        guard let bytes = await host.kernel.front.respond(request).body.bytes else { return }
        let id = try JSONValue(parsing: bytes)["id"]?.int ?? 0
        let run = try await host.ask("POST", "imports/\(id)/run?wait=true", #"{"bad_rows": "skip"}"#)
        #expect(run.json["failed"]?.int ?? run.json["counts"]?["failed"]?.int ?? 0 > 0, "\(run.text)")
        let problems = try await host.ask("GET", "imports/\(id)/problems.csv")
        #expect(problems.status == 200)
        for cell in Self.cells(problems.text) where Self.runs(cell) { Issue.record("\(cell)") }
    }

    @Test func `what left as a table comes in again as it was, telephone numbers and formulas alike`() async throws {
        let host = try await host()
        let table = try await host.ask("GET", "leads/export?columns=title,contact_name,contact_phone,description&sort=id")
        let other = try await PublicHost()
        var request = PublicHost.request("POST", ["api", "v1", "imports"], [.init(name: "entity", value: "lead")], as: PublicHost.boss)
        request.headers["content-type"] = "text/csv"
        request.body = Array(table.text.utf8)
        guard let bytes = await other.kernel.front.respond(request).body.bytes else { return }
        let id = try JSONValue(parsing: bytes)["id"]?.int ?? 0
        let run = try await other.ask("POST", "imports/\(id)/run?wait=true", #"{"bad_rows": "skip"}"#)
        #expect(run.json["state"]?.text == "done", "\(run.text)")
        func texts(_ host: PublicHost) async throws -> [[String]] {
            try await host.ask("GET", "leads?limit=100&sort=id").data.map { lead in
                ["title", "contact_name", "contact_phone", "description"].map { lead[$0]?.text ?? "" }
            }
        }
        let (a, b) = (try await texts(host), try await texts(other))
        #expect(a == b)
        #expect(b.contains { $0[2] == "+49 170 2" })
    }
}
