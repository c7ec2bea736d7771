import ArgumentParser
import PluginAPI

struct FormulasCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "formulas",
        abstract: "Formulas: conditions and calculated fields.",
        discussion: """
            EXAMPLES:
              tenon formulas check users 'name & " <" & email & ">"'
              tenon formulas functions
            """,
        subcommands: [Check.self, Functions.self])

    struct Check: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Say what a formula comes to, or what is wrong with it and where.",
            discussion: "EXAMPLES:\n  tenon formulas check users 'created_at > today() - 30'")
        @Argument(help: "The records, by name or plural.") var records: String
        @Argument(help: "The formula.") var text: String
        @Flag(help: "As a field that is stored for everyone.") var field = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let schema = try await session.client.schema()
            guard let entity = schema.entity(records) else {
                throw UsageError(
                    "there are no records called \(records)",
                    hint: Suggestion.hint(for: records, among: schema.entities.map(\.path), otherwise: "`tenon records` names them."))
            }
            let body = JSONValue.fields([
                "entity": .string(entity.name), "text": .string(text), "purpose": .string(field ? "field" : "condition"),
            ])
            let response = try await session.client.send(.send("POST", "formulas", "check", body: body))
            let answer: JSONValue = try APIClient.document(response)
            if answer["valid"]?.bool == true {
                let scale: String = answer["scale"].map { " with \($0.scalar) decimals" } ?? ""
                return session.report("\(answer["word"].scalar)\(scale)", json: response)
            }
            if session.options.json { return session.terminal.print(json: response.body) }
            let place: String = "line \(answer["line"].scalar), column \(answer["column"].scalar)"
            session.terminal.note(answer["excerpt"].scalar)
            throw UsageError("\(place): \(answer["message"].scalar)", hint: answer["hint"].scalar)
        }
    }

    struct Functions: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "functions", abstract: "The functions that formulas may call.",
            discussion: "EXAMPLES:\n  tenon formulas functions")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("formulas", "functions"))
            var table = TextTable("Function", "What it gives", "Plugin")
            for function in try APIClient.document(response)["data"].elements {
                table.add(function["signature"].scalar, function["summary"].scalar, function["plugin"].scalar)
            }
            session.print(table, empty: "no functions", json: response)
        }
    }
}
