import ArgumentParser
import Dispatch
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

extension PluginCommand {
    struct Dev: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dev",
            abstract: "Build a plugin at every change and swap it into the running product.",
            discussion: """
                Starts a server when none runs on the data directory. Requests wait while the worker is replaced, and none is refused.
                What does not build, or is refused, changes nothing: the version before goes on serving. What the plugin asks for is
                approved, so use it on a deployment of your own.

                EXAMPLES:
                  tenon plugin dev --data /tmp/trial
                  tenon plugin dev ~/plugins/acme-loyalty --once
                """)
        @Argument(help: "The plugin's folder.") var path = "."
        @Option(help: ArgumentHelp("Data directory of the deployment (TENON_DATA; else ./data).", valueName: "dir")) var data: String?
        @Option(help: "Port of the server, if one is started.") var port: Int?
        @Flag(help: "Do it once and end.") var once = false

        func run() async throws {
            let invocation = Invocation.current
            let deployment = Deployment(directory: Folder.absolute(invocation.dataDirectory(data)))
            try deployment.require()
            let terminal = invocation.terminal(false)
            let dev = PluginDev(path: Folder.absolute(path), deployment: deployment, terminal: terminal)
            let server = try await DevServer.start(deployment, port: port)
            defer { server?.stop() }
            do {
                if once { try await dev.once() } else { try await Dev.untilTold { try await dev.watch() } }
            } catch let failure as BuildFailure {
                terminal.printError(failure.essence.tame)
                throw failure.told
            }
        }

        /// Runs until Ctrl-C or SIGTERM, so that the server is ended in order.
        private static func untilTold(_ body: @escaping @Sendable () async throws -> Void) async throws {
            let work = Task { try await body() }
            let sources = [SIGINT, SIGTERM].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number)
                source.setEventHandler { work.cancel() }
                source.resume()
                return source
            }
            defer { for source in sources { source.cancel() } }
            do { try await work.value } catch is CancellationError {}
        }
    }
}
