import ArgumentParser
import PluginAPI

struct MailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "Mail: whether it is set up rightly.", discussion: "EXAMPLES:\n  tenon mail test", subcommands: [Test.self])

    struct Test: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Send a message by the mail server of the settings.",
            discussion: "EXAMPLES:\n  tenon mail test\n  tenon mail test --to ada@example.com")
        @Option(help: ArgumentHelp("Whom it is for; you, if nobody is named.", valueName: "address")) var to: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let body: JSONValue = to.map { .fields(["to": .string($0)]) } ?? .object([])
            let response = try await session.client.send(.send("POST", "mail", "test", body: body))
            session.report("the mail server has taken a message for \(try APIClient.document(response)["to"].scalar)", json: response)
        }
    }
}
