import ArgumentParser
import PluginAPI

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the browser, the JSON interface and the command line until told to stop.",
        discussion: """
            Prints `listening on http://HOST:PORT` when it answers, and stops at SIGTERM or Ctrl-C once running requests are done. \
            A supervisor holds the sockets and starts a worker, which serves; should the worker crash, another one takes its place. \
            SIGHUP has the worker replaced, with no request refused.

            EXAMPLES:
              tenon serve
              tenon serve --safe-mode
              tenon serve --data /var/lib/tenon --host 0.0.0.0 --port 80
            """)

    @Option(help: ArgumentHelp("Data directory of the deployment (TENON_DATA; else ./data).", valueName: "dir")) var data: String?
    @Option(help: "Address to listen on (TENON_HOST; else 127.0.0.1).") var host: String?
    @Option(help: "Port to listen on (TENON_PORT; else 8080).") var port: Int?

    @Option(
        name: .customLong("database-url"),
        help: ArgumentHelp("Database on a PostgreSQL server instead of the file in the data directory (TENON_DATABASE_URL).", valueName: "url"))
    var databaseURL: String?
    @Option(
        name: .customLong("replica-url"),
        help: ArgumentHelp("A copy of that database, for lists and reports; may be given again (TENON_REPLICA_URLS, by spaces).", valueName: "url"))
    var replicaURLs: [String] = []

    @Flag(name: .customLong("safe-mode"), help: "Load no plugin: administrators can log in, see why, and disable what is in the way.")
    var isSafe = false
    @Flag(name: .customLong("unsupervised"), help: "Serve from this process, without a supervisor: for debuggers and measurements.")
    var isAlone = false
    @Flag(name: .customLong("worker"), help: .hidden) var isWorker = false
    @Flag(name: .customLong("patient"), help: .hidden) var isPatient = false
    @Option(name: .customLong("safe-mode-reason"), help: .hidden) var safeModeReason: String?

    func run() async throws {
        let invocation = Invocation.current
        let deployment = Deployment(directory: invocation.dataDirectory(data))
        let text = invocation.environment["TENON_PORT"] ?? ""
        guard let port = port ?? (text.isEmpty ? 8080 : Int(text)), (0...65_535).contains(port) else {
            throw UsageError("a port is a number from 0 to 65535")
        }
        let host = host ?? invocation.environment["TENON_HOST"].flatMap { $0.isEmpty ? nil : $0 } ?? "127.0.0.1"
        let safeMode = safeModeReason ?? (isSafe ? "it was started with --safe-mode" : nil)
        let server = ServerProcess(
            deployment: deployment, host: host, port: port, safeMode: safeMode, isPatient: isPatient, terminal: invocation.terminal(false))
        if isWorker { return try await server.work() }
        Home.beside().tell(invocation.terminal(false))
        try invocation.remember(databaseURL, for: deployment)
        let listed: [String] = (invocation.environment["TENON_REPLICA_URLS"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        try deployment.remember(replicaURLs: replicaURLs.isEmpty ? listed : replicaURLs)
        if isAlone { return try await server.run() }
        try await server.supervise()
    }
}
