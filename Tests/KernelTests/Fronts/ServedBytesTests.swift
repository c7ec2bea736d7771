import PluginAPI
import Testing

@testable import Kernel

/// Files are what their first bytes say, and are served so that no browser runs them.
@Suite struct ServedBytesTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]
    private static let svg = Array("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".utf8)
    private static let html = Array("  <!DOCTYPE html><script>alert(1)</script>".utf8)

    @Test func `a picture is shown as what it is, whatever it is called`() {
        #expect(ServedBytes(Self.png, claimed: "image/jpeg") == ServedBytes(Self.png, claimed: "image/png"))
        #expect(ServedBytes(Self.png, claimed: "image/png").contentType == "image/png")
        #expect(ServedBytes(Self.png, claimed: "image/png").disposition == nil)
        #expect(ServedBytes([0xFF, 0xD8, 0xFF, 0xE0], claimed: "image/svg+xml").contentType == "image/jpeg")
        #expect(ServedBytes(Array("RIFFxxxxWEBP".utf8), claimed: "image/webp").contentType == "image/webp")
    }

    @Test(arguments: ["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml", "image/svg+xml", "application/pdf", "text/xml", "", "text/html\n", "application/zip"])
    func `a page or a drawing never opens in the window`(claimed: String) {
        for bytes in [Self.svg, Self.html] {
            let served = ServedBytes(bytes, claimed: claimed)
            #expect(served.disposition?.hasPrefix("attachment") == true, "\(claimed)")
            #expect(served.contentType != "image/svg+xml")
            #expect(ServedBytes(bytes, claimed: claimed, wanted: "inline; filename=\"a.svg\"").disposition == "attachment; filename=\"a.svg\"")
        }
    }

    @Test(arguments: ["text/javascript", "application/javascript", "application/ecmascript", "text/css", "application/wasm", "application/manifest+json", "text/event-stream"])
    func `nothing that a plugin answers can be named as a script or a style of this site`(claimed: String) {
        #expect(ServedBytes(Array("alert(1)".utf8), claimed: claimed).contentType == "application/octet-stream")
    }

    @Test func `data and plain text are given as they are`() {
        for claimed in ["application/json", "text/plain; charset=utf-8", "text/csv", "application/problem+json"] {
            let served = ServedBytes(Self.html, claimed: claimed)
            #expect(served.contentType == claimed && served.disposition == nil)
        }
    }

    @Test func `a route's answer and everything else that is no page carries a policy under which it can do nothing`() async throws {
        let desk = try await FrontDesk()
        try await desk.chore("x")
        for path in ["chores", "chores/1", "chores/export", "settings/export", "/openapi.json", "/healthz", "nothing/here"] {
            let answer = try await desk.ask("GET", path)
            #expect(answer.headers["content-security-policy"]?.contains("sandbox") == true, "\(path)")
            #expect(answer.headers["content-security-policy"]?.contains("script-src") == false, "\(path)")
            #expect(answer.headers["x-content-type-options"] == "nosniff", "\(path)")
        }
        let page = try await desk.ask("GET", "/admin/chores")
        #expect(page.headers["content-security-policy"]?.contains("script-src 'self'") == true)
        for page in ["/admin/chores", "/login", "/admin/nothing"] {
            let policy = try await desk.ask("GET", page).headers["content-security-policy"] ?? ""
            #expect(!policy.contains("unsafe") && !policy.contains("*"), "\(page): \(policy)")
        }
    }

    // MARK: What is taken in

    private static let strangers: [(String, [UInt8], String)] = [
        ("leads.csv", [0x50, 0x4B, 0x03, 0x04, 0x14], "an Excel workbook"), ("leads.csv", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an old Excel workbook"),
        ("a.csv", png, "a picture"), ("a.csv", Array("%PDF-1.7\n1,2".utf8), "a PDF"), ("a.csv", html, "a web page"), ("a.vcf", svg, "XML"),
        ("a.csv", [0x1F, 0x8B, 0x08, 0], "a packed file"), ("a.csv", [0x7F, 0x45, 0x4C, 0x46, 2, 1], "a program"), ("a.csv", Array("{\"title\": \"x\"}".utf8), "JSON"),
        ("a.csv", Array("\u{FEFF}<html><table><tr><td>1</td></tr></table>".utf8), "a web page"),
    ]

    @Test func `a file for an import is known by its content, and what is no table is refused in words`() async throws {
        let desk = try await FrontDesk()
        for (name, bytes, word) in Self.strangers {
            let answer = try await desk.ask("POST", "imports?entity=chore&file_name=\(name)", bytes: bytes, headers: ["content-type": "text/csv"])
            #expect(answer.status == 400 && answer.detail.contains(word), "\(name): \(answer.text)")
            #expect(answer.fields == ["file"], "\(word)")
        }
        #expect(try await desk.ask("GET", "imports").json["data"]?.array?.isEmpty == true)
        // A picture's name on a table is just a name.
        let table = try await desk.ask("POST", "imports?entity=chore&file_name=a.png", bytes: Array("title\nSweep\n".utf8), headers: ["content-type": "image/png"])
        #expect(table.status == 201, "\(table.text)")
        for start in ["[x],title\n1,Sweep\n", "{title},y\nSweep,1\n", "<title>,y\nSweep,1\n", "MZ,title\n1,Sweep\n", "GIF,title\n1,Sweep\n"] {
            let answer = try await desk.ask("POST", "imports?entity=chore", bytes: Array(start.utf8), headers: ["content-type": "text/csv"])
            #expect(answer.status == 201, "\(start): \(answer.text)")
        }
    }
}
