import Foundation
import PluginAPI

/// A server for as long as a plugin is being written, where none runs yet.
final class DevServer: Sendable {
    private let process: Process

    /// Starts one on a data directory unless one runs there; nil then.
    static func start(_ deployment: Deployment, port: Int?) async throws -> DevServer? {
        if await isAnswering(deployment) { return nil }
        let server = try DevServer(deployment, port)
        while await !isAnswering(deployment) {
            guard server.process.isRunning else {
                throw CRMError(.unavailable, "the server for \(deployment.directory) did not start", hint: "It says above why.")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return server
    }

    private init(_ deployment: Deployment, _ port: Int?) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: Home.executable)
        process.arguments = ["serve", "--data", deployment.directory] + (port.map { ["--port", String($0)] } ?? [])
        process.environment = Invocation.current.environment
        try process.run()
    }

    private static func isAnswering(_ deployment: Deployment) async -> Bool {
        guard SocketPath.exists(deployment.directory) else { return false }
        let socket = CurlTransport(target: .socket(path: SocketPath.reachable(deployment.directory)))
        return (try? await socket.send(.healthCheck, sink: nil))?.isSuccess ?? false
    }

    /// Ends it in order.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }
}
