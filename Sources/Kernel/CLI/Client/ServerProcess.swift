import FoundationEssentials
import Logging
import PluginAPI
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A server on a data directory, from its start to its end.
struct ServerProcess: Sendable {
    var deployment: Deployment
    var host: String
    var port: Int
    var terminal: Terminal

    func run() async throws {
        let directory = deployment.directory
        try deployment.make()
        let lock = try await deployment.hold(for: "tenon serve")
        defer { withExtendedLifetime(lock) {} }
        let kernel = try await deployment.open()
        if kernel.rights.firstAdministrator == nil {
            terminal.printError("there is no administrator yet: end the server and run `tenon init`")
        }
        try await kernel.start()
        // The lock is ours, so a socket that is still there was left by a process that has ended.
        let socket = SocketPath.reachable(directory)
        unlink(socket)
        defer { unlink(socket) }
        do {
            try await serve(kernel, socket)
        } catch {
            try? await kernel.stop()
            throw told(error)
        }
        try await kernel.stop()
    }

    private func serve(_ kernel: Kernel, _ socket: String) async throws {
        let server = HTTPServer(front: kernel.front, logger: Logger(label: "tenon.http"))
        let addresses: [HTTPServer.Address] = [.tcp(host: host, port: port), .socket(path: socket)]
        let answering = Mutex((count: 0, port: port))
        try await server.run(addresses, stopOnSignals: true) { address, bound in
            let state = answering.withLock { state in
                state.count += 1
                if case .tcp = address, let bound { state.port = bound }
                return state
            }
            guard state.count == addresses.count else { return }
            terminal.print("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(state.port)")
        }
    }

    private func told(_ error: any Error) -> any Error {
        let text = String(describing: error)
        if text.contains("errno: \(EADDRINUSE)") {
            return CRMError(.unavailable, "port \(port) of \(host) is in use", hint: "Choose another one with --port.", cause: error)
        }
        if text.contains("errno: \(EACCES)") {
            return CRMError(.unavailable, "port \(port) of \(host) may not be used", hint: "Ports below 1024 need more rights; choose another one with --port.", cause: error)
        }
        if text.contains("errno: \(EADDRNOTAVAIL)") {
            return CRMError(.unavailable, "\(host) is no address of this machine", hint: "0.0.0.0 stands for all of them.", cause: error)
        }
        return error
    }
}
