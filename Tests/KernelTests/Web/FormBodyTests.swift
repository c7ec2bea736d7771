import PluginAPI
import Testing

@testable import Kernel

@Suite("What forms send") struct FormBodyTests {
    private func body(_ text: String, type: String = "application/x-www-form-urlencoded") throws -> FormBody {
        try body(Array(text.utf8), type: type)
    }
    private func body(_ bytes: [UInt8], type: String) throws -> FormBody {
        try FormBody(FrontRequest(method: "POST", path: ["admin"], headers: ["content-type": type], body: bytes))
    }

    @Test func `fields come in order, decoded, the last of a name counting`() throws {
        let form = try body("name=Caf%C3%A9+Br%26gel&id=1&id=2&empty=")
        #expect(form["name"] == "Café Br&gel")
        #expect(form.values("id") == ["1", "2"])
        #expect(form["id"] == "2")
        #expect(form["empty"] == "")
        #expect(form["absent"] == nil)
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%ff%fe"])
    func `a broken escape or text that is not UTF-8 is malformed`(_ text: String) throws {
        let error = #expect(throws: CRMError.self) { try body(text) }
        #expect(error?.code == .malformed)
    }

    @Test func `a file comes with its name and its bytes untouched`() throws {
        let content: [UInt8] = [0, 255, 13, 10, 45, 45, 120, 13, 10]
        let head = "--x-1\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\nthings\r\n"
            + "--x-1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \u{22}b.csv\"\r\nContent-Type: text/csv\r\n\r\n"
        let form = try body(Array(head.utf8) + content + Array("\r\n--x-1--\r\n".utf8), type: "multipart/form-data; boundary=x-1")
        #expect(form["entity"] == "things")
        #expect(form.files.count == 1)
        #expect(form.files.first?.bytes == content)
    }

    @Test func `a form that was cut off anywhere is malformed and never a crash`() throws {
        let whole = Array("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n--b--\r\n".utf8)
        for length in 0..<(whole.count - 4) {
            #expect(throws: CRMError.self) { try body(Array(whole.prefix(length)), type: "multipart/form-data; boundary=b") }
        }
        #expect(try body(whole, type: "multipart/form-data; boundary=b").files.first?.bytes == Array("abc".utf8))
    }
}

@Suite("Addresses of lists") struct QueryStateTests {
    @Test func `a state written as an address reads back the same`() {
        let state = QueryState([.init(name: "q", value: "Müller & Söhne"), .init(name: "status", value: "1"), .init(name: "status", value: "2")])
        #expect(QueryState(parsing: state.text).items == state.items)
        #expect(state.href("/admin/things").hasPrefix("/admin/things?q=M%C3%BCller%20%26"))
    }

    @Test func `another filter begins at the first page again`() {
        let state = QueryState([.init(name: "cursor", value: "abc"), .init(name: "status", value: "1")])
        #expect(state.with("sort", "-name").text == "status=1&sort=-name")
        #expect(state.withoutFilter("status").text == "")
    }
}
