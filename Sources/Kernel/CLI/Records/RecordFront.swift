import PluginAPI

/// Finds the records that a command line is about.
enum RecordFront {
    static func run(_ arguments: [String]) async throws {
        let (options, words) = try ClientOptions.extract(from: arguments)
        guard let noun = words.first else { throw UsageError("a command is missing", hint: "See `tenon --help`.") }
        do {
            try await Session.run(options) { session in
                let schema = try await session.client.schema()
                guard let entity = schema.entity(noun) else { throw unknown(noun, schema.entities.map(\.path)) }
                let command = RecordCommand(schema: schema, entity: entity, session: session)
                try await command.run(Array(words.dropFirst()))
            }
        } catch let error as NoDeployment {
            // Nobody knows its records then: the word may be one of them, or a command that was misspelt.
            let near = Suggestion.nearest(to: noun, among: CommandTree.root.children.map(\.name))
            guard !near.isEmpty, !always.contains(noun) else { throw error.told }
            throw CRMError(
                .unavailable, "\(noun) is no command, and \(error.told.message)", hint: unknown(noun, []).hint + " " + error.told.hint)
        }
    }

    /// The records that every deployment has.
    private static let always: Set<String> = ["users", "teams", "roles"]

    private static func unknown(_ noun: String, _ paths: [String]) -> UsageError {
        UsageError(
            "there is no command or record called \(noun)",
            hint: Suggestion.hint(
                for: noun, among: paths + CommandTree.root.children.map(\.name),
                otherwise: "`tenon --help` names the commands, `tenon records` the records."))
    }
}
