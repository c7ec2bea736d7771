import Testing

@testable import Kernel

@Suite struct NetworkAddressTests {
    @Test(
        arguments: [
            "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
            "198.18.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fd00::1", "fc00::1", "ff02::1",
            "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001::1", "::127.0.0.1",
        ])
    func `an address of this machine, its network or a special one is not public`(_ text: String) throws {
        #expect(try #require(NetworkAddress(text)).isPublic == false)
    }

    @Test(arguments: ["1.1.1.1", "8.8.8.8", "172.32.0.1", "172.15.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
    func `an address of the whole internet is public`(_ text: String) throws {
        #expect(try #require(NetworkAddress(text)).isPublic)
    }

    @Test func `an address is written as people know it`() throws {
        #expect(try #require(NetworkAddress("127.0.0.1")).description == "127.0.0.1")
        #expect(try #require(NetworkAddress("2001:0DB8::0001")).description == "2001:db8::1")
        #expect(NetworkAddress("example.com") == nil)
    }
}
