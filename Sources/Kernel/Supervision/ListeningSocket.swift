import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// A socket that is bound and listens. Whoever has the descriptor may take connections from it: the supervisor opens it once,
/// and each worker inherits it, so that a change of workers refuses nobody.
struct ListeningSocket: Sendable {
    enum Address: Sendable {
        case tcp(host: String, port: Int)
        case socket(path: String)
    }

    let descriptor: Int32
    /// Whether it is the socket in the data directory, open to those who may open that directory.
    let isLocal: Bool

    init(descriptor: Int32, isLocal: Bool) {
        self.descriptor = descriptor
        self.isLocal = isLocal
    }

    /// How many connections may wait to be taken: a worker is away for a moment when it is replaced.
    private static let backlog: Int32 = 1024

    static func open(_ address: Address) throws -> ListeningSocket {
        switch address {
        case .tcp(let host, let port): try tcp(host, port)
        case .socket(let path): try local(path)
        }
    }

    func close() { _ = Glibc.close(descriptor) }

    /// The port that was bound; nil for a socket in the file system.
    var port: Int? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result: Int32 = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        return withUnsafeBytes(of: address) { bytes in
            switch Int32(address.ss_family) {
            case AF_INET: Int(in_port_t(bigEndian: bytes.load(as: sockaddr_in.self).sin_port))
            case AF_INET6: Int(in_port_t(bigEndian: bytes.load(as: sockaddr_in6.self).sin6_port))
            default: nil
            }
        }
    }

    private static func tcp(_ host: String, _ port: Int) throws -> ListeningSocket {
        var hints = addrinfo()
        hints.ai_socktype = SocketKind.stream
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let result: Int32 = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0, let first = list else {
            throw CRMError(
                .unavailable, "\(host) is no address of this machine: \(String(cString: gai_strerror(result)).lowercased())",
                hint: "0.0.0.0 stands for all of them.")
        }
        defer { freeaddrinfo(list) }
        let info: addrinfo = first.pointee
        let descriptor: Int32 = Glibc.socket(info.ai_family, info.ai_socktype | SocketKind.closedOnExec | SocketKind.nonBlocking, info.ai_protocol)
        guard descriptor >= 0 else { throw refusal(errno, host, port) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, backlog) == 0 else {
            let reason: Int32 = errno
            Glibc.close(descriptor)
            throw refusal(reason, host, port)
        }
        return ListeningSocket(descriptor: descriptor, isLocal: false)
    }

    /// A socket that a process left behind which has ended makes room.
    private static func local(_ path: String) throws -> ListeningSocket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes: [UInt8] = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw CRMError(.unavailable, "the path \(path) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        unlink(path)
        let descriptor: Int32 = Glibc.socket(AF_UNIX, SocketKind.stream | SocketKind.closedOnExec | SocketKind.nonBlocking, 0)
        let result: Int32 = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, result == 0, listen(descriptor, backlog) == 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw CRMError(.unavailable, "could not make the socket \(path): \(reason)", hint: "Check who owns the data directory.")
        }
        return ListeningSocket(descriptor: descriptor, isLocal: true)
    }

    private static func refusal(_ reason: Int32, _ host: String, _ port: Int) -> CRMError {
        switch reason {
        case EADDRINUSE: CRMError(.unavailable, "port \(port) of \(host) is in use", hint: "Choose another one with --port.")
        case EACCES:
            CRMError(
                .unavailable, "port \(port) of \(host) may not be used",
                hint: "Ports below 1024 need more rights; choose another one with --port.")
        case EADDRNOTAVAIL: CRMError(.unavailable, "\(host) is no address of this machine", hint: "0.0.0.0 stands for all of them.")
        default: CRMError(.unavailable, "could not listen on port \(port) of \(host): \(String(cString: strerror(reason)).lowercased())")
        }
    }
}
