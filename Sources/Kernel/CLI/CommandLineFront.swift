import ArgumentParser
import PluginAPI

/// The command line: understands the arguments, runs the command, and turns every failure into words and an exit status in
/// one place.
public enum CommandLineFront {
    /// Runs the process's arguments and returns its exit status.
    public static func main(_ arguments: [String]) async -> Int32 { await run(Array(arguments.dropFirst())).rawValue }

    static func run(_ arguments: [String]) async -> ExitStatus {
        do {
            try await dispatch(try hoisted(arguments))
            return .success
        } catch {
            return tell(error, arguments)
        }
    }

    /// Global options may stand before the command: moved behind it, where every command reads them.
    static func hoisted(_ arguments: [String]) throws -> [String] {
        var rest = arguments[...]
        var leading: [String] = []
        while let first = rest.first, first.hasPrefix("-"), first != "--" {
            let name = String(first.prefix { $0 != "=" })
            guard let spec = ClientOptions.specs.first(where: { "--" + $0.name == name || $0.short.map { "-\($0)" } == name }) else { break }
            if spec.name == "help" { break }
            leading.append(rest.removeFirst())
            if case .one = spec.value, !first.contains("=") {
                guard let value = rest.popFirst() else { throw UsageError("--\(spec.name) needs a value") }
                leading.append(value)
            }
        }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + leading + Array(rest[end...])
    }

    private static func dispatch(_ arguments: [String]) async throws {
        var words = arguments
        // `tenon help users list` is `tenon users list --help`.
        if words.first == "help" { words = Array(words.dropFirst()) + ["--help"] }
        guard let noun = words.first, !noun.hasPrefix("-") else { return try await parse(words.isEmpty ? ["--help"] : words) }
        if let command = CommandTree.root.child(noun) {
            // What a command does not have, the records of the same name may: `tenon user show 4`.
            if let verb = words.dropFirst().first, !verb.hasPrefix("-"), !command.children.isEmpty, command.child(verb) == nil {
                guard command.type is any RecordSharing.Type else { throw command.unknown(verb) }
                return try await RecordFront.run(words)
            }
            return try await parse(words)
        }
        try await RecordFront.run(words)
    }

    private static func parse(_ arguments: [String]) async throws {
        var command = try TenonCommand.parseAsRoot(arguments)
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    }

    /// Says what went wrong, on standard error; help that was asked for goes to standard output.
    private static func tell(_ error: any Error, _ arguments: [String]) -> ExitStatus {
        let wantsJSON = arguments.prefix { $0 != "--" }.contains("--json")
        let terminal = Invocation.current.terminal(arguments.contains("--no-color"))
        switch error {
        case let partial as PartialResult:
            if !partial.message.isEmpty { terminal.printError(terminal.style(.bad, "error:") + " " + partial.message.tame) }
            return partial.status
        case is ProblemReport, is CRMError, is UsageError, is NoDeployment, is CancellationError:
            return tell(ProblemReport(any: error), terminal, wantsJSON)
        default:
            let code = TenonCommand.exitCode(for: error)
            if code == .success {
                terminal.print(TenonCommand.fullMessage(for: error))
                return .success
            }
            guard code == .validationFailure else { return tell(ProblemReport(any: error), terminal, wantsJSON) }
            return tell(ProblemReport(UsageError(parserMessage(error), hint: parserHint(arguments))), terminal, wantsJSON)
        }
    }

    private static func tell(_ report: ProblemReport, _ terminal: Terminal, _ wantsJSON: Bool) -> ExitStatus {
        if wantsJSON {
            terminal.printError(String(decoding: report.document, as: UTF8.self))
        } else {
            terminal.printError(report.text(style: errorStyle(terminal)))
        }
        return report.status
    }

    /// Colours on standard error only when people read it.
    private static func errorStyle(_ terminal: Terminal) -> TextStyle { terminal.showsProgress ? terminal.style : .plain }

    private static func parserMessage(_ error: any Error) -> String {
        let message = TenonCommand.message(for: error)
        let first = message.prefix(1).lowercased() + message.dropFirst()
        return String(first.reversed().drop { $0 == "." || $0 == "\n" }.reversed())
    }

    private static func parserHint(_ arguments: [String]) -> String {
        let words = arguments.prefix { !$0.hasPrefix("-") }
        var command = CommandTree.root
        var path = "tenon"
        for word in words {
            guard let child = command.child(word) else { break }
            command = child
            path += " " + word
        }
        return "See `\(path) --help`."
    }
}

/// The declared commands as a tree of names.
struct CommandTree {
    let type: any ParsableCommand.Type
    var name: String { type.configuration.commandName ?? "" }

    var isShown: Bool { type.configuration.shouldDisplay }

    static let root = CommandTree(type: TenonCommand.self)

    var children: [CommandTree] { (type.configuration.ungroupedSubcommands + type.configuration.groupedSubcommands.flatMap(\.subcommands)).map(CommandTree.init) }

    func child(_ word: String) -> CommandTree? {
        children.first { $0.name == word || $0.type.configuration.aliases.contains(word) }
    }

    func unknown(_ word: String) -> UsageError {
        UsageError(
            "there is no command `tenon \(name) \(word)`",
            hint: Suggestion.hint(for: word, among: children.map(\.name), otherwise: "See `tenon \(name) --help`."))
    }
}

/// A declared command that shares its name with records, whose verbs it lets through.
protocol RecordSharing: ParsableCommand {}
