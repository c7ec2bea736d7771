import FoundationEssentials
import Logging
import PluginAPI
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A server on a data directory, from its start to its end: a supervisor that holds the sockets, and the worker that it starts,
/// which serves; or both in one process.
struct ServerProcess: Sendable {
    var deployment: Deployment
    var host: String
    var port: Int
    /// Why no plugin is to be loaded, if so.
    var safeMode: String?
    /// Whether it takes the place of one that served.
    var isPatient = false
    var terminal: Terminal

    private var directory: String { deployment.directory }

    // MARK: Supervised

    /// Holds the directory and the sockets and keeps a worker running.
    func supervise() async throws {
        ServerProcess.allowFiles()
        try deployment.make()
        let lock = try await deployment.hold(for: "tenon serve")
        defer { withExtendedLifetime(lock) {} }
        let network = try ListeningSocket.open(.tcp(host: host, port: port))
        // The lock is ours, so a socket that is still there was left by a process that has ended.
        let path = SocketPath.reachable(directory)
        let local = try ListeningSocket.open(.socket(path: path))
        defer { unlink(path) }
        let inheritance = WorkerProcess.Inheritance(
            executable: Home.executable, arguments: ["serve", "--data", directory], network: network.descriptor, local: local.descriptor,
            lock: lock.file, reports: ReportFolder(dataDirectory: directory))
        var supervisor = Supervisor(
            inheritance, network: network, local: local, limits: .init(ProcessInfo.processInfo.environment), safeMode: safeMode,
            announce: { announce(network) }, note: { terminal.printError("tenon: " + $0) })
        let status = try supervisor.run()
        if status != 0 { throw PartialResult(message: "", status: ExitStatus(rawValue: status) ?? .failure) }
    }

    /// Serves on the sockets of the supervisor that has started this process.
    func work() async throws {
        // Ctrl-C reaches all processes of a terminal: the supervisor decides.
        signal(SIGINT, SIG_IGN)
        for descriptor in WorkerDescriptor.control...WorkerDescriptor.lock { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let control = WorkerControl.open()
        let report = CrashReport.Place(descriptor: WorkerDescriptor.report)
        defer { report.close() }
        Watchdog(
            limits: .init(ProcessInfo.processInfo.environment), vitals: Watchdog.Vital.tasks + HTTPServer.vitals, well: { control.say(.beat) },
            end: { CrashReport.Place.endHanging($0) }
        ).start()
        try await serve(
            [
                ListeningSocket(descriptor: WorkerDescriptor.network, isLocal: false),
                ListeningSocket(descriptor: WorkerDescriptor.local, isLocal: true),
            ], before: { await control.awaitTurn() }, closed: { control.say(.closed) }
        ) { control.say(.ready) }
    }

    // MARK: In one process

    /// Does everything in this process: for measurements and debuggers.
    func run() async throws {
        ServerProcess.allowFiles()
        try deployment.make()
        let lock = try await deployment.hold(for: "tenon serve")
        defer { withExtendedLifetime(lock) {} }
        let report = CrashReport.Place(dataDirectory: directory)
        defer { report.close() }
        let network = try ListeningSocket.open(.tcp(host: host, port: port))
        let path = SocketPath.reachable(directory)
        let local = try ListeningSocket.open(.socket(path: path))
        defer { unlink(path) }
        try await serve([network, local], isAlone: true) { announce(network) }
    }

    /// Opens the deployment and serves until it is told to end; finishes what it began.
    private func serve(
        _ sockets: [ListeningSocket], isAlone: Bool = false, before: () async -> Void = {}, closed: @escaping @Sendable () -> Void = {},
        ready: @escaping @Sendable () -> Void
    ) async throws {
        let kernel: Kernel = try await open()
        if kernel.rights.firstAdministrator == nil {
            terminal.printError("there is no administrator yet: end the server and run `tenon init`")
        }
        do {
            try await kernel.start()
            await before()
            let environment: [String: String] = ProcessInfo.processInfo.environment
            let server = HTTPServer(
                front: kernel.front, logger: Logger(label: "tenon.http"), admissions: Admissions(.init(environment)), pace: .init(environment))
            let answering = Mutex(0)
            let ending = Mutex(0)
            let address: String = sockets.compactMap { $0.isLocal ? nil : $0.port }.first.map { ":\($0)" } ?? ""
            try await server.run(
                sockets, endingAt: isAlone ? .whenInterrupted : .whenTold,
                closed: { _ in
                    let count = ending.withLock { count in
                        count += 1
                        return count
                    }
                    if count == sockets.count { closed() }
                }
            ) { _ in
                let count = answering.withLock { count in
                    count += 1
                    return count
                }
                if count == sockets.count {
                    ready()
                    if let peers = kernel.peers { Task { await peers.announce(address: address) } }
                }
            }
        } catch {
            try? await kernel.stop()
            throw error
        }
        try await kernel.stop()
    }

    /// A worker that takes another one's place waits for a database that is away for a moment; the first start says at once what
    /// is wrong.
    private func open() async throws -> Kernel {
        let end = ContinuousClock.now.advanced(by: .seconds(isPatient ? 60 : 0))
        while true {
            do { return try await deployment.open(safeMode: safeMode) } catch {
                let cause: any Error = (error as? CRMError)?.cause ?? error
                guard deployment.databaseURL != nil, PostgreSQLDialect().isTemporary(cause), ContinuousClock.now < end else { throw error }
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Each connection is an open file: as many as the administrator of the machine allows, not as many as are usual.
    private static func allowFiles() {
        var allowed = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(files, &allowed) == 0 else { return }
        allowed.rlim_cur = min(allowed.rlim_max, 1 << 16)
        _ = setrlimit(files, &allowed)
    }

    private func announce(_ network: ListeningSocket) {
        terminal.print("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(network.port ?? port)")
    }
}
