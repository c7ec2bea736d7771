import PluginAPI

/// Chooses the way to the deployment: the server that was named, else the server that holds the data directory, else this
/// process itself.
struct ClientConnection: Sendable {
    var options: ClientOptions
    var environment: [String: String]

    private func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    func open() async throws -> APIClient {
        if options.server != nil, options.data != nil {
            throw UsageError("--server and --data exclude each other", hint: "Name the one that holds the deployment.")
        }
        // An option beats the environment.
        let server = options.server ?? (options.data == nil ? variable("TENON_SERVER") : nil)
        if let server { return try remote(server) }

        let deployment = Deployment(directory: Invocation.current.dataDirectory(options.data))
        try deployment.require()
        var headers: [String: String] = [:]
        if let user = options.user { headers["tenon-user"] = user }
        return APIClient(transport: try await local(deployment.directory), headers: headers)
    }

    private func remote(_ server: String) throws -> APIClient {
        if options.user != nil {
            throw UsageError("--as works with a data directory only", hint: "The token says who asks a server.")
        }
        let token = try options.tokenFile.map(InputFile.secret) ?? variable("TENON_TOKEN")
        guard let token, !token.isEmpty else {
            throw CRMError(
                .unauthenticated, "no token for \(server)",
                hint: "Put it in TENON_TOKEN or name its file with --token-file; `tenon token create` makes one.")
        }
        let address = server.contains("://") ? server : "http://" + server
        return APIClient(transport: CurlTransport(target: .url(address)), headers: ["authorization": "Bearer \(token)"])
    }

    /// The server's socket when a server holds the directory, else a store opened here. A command that runs at the same
    /// moment is waited for.
    private func local(_ directory: String) async throws -> any APITransport {
        let socket = CurlTransport(target: .socket(path: SocketPath.reachable(directory)))
        for _ in 0..<200 {
            if let lock = try DataDirectoryLock.take(directory, for: "tenon") {
                return try await LocalKernel(directory, lock: lock)
            }
            if SocketPath.exists(directory), let answer = try? await socket.send(.healthCheck, sink: nil), answer.isSuccess {
                return socket
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        let holder = DataDirectoryLock.holder(directory)
        throw CRMError(
            .unavailable,
            "the data directory \(directory) is held by \(holder.map { "process \($0.process)" } ?? "another process"), which does not answer",
            hint: "If it hangs, end it and try again.")
    }
}

extension APIRequest {
    static let healthCheck = APIRequest(method: "GET", path: ["healthz"])
}
