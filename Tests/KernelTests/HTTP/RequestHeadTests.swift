import Testing

@testable import Kernel

@Suite("The head of a request") struct RequestHeadTests {
    @Test(arguments: [
        ("Bearer secret", "secret"), ("bearer secret", "secret"), ("BEARER   secret", "secret"), ("Bearer a b", "a b"), ("Bearer ß", "ß"),
        ("Bearer ", nil), ("Bearer", nil), ("Basic secret", nil), ("Bearers secret", nil), ("\u{02}earer secret", nil), ("", nil),
    ])
    func `a token is known by the word before it, however that is written`(_ header: String, _ token: String?) {
        #expect(FrontRequest(method: "GET", path: [], headers: ["authorization": header]).bearerToken == token)
    }

    @Test func `the line is known by where a request goes`() {
        let admissions = Admissions()
        for free in ["/healthz", "healthz", "/readyz?now=1", "//assets/htmx.js"] { #expect(admissions.line("GET", ofTarget: free) == nil, "\(free)") }
        for door in ["/login", "/login?next=/admin/leads", "/metrics"] { #expect(admissions.line("POST", ofTarget: door) === admissions.entrance, "\(door)") }
        for usual in ["/api/v1/leads", "/", "", "?", "/loginx", "/api?x=/healthz"] {
            #expect(admissions.line("GET", ofTarget: usual) === admissions.reading, "\(usual)")
            #expect(admissions.line("PATCH", ofTarget: usual) === admissions.changing, "\(usual)")
        }
    }
}
