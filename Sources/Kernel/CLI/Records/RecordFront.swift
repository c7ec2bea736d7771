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
        } catch let error as CRMError where error.code == .unavailable {
            // Without a deployment nobody knows its records: say so, and what else the word might have been.
            let near = Suggestion.nearest(to: noun, among: CommandTree.root.children.map(\.name))
            guard !near.isEmpty else { throw error }
            throw CRMError(
                .unavailable, "\(noun) is no command, and \(error.message)", hint: unknown(noun, []).hint + " " + error.hint)
        }
    }

    private static func unknown(_ noun: String, _ paths: [String]) -> UsageError {
        UsageError(
            "there is no command or record called \(noun)",
            hint: Suggestion.hint(
                for: noun, among: paths + CommandTree.root.children.map(\.name),
                otherwise: "`tenon --help` names the commands, `tenon records` the records."))
    }
}
