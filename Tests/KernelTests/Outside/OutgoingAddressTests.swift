import PluginAPI
import Testing

@testable import Kernel

@Suite struct OutgoingAddressTests {
    @Test func `an address is read as the client that connects reads it`() throws {
        let address = try OutgoingAddress("https://API.Example.com/v1?x=1#part")
        #expect(address.scheme == "https")
        #expect(address.host == "api.example.com")
        #expect(address.port == 443)
        #expect(try OutgoingAddress("http://example.com:8080/").port == 8080)
        #expect(try OutgoingAddress("https://example.com./").host == "example.com")
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com/", "file:///etc/passwd", "https://user:secret@example.com/", "https://name@example.com/",
        "https://", "gopher://example.com", "https://exa mple.com/",
    ])
    func `anything but a plain address with http is refused`(_ text: String) {
        #expect(throws: CRMError.self) { try OutgoingAddress(text) }
    }

    @Test func `a host is covered by its own name, or by a star for all below a name`() throws {
        func covers(_ pattern: String, _ url: String) throws -> Bool { try OutgoingAddress(url).isCovered(by: [pattern]) }
        #expect(try covers("api.example.com", "https://api.example.com/x"))
        #expect(try covers("API.example.com", "https://api.EXAMPLE.com/x"))
        #expect(try !covers("api.example.com", "https://example.com/"))
        #expect(try !covers("api.example.com", "https://api.example.com.evil.org/"))
        #expect(try covers("*.example.com", "https://a.b.example.com/"))
        #expect(try !covers("*.example.com", "https://example.com/"))
        #expect(try !covers("*.example.com", "https://evilexample.com/"))
        #expect(try covers("example.com:8443", "https://example.com:8443/"))
        #expect(try !covers("example.com:8443", "https://example.com/"))
        // A name before an at sign is no host.
        #expect(throws: CRMError.self) { try covers("api.example.com", "https://api.example.com@evil.org/") }
        #expect(try !covers("api.example.com", "https://evil.org/api.example.com"))
    }
}
