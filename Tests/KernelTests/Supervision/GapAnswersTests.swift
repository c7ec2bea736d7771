import Testing

@testable import Kernel

@Suite struct GapAnswersTests {
    private func answer(_ head: String, _ reason: GapAnswers.Reason = .starting) -> String {
        String(decoding: GapAnswers.answer(Array(head.replacing("\n", with: "\r\n").utf8), reason), as: UTF8.self)
    }

    @Test func `it says whether it starts, stops or has too much to do`() {
        let reasons: [(GapAnswers.Reason, String)] = [(.starting, "starting again"), (.stopping, "being stopped"), (.busy, "more to do than it can")]
        for (reason, words) in reasons {
            let api = answer("GET /api/v1/things HTTP/1.1\n\n", reason)
            #expect(api.contains(words))
            let length = api.split(separator: "content-length: ").last.flatMap { Int($0.prefix { $0 != "\r\n" }) }
            #expect(length == api.split(separator: "\r\n\r\n", maxSplits: 1).last?.utf8.count)
        }
        #expect(answer("GET /admin HTTP/1.1\nAccept: text/html\n\n", .stopping).contains("The server is being stopped."))
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
