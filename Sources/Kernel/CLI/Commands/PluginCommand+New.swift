import ArgumentParser
import PluginAPI

extension PluginCommand {
    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new",
            abstract: "Make a plugin to begin with: it builds, passes its tests and shows a page.",
            discussion: """
                Makes a folder of the plugin's name with an entity, a list, an action, a hook and its tests. Overwrites nothing.

                EXAMPLES:
                  tenon plugin new acme-loyalty
                  tenon plugin new acme-loyalty --dir ~/plugins
                """)
        @Argument(help: "The plugin's id: small letters, digits and dashes.") var name: String
        @Option(help: ArgumentHelp("The folder in which to make it.", valueName: "folder")) var dir = "."
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let plugin = NewPlugin(name: try PluginName(name), sdk: try SDK.find())
            let folder = Folder.absolute(dir + "/" + name)
            let files = try plugin.write(to: folder)
            let terminal = Invocation.current.terminal(false)
            if json {
                let made = JSONValue.fields(["id": .string(name), "folder": .string(folder), "files": .array(files.map { .string($0) })])
                return terminal.print(made.text())
            }
            terminal.print("made the plugin \(name) in \(folder):")
            for file in files { terminal.print("  " + file) }
            terminal.print("\nnext steps:")
            terminal.print("  cd \(dir == "." ? name : folder)")
            terminal.print("  tenon plugin test               its tests, and the rules that every plugin keeps")
            terminal.print("  tenon plugin dev --data DIR     see it: builds at every change and swaps it in")
        }
    }
}
