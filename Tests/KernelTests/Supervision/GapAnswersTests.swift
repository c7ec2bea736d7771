import Testing

@testable import Kernel

@Suite struct GapAnswersTests {
    private func answer(_ head: String) -> String {
        String(decoding: GapAnswers.answer(Array(head.replacing("\n", with: "\r\n").utf8)), as: UTF8.self)
    }

    @Test func `a program gets a problem, a browser a page that loads itself again, both when to come back`() {
        let api = answer("GET /api/v1/things HTTP/1.1\nAccept: text/html\n\n")
        #expect(api.hasPrefix("HTTP/1.1 503 "))
        #expect(api.contains("content-type: application/problem+json") && api.contains("retry-after: 1\r\n") && api.contains("\"status\":503"))
        let page = answer("GET /admin HTTP/1.1\nHost: x\nACCEPT: text/html,application/xhtml+xml\n\n")
        #expect(page.contains("content-type: text/html") && page.contains("http-equiv=\"refresh\"") && page.contains("retry-after: 1\r\n"))
        #expect(answer("GET /healthz HTTP/1.1\n\n").contains("application/problem+json"))
        #expect(answer("HEAD /admin HTTP/1.1\nAccept: text/html\n\n").hasSuffix("\r\n\r\n"))
    }

    @Test func `whatever comes is answered, and nothing of it comes back`() {
        for head in ["", "\n\n", "GET", "\u{0}\u{1}", "GET <script> HTTP/1.1\nAccept: text/html<script>\n\n"] {
            #expect(answer(head).hasPrefix("HTTP/1.1 503 "))
            #expect(!answer(head).contains("<script>"))
        }
    }

    @Test func `a head is complete at its empty line, and when it is too long`() {
        #expect(!GapAnswers.isComplete(Array("GET / HTTP/1.1\r\nhost: x\r\n".utf8)))
        #expect(GapAnswers.isComplete(Array("GET / HTTP/1.1\r\nhost: x\r\n\r\nbody".utf8)))
        #expect(GapAnswers.isComplete([UInt8](repeating: 65, count: 70_000)))
    }
}
