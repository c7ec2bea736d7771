import ArgumentParser
import FoundationEssentials
import PluginAPI

extension PluginCommand {
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test",
            abstract: "Run a plugin's tests against this product.",
            discussion: """
                A package runs its own tests; each of them starts this product on a data directory of its own. A plugin without a
                package is put to the rules that every plugin keeps.

                EXAMPLES:
                  tenon plugin test
                  tenon plugin test ~/plugins/acme-loyalty --filter finishing
                """)
        @Argument(help: "The plugin's folder.") var path = "."
        @Option(help: ArgumentHelp("Run the tests whose names match only.", valueName: "pattern")) var filter: String?
        @Flag(help: "Keep the data of this version in Tests/Released, for later versions to be tested with.") var keepRelease = false

        func run() async throws {
            let project = try PluginProject(path)
            let sdk = try SDK.find()
            var environment = Invocation.current.environment
            environment["TENON_SDK"] = sdk.folder
            environment["TENON_EXECUTABLE"] = Home.executable
            let build = PluginBuild(project: project, configuration: .debug, sdk: sdk)
            let tool: Tool
            if project.language == .swift, !keepRelease {
                tool = Tool(
                    "swift", ["test", "--package-path", project.folder] + (filter.map { ["--filter", $0] } ?? []), environment: environment)
            } else {
                let library: String
                do { library = try await build.run() } catch let failure as BuildFailure { throw failure.told }
                tool = Tool(sdk.compatibility, [project.folder, library] + (keepRelease ? ["--keep-release"] : []), environment: environment)
            }
            let end = try await tool.run(isQuiet: false)
            // The tests have said what is wrong.
            if end.status != 0 { throw PartialResult(message: "", status: .failure) }
        }
    }
}
