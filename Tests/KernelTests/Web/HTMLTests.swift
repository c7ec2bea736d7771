import Testing

@testable import Kernel

@Suite("Markup") struct HTMLTests {
    @Test func `a script in a value comes out as text`() {
        let name = "<script>alert('x')</script>"
        let html: HTML = "<td>\(name)</td>"
        #expect(text(html) == "<td>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</td>")
    }

    @Test func `a quote cannot leave its attribute`() {
        let value = "\" autofocus onfocus=\"steal()"
        let html: HTML = "<input value=\"\(value)\">"
        #expect(text(html) == "<input value=\"&quot; autofocus onfocus=&quot;steal()\">")
    }

    @Test func `markup within markup is kept as it is, once escaped and never twice`() {
        let inner: HTML = "<b>\("R&D")</b>"
        let html: HTML = "<p>\(inner)\([inner, inner])\(nil as HTML?)</p>"
        #expect(text(html) == "<p><b>R&amp;D</b><b>R&amp;D</b><b>R&amp;D</b></p>")
    }

    @Test func `conditional parts stand only when the condition holds`() {
        let html: HTML = "<option\(" selected", if: true)\(" disabled", if: false)>"
        #expect(text(html) == "<option selected>")
    }

    @Test func `any text survives escaping`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("ab&<>\"'é✓\u{1F600}\u{0}\n;#")
        for _ in 0..<500 {
            let sample = String((0..<Int.random(in: 0...20, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
            let escaped = text(HTML(sample))
            #expect(!escaped.contains(where: { "<>\"'".contains($0) }))
            let back = escaped.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
                .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
            #expect(back == sample)
        }
    }

    private func text(_ html: HTML) -> String { String(decoding: html.bytes, as: UTF8.self) }
}
