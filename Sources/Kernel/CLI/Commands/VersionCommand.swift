import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.", discussion: "EXAMPLES:\n  tenon version --json")
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let terminal = Invocation.current.terminal(true)
        let version = TenonCommand.productVersion
        if json {
            terminal.print(JSONValue.fields(["name": .string("tenon"), "version": .string(version)]).text())
        } else {
            terminal.print("tenon \(version)")
        }
    }
}
