import ArgumentParser
import PluginAPI

struct UserCommand: RecordSharing {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "People who work here.",
        discussion: """
            Users are records, too: list, show, edit and the others work as everywhere, also as `tenon users`.

            EXAMPLES:
              tenon user list
              tenon user add --name 'Anna Berg' --email anna@example.com --role sales_agent
              tenon user password anna@example.com --password-file -
              tenon user deactivate anna@example.com
            """,
        subcommands: [Add.self, Password.self, Deactivate.self, Activate.self])

    /// The user whom a word means: an id or an e-mail address.
    static func find(_ word: String, _ session: Session) async throws -> JSONValue {
        if let id = Int64(word) { return try await session.client.read(.get("users", String(id))) }
        let query = [APIRequest.QueryItem(word.contains("@") ? "email" : "name", word)]
        let found = try await session.client.read(.get("users", query: query))["data"].elements
        guard let user = found.first else { throw CRMError(.notFound, "there is no user \(word)", hint: "`tenon user list` names them.") }
        guard found.count == 1 else { throw CRMError(.conflict, "several users are called \(word)", hint: "Give the e-mail address.") }
        return user
    }

    struct Add: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add a user.",
            discussion: """
                Without a password the user cannot log in until one is set.

                EXAMPLES:
                  tenon user add --name 'Anna Berg' --email anna@example.com --role sales_agent --password-file password.txt
                """)

        @Option(help: "Full name.") var name: String
        @Option(help: "E-mail address, used to log in.") var email: String
        @Option(help: ArgumentHelp("A role, by id or name; may be repeated.", valueName: "role")) var role: [String] = []
        @Option(help: ArgumentHelp("A team, by id or name; may be repeated.", valueName: "team")) var team: [String] = []
        @Option(name: .customLong("password-file"), help: ArgumentHelp("File with the password in its first line; - reads standard input.", valueName: "file"))
        var passwordFile: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            var user = JSONValue.fields(["name": .string(name), "email": .string(email)])
            if !role.isEmpty { user.set("roles", .array(role.map(Self.reference))) }
            if !team.isEmpty { user.set("teams", .array(team.map(Self.reference))) }
            if let passwordFile { user.set("password", .string(try InputFile.secret(passwordFile))) }
            let response = try await session.client.send(.send("POST", "users", body: user))
            let record = try APIClient.document(response)
            session.report("added user \(record["id"].scalar): \(name) <\(email)>", json: response)
        }

        private static func reference(_ word: String) -> JSONValue { Int64(word).map { .integer($0) } ?? .string(word) }
    }

    struct Password: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "password",
            abstract: "Set a user's password, and end the user's sessions.",
            discussion: "EXAMPLES:\n  tenon user password anna@example.com --password-file password.txt\n  pwgen 16 1 | tenon user password 4 --password-file -")

        @Argument(help: "The user, by id or e-mail address.") var user: String
        @Option(name: .customLong("password-file"), help: ArgumentHelp("File with the password in its first line; - reads standard input.", valueName: "file"))
        var passwordFile: String
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let password = try InputFile.secret(passwordFile)
            let record = try await UserCommand.find(user, session)
            let request = APIRequest.send("POST", "users", record["id"].scalar, "password", body: .fields(["password": .string(password)]))
            let response = try await session.client.send(request)
            session.report("the password of \(record["email"].scalar) was set", json: response)
        }
    }

    struct Deactivate: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "deactivate",
            abstract: "Lock a user out; the user's records stay.",
            discussion: "EXAMPLES:\n  tenon user deactivate anna@example.com")
        @Argument(help: "The user, by id or e-mail address.") var user: String
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws { try await UserCommand.activate(user, false, session) }
    }

    struct Activate: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "activate",
            abstract: "Let a user in again.",
            discussion: "EXAMPLES:\n  tenon user activate anna@example.com")
        @Argument(help: "The user, by id or e-mail address.") var user: String
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws { try await UserCommand.activate(user, true, session) }
    }

    private static func activate(_ word: String, _ active: Bool, _ session: Session) async throws {
        let record = try await find(word, session)
        let response = try await session.client.send(
            .send("PATCH", "users", record["id"].scalar, body: .fields(["active": .boolean(active)])))
        session.report("\(record["email"].scalar) is \(active ? "active" : "locked out") now", json: response)
    }
}
