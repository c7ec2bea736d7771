import ArgumentParser

/// Where the deployment is and who asks; the same for every command.
struct ClientOptions: Sendable {
    var data: String?
    var server: String?
    var tokenFile: String?
    var user: String?
    var json = false
    var noColor = false
    var yes = false
    var trace = false
}

struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Data directory of the deployment (TENON_DATA; else ./data).", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Talk to a running server instead (TENON_SERVER); the token comes from TENON_TOKEN.", valueName: "url"))
    var server: String?

    @Option(name: .customLong("token-file"), help: ArgumentHelp("File that holds the token for --server.", valueName: "file"))
    var tokenFile: String?

    @Option(name: .customLong("as"), help: ArgumentHelp("Act as this user; with a data directory only.", valueName: "email"))
    var user: String?

    @Flag(help: "Print JSON as the server sends it.")
    var json = false

    @Flag(name: .customLong("no-color"), help: "No colours (NO_COLOR).")
    var noColor = false

    @Flag(name: .shortAndLong, help: "Answer every question with yes.")
    var yes = false

    @Flag(help: "Show which plugins ran, in what order, how long, and what each changed.")
    var trace = false

    var client: ClientOptions {
        ClientOptions(
            data: data, server: server, tokenFile: tokenFile, user: user, json: json, noColor: noColor, yes: yes, trace: trace)
    }
}

extension ClientOptions {
    /// The same options for the record commands.
    static let specs: [OptionSpec] = [
        OptionSpec("data", .one("dir"), "Data directory of the deployment (TENON_DATA; else ./data)."),
        OptionSpec("server", .one("url"), "Talk to a running server instead (TENON_SERVER); the token comes from TENON_TOKEN."),
        OptionSpec("token-file", .one("file"), "File that holds the token for --server."),
        OptionSpec("as", .one("email"), "Act as this user; with a data directory only."),
        OptionSpec("json", .flag, "Print JSON as the server sends it."),
        OptionSpec("no-color", .flag, "No colours (NO_COLOR)."),
        OptionSpec("yes", short: "y", .flag, "Answer every question with yes."),
        OptionSpec("trace", .flag, "Show which plugins ran, in what order, how long, and what each changed."),
        OptionSpec("help", short: "h", .flag, "Show help."),
    ]

    /// Takes the global options out of arguments whose other options are not known yet. What stands behind `--` is left
    /// alone.
    static func extract(from arguments: [String]) throws -> (options: ClientOptions, rest: [String]) {
        var options = ClientOptions()
        var out: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                out.append(argument)
                out += rest
                break
            }
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            func value() throws -> String {
                if argument.contains("=") { return parts.count == 2 ? parts[1] : "" }
                guard let next = rest.popFirst() else { throw UsageError("\(argument) needs a value") }
                return next
            }
            switch parts.first ?? argument {
            case "--data": options.data = try value()
            case "--server": options.server = try value()
            case "--token-file": options.tokenFile = try value()
            case "--as": options.user = try value()
            case "--json": options.json = true
            case "--no-color": options.noColor = true
            case "--yes", "-y": options.yes = true
            case "--trace": options.trace = true
            default: out.append(argument)
            }
        }
        return (options, out)
    }
}
