import ArgumentParser
import PluginAPI

/// A command's way to the deployment and to the terminal, for as long as it runs.
struct Session: Sendable {
    let client: APIClient
    let terminal: Terminal
    let options: ClientOptions

    var style: TextStyle { terminal.style }

    /// Runs a command's work with a session, and closes what it opened, also when the work fails.
    static func run<R>(_ options: ClientOptions, _ work: (Session) async throws -> R) async throws -> R {
        let invocation = Invocation.current
        var client = try await invocation.connect(options)
        if options.trace { client = client.traced(by: TraceCollector()) }
        let session = Session(client: client, terminal: invocation.terminal(options.noColor), options: options)
        do {
            let result = try await work(session)
            await session.tellTraces()
            await client.close()
            return result
        } catch {
            await session.tellTraces()
            await client.close()
            throw error
        }
    }

    /// Shows what happened within the command's requests, when that is wanted: below its result, with `--json` on standard error.
    private func tellTraces() async {
        guard let collector = client.traces else { return }
        await client.transport.settle()
        var found: [JSONValue] = []
        for id in collector.ids {
            var request = APIRequest.get("traces", id)
            // This one is not to be traced.
            request.headers[TraceRequest.header] = "0"
            if let trace = try? await client.read(request), options.json || TraceText.isWorthShowing(trace) { found.append(trace) }
        }
        if options.json {
            terminal.printError(JSONValue.fields(["traces": .array(found)]).text())
        } else if collector.ids.isEmpty {
            terminal.note("no trace: only those who may manage plugins get one")
        } else {
            for trace in found { terminal.print("\n" + TraceText(style: style).text(trace)) }
            if found.isEmpty { terminal.note("no plugin ran and nothing was changed") }
        }
    }

    /// Prints a table; with `--json` the document behind it.
    func print(_ table: TextTable, empty: String, json document: APIResponse) {
        if options.json { return terminal.print(json: document.body) }
        if table.rows.isEmpty { return terminal.note(empty) }
        terminal.write(Array(table.text(style: style, width: terminal.width).utf8))
    }

    /// Says what was done; with `--json` prints the document instead.
    func report(_ sentence: String, json document: APIResponse) {
        if options.json {
            if !document.body.isEmpty { terminal.print(json: document.body) }
        } else {
            terminal.print(sentence)
        }
    }

    /// Goes on only with a yes: given by `--yes`, or typed on a terminal.
    func confirm(_ question: String) throws {
        if options.yes { return }
        switch terminal.confirm(question) {
        case true?: return
        case false?: throw CRMError(.refused, "nothing was changed")
        case nil: throw UsageError("this needs a yes, and there is no terminal to ask on", hint: "Repeat it with --yes.")
        }
    }
}

/// A command that works through the JSON interface.
protocol ClientCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }
    func run(_ session: Session) async throws
}

extension ClientCommand {
    mutating func run() async throws {
        let command = self
        try await Session.run(global.client) { try await command.run($0) }
    }
}
