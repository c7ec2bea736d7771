import ArgumentParser
import PluginAPI

struct ApplyCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring the deployment to what a text file says: plugins, fields, settings, rights.",
        discussion: """
            Plugins that the file does not name are switched off and keep their data; nothing is ever deleted. Applying a file a
            second time changes nothing. A part that the file does not have is left as it is.

            EXAMPLES:
              tenon apply --print > deployment.json
              tenon apply deployment.json
              tenon apply deployment.json --check
            """)
    @Argument(help: "The file; - reads standard input.") var file: String?
    @Flag(help: "Print what the deployment is made of now.") var print = false
    @Flag(help: "Only say what would change; ends with status 1 when something would.") var check = false
    @Flag(help: "Approve what the plugins ask for.") var approve = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if (file == nil) != print { throw ValidationError("Give either a file or --print") }
    }

    func run(_ session: Session) async throws {
        guard let file else {
            let response = try await session.client.send(.get("deployment"))
            return session.terminal.write(response.body + [UInt8(ascii: "\n")])
        }
        let document: JSONValue
        do { document = try JSONValue(parsing: try InputFile.read(file)) } catch let error as CRMError where error.code == .malformed {
            throw CRMError(.malformed, "\(file) is not JSON: \(error.message)", hint: error.hint)
        }
        var body = JSONValue.fields(["document": document, "dry_run": .boolean(true)])
        let shown = try await session.client.send(.send("POST", "deployment", body: body))
        let plan: JSONValue = try APIClient.document(shown)
        let changes: [JSONValue] = plan["changes"].elements
        if changes.isEmpty { return session.report("nothing to change", json: shown) }
        if !session.options.json {
            for change in changes {
                session.terminal.print("\(change["what"].scalar.padded(to: 8)) \(change["kind"].scalar.padded(to: 8)) \(change["name"].scalar)")
            }
        }
        if check {
            if session.options.json { session.terminal.print(json: shown.body) }
            throw PartialResult(message: session.options.json ? "" : "the deployment is not what \(file) says", status: .failure)
        }
        var approves: Bool = approve || session.options.yes
        let asks: [String] = plan["asks"].strings
        if !asks.isEmpty, !approves {
            for ask in asks { session.terminal.printError("  " + ask) }
            switch session.terminal.confirm("Approve what is asked for?") {
            case true?: approves = true
            case false?: throw CRMError(.refused, "nothing was changed")
            case nil: throw UsageError("nobody has approved what is asked for: \(asks.joined(separator: "; "))", hint: "Repeat it with --approve.")
            }
        }
        body.set("dry_run", .boolean(false))
        body.set("digest", .string(plan["digest"].scalar))
        body.set("approve", .boolean(approves))
        let done = try await session.client.send(.send("POST", "deployment", body: body))
        session.report("\(changes.count) \(changes.count == 1 ? "change" : "changes") made", json: done)
    }
}
