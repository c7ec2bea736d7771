import Foundation

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// haproxy before several servers, with the very configuration that the documentation gives; ends with the test.
final class BalancingProxy: Sendable {
    private static let program = "/usr/sbin/haproxy"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: program) }

    let port: Int
    private let process: ChildProcess
    private let folder: URL

    /// - Parameter servers: the ports of the servers `one`, `two` and `three`.
    init(before servers: [Int]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-proxy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try BalancingProxy.freePort()
        let file: URL = folder.appendingPathComponent("haproxy.cfg")
        try Data(try BalancingProxy.configuration(port, servers).utf8).write(to: file)
        let checked = try ChildProcess.run([BalancingProxy.program, "-c", "-f", file.path])
        guard checked.status == 0 else { throw TenonProgram.Silent(said: checked.said) }
        let log: URL = folder.appendingPathComponent("log")
        try Data().write(to: log)
        let said = try FileHandle(forWritingTo: log)
        // In the foreground, so that it is ended by its number.
        process = try ChildProcess(BalancingProxy.program, ["-db", "-f", file.path], output: said.fileDescriptor, errors: said.fileDescriptor)
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Whoever asks is patient: how long an answer takes on a busy machine is not what is tested.
    func knock(_ token: String = "", seconds: Int = 120) -> Knock { Knock(port: port, token: token, seconds: seconds) }

    /// The example of `docs/postgresql.md`, with the addresses of this machine.
    private static func configuration(_ port: Int, _ servers: [Int]) throws -> String {
        let page: String = try String(contentsOf: Deployment.sources.appendingPathComponent("docs/postgresql.md"), encoding: .utf8)
        guard let start = page.range(of: "```haproxy\n"), let end = page.range(of: "```", range: start.upperBound..<page.endIndex) else {
            throw TenonProgram.Silent(said: "docs/postgresql.md has no example of a proxy")
        }
        var text = String(page[start.upperBound..<end.lowerBound])
        var changes: [(String, String)] = [("bind :443 ssl crt /etc/haproxy/tenon.pem", "bind 127.0.0.1:\(port)")]
        for (place, server) in servers.enumerated() { changes.append(("10.0.0.1\(place + 1):8080", "127.0.0.1:\(server)")) }
        for (old, new) in changes {
            guard text.contains(old) else { throw TenonProgram.Silent(said: "the example of a proxy lacks \(old)") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        return text
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound: Bool = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw TenonProgram.Silent(said: "no port is free") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
