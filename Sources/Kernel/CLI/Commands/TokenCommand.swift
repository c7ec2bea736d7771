import ArgumentParser
import PluginAPI

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Tokens with which programs act as a user.",
        discussion: """
            EXAMPLES:
              tenon token create --user anna@example.com --name reporting > token
              TENON_TOKEN=$(cat token) tenon users list --server https://crm.example.com
              tenon token list
              tenon token revoke 3
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a token and print it, alone on its line. It is shown this once.",
            discussion: "EXAMPLES:\n  tenon token create --user anna@example.com --name reporting\n  tenon token create --user 4 --name trial --days 30")
        @Option(help: ArgumentHelp("The user it acts as, by id or e-mail address.", valueName: "user")) var user: String
        @Option(help: "What it is for.") var name: String
        @Option(help: ArgumentHelp("Days until it expires; never unless given.", valueName: "count")) var days: Int?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            var body = JSONValue.fields(["user": Int64(user).map { .integer($0) } ?? .string(user), "name": .string(name)])
            if let days { body.set("days", .integer(Int64(days))) }
            let response = try await session.client.send(.send("POST", "tokens", body: body))
            session.report(try APIClient.document(response)["token"].scalar, json: response)
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List tokens, without their secrets.", discussion: "EXAMPLES:\n  tenon token list --user anna@example.com")
        @Option(help: ArgumentHelp("Only this user's, by id or e-mail address.", valueName: "user")) var user: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("tokens", query: user.map { [APIRequest.QueryItem("user", $0)] } ?? []))
            var table = TextTable(">ID", "Name", "User", "Made", "Last used", "Expires")
            for token in try APIClient.document(response)["data"].elements {
                let expires = token["expires_at"].scalar
                table.add(
                    token["id"].scalar, token["name"].scalar, token["user_label"].scalar, TerminalText.moment(token["created_at"].scalar),
                    TerminalText.moment(token["seen_at"].scalar), expires.isEmpty ? "never" : TerminalText.moment(expires))
            }
            session.print(table, empty: "no tokens", json: response)
        }
    }

    struct Revoke: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Make a token worthless at once.", discussion: "EXAMPLES:\n  tenon token revoke 3")
        @Argument(help: "The token's id.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.send("DELETE", "tokens", String(id)))
            session.report("token \(id) is revoked", json: response)
        }
    }
}
