import ArgumentParser
import PluginAPI

extension PluginCommand {
    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build",
            abstract: "Build a plugin for this host, and look whether the host would let it in.",
            discussion: """
                A folder with Package.swift is built with swift, one with C files with cc. The library is not loaded.

                EXAMPLES:
                  tenon plugin build
                  tenon plugin build ~/plugins/acme-loyalty --install --data /var/lib/tenon
                """)
        @Argument(help: "The plugin's folder.") var path = "."
        @Flag(help: "Put it into the deployment's plugins folder.") var install = false
        @Flag(help: "Build for looking into it, not for speed.") var debug = false
        @Option(help: ArgumentHelp("Data directory for --install (TENON_DATA; else ./data).", valueName: "dir")) var data: String?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let project = try PluginProject(path)
            let build = PluginBuild(project: project, configuration: debug ? .debug : .release, sdk: try project.requiredSDK())
            let library: String
            do { library = try await build.run(isQuiet: json) } catch let failure as BuildFailure { throw failure.told }
            try build.inspect(library)
            var place: String?
            let terminal = Invocation.current.terminal(false)
            if install {
                let deployment = Deployment(directory: Invocation.current.dataDirectory(data))
                try deployment.require()
                place = try project.install(library, into: deployment.directory)
            }
            if json {
                return terminal.print(JSONValue.fields([
                    "id": .string(project.manifest.id), "version": .string(project.manifest.version.description),
                    "library": .string(library), "installed": place.map { .string($0) } ?? .null,
                ]).text())
            }
            terminal.print("built \(project.manifest.id) \(project.manifest.version): \(library)")
            guard let place else { return }
            terminal.print("installed in \(place)")
            terminal.print("  tenon plugin enable \(project.manifest.id)     to switch it on; upgrade, if it is on")
        }
    }
}
