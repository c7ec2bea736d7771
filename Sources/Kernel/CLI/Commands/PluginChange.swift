import ArgumentParser
import PluginAPI

/// One change of plugins on the command line: shows the plan, asks what is to be asked, and has it done.
struct PluginChange: Sendable {
    let action: PluginPlan.Action
    let ids: [String]
    var cascade = false
    /// Whether what is asked for is approved beforehand.
    var approves = false
    /// The ids that were typed so that their data may go.
    var destroys: [String] = []
    /// Whether the plan is shown, where somebody reads along.
    var shows = false

    /// The plan as the deployment makes it.
    func plan(_ session: Session) async throws -> (plan: PluginPlan, response: APIResponse) {
        let body = JSONValue.fields([
            "action": .string(action.rawValue), "plugins": .array(ids.map(JSONValue.string)), "cascade": .boolean(cascade),
        ])
        let response: APIResponse = try await session.client.send(.send("POST", "plugins", "plan", body: body))
        do { return (try PayloadCoding.decode(PluginPlan.self, from: response.body), response) } catch {
            throw CRMError(.unavailable, "the plan could not be read", hint: "Is the server of the same release?", cause: error)
        }
    }

    /// Carries the plan out; nil when there was nothing to do.
    func carryOut(_ session: Session) async throws -> APIResponse? {
        let (plan, _) = try await plan(session)
        if plan.isEmpty { return nil }
        let isAsking: Bool = !plan.destroyed.isEmpty || !plan.approvals.isEmpty || shows
        if isAsking, !session.options.json { PluginChange.show(plan, session) }
        try approve(plan, session)
        try typedYes(plan, session)
        var body = JSONValue.fields([
            "cascade": .boolean(cascade), "digest": .string(plan.digest), "approve": .boolean(true),
            "destroy": .array(plan.destroyed.map(JSONValue.string)),
        ])
        if ids.count > 1 { body.set("plugins", .array(ids.map(JSONValue.string))) }
        let path: [String] = ids.count > 1 ? ["plugins", action.rawValue] : ["plugins", ids[0], action.rawValue]
        var request = APIRequest(method: "POST", path: ["api", "v1"] + path)
        request.attach(body)
        return try await session.client.send(request)
    }

    /// The plugin as it stands, when there was nothing to do.
    func unchanged(_ session: Session) async throws -> APIResponse {
        ids.count == 1 ? try await session.client.send(.get("plugins", ids[0])) : try await session.client.send(.get("plugins"))
    }

    private func approve(_ plan: PluginPlan, _ session: Session) throws {
        guard !plan.approvals.isEmpty, !approves, !session.options.yes else { return }
        switch session.terminal.confirm("Approve what it asks for?") {
        case true?: return
        case false?: throw CRMError(.refused, "nothing was changed")
        case nil:
            throw UsageError(
                "nobody has approved what is asked for: \(plan.approvals.joined(separator: "; "))", hint: "Repeat it with --approve.")
        }
    }

    /// Losing data takes the plugin's id, typed.
    private func typedYes(_ plan: PluginPlan, _ session: Session) throws {
        for id in plan.destroyed where !destroys.contains(id) {
            switch session.terminal.ask("Type \(id) to drop its data:") {
            case id?: continue
            case _?: throw CRMError(.refused, "nothing was changed")
            case nil: throw UsageError("this drops the data of \(id), and there is no terminal to ask on", hint: "Repeat it with --yes-destroy \(id).")
            }
        }
    }

    static func show(_ plan: PluginPlan, _ session: Session) {
        let (terminal, style) = (session.terminal, session.style)
        for id in plan.standing { terminal.print(style(.dim, "\(id): nothing to do")) }
        for step in plan.steps {
            terminal.print(style(.bold, "\(plan.action.rawValue.readable) \(step.title)"))
            for section in step.sections {
                let head: String
                switch section.tone {
                case .plain: head = style(.dim, section.title)
                case .question: head = style(.warning, section.title)
                case .loss: head = style(.bad, section.title)
                }
                let inline: String = section.brief
                if inline.columns <= 60, section.tone == .plain {
                    terminal.print("  \(head)  \(inline.tame)")
                } else {
                    terminal.print("  \(head)")
                    let width: Int = min(terminal.width ?? 100, 100) - 4
                    let isNames: Bool = section.tone == .plain && section.title != "Note"
                    let lines: [String] = isNames ? [inline] : section.lines.map(\.text)
                    for line in lines.flatMap({ $0.tame.wrapped(to: width) }) { terminal.print("    " + line) }
                }
            }
        }
        if plan.isEmpty { terminal.print("nothing to do") } else { terminal.print(style(.dim, "plan \(Checksum.short(plan.digest))")) }
    }
}

struct PluginPlanCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what a change would do, and do nothing.",
        discussion: """
            EXAMPLES:
              tenon plugin plan enable NAME OTHER
              tenon plugin plan upgrade NAME
              tenon plugin plan uninstall NAME --json
            """)
    @Argument(help: "enable, disable, upgrade or uninstall.") var action: String
    @Argument(help: "The plugins' ids.") var ids: [String]
    @Flag(help: "With the plugins that are required, or that require these.") var cascade = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        guard let action = PluginPlan.Action(rawValue: action) else {
            throw UsageError("there is no plan to \(action)", hint: "Write enable, disable, upgrade or uninstall.")
        }
        let (plan, response) = try await PluginChange(action: action, ids: ids, cascade: cascade).plan(session)
        if session.options.json { return session.terminal.print(json: response.body) }
        PluginChange.show(plan, session)
    }
}

struct PluginEnableCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Switch plugins on, without a restart.",
        discussion: "EXAMPLES:\n  tenon plugin enable NAME\n  tenon plugin enable NAME OTHER --cascade --approve")
    @Argument(help: "The plugins' ids.") var ids: [String]
    @Flag(help: "Switch on the plugins that they require, too.") var cascade = false
    @Flag(help: "Approve what they ask for.") var approve = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let change = PluginChange(action: .enable, ids: ids, cascade: cascade, approves: approve)
        let names: String = ids.joined(separator: ", ")
        guard let response = try await change.carryOut(session) else {
            return session.report("\(names): enabled already", json: try await change.unchanged(session))
        }
        session.report(ids.count == 1 ? "plugin \(names) is enabled" : "plugins \(names) are enabled", json: response)
    }
}

struct PluginDisableCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Switch plugins off: what they add disappears, their data stays.",
        discussion: "EXAMPLES:\n  tenon plugin disable NAME\n  tenon plugin disable NAME --cascade")
    @Argument(help: "The plugins' ids.") var ids: [String]
    @Flag(help: "Switch off the plugins that require them, too.") var cascade = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let change = PluginChange(action: .disable, ids: ids, cascade: cascade)
        let names: String = ids.joined(separator: ", ")
        guard let response = try await change.carryOut(session) else {
            return session.report("\(names): disabled already", json: try await change.unchanged(session))
        }
        session.report(ids.count == 1 ? "plugin \(names) is disabled; its data stays" : "plugins \(names) are disabled; their data stays", json: response)
    }
}

struct PluginUpgradeCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Take the version in the plugins folder in place of the one that runs.",
        discussion: """
            It is tried in a process of its own first. A running server takes it over by starting its worker anew; if anything of
            the upgrade fails, the old version goes on serving and `tenon plugin info` says why.

            EXAMPLES:
              tenon plugin plan upgrade NAME
              tenon plugin upgrade NAME
            """)
    @Argument(help: "The plugin's id.") var id: String
    @Flag(help: "Approve what it asks for beyond what it may already.") var approve = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        var change = PluginChange(action: .upgrade, ids: [id], approves: approve)
        change.shows = true
        guard let response = try await change.carryOut(session) else {
            return session.report("plugin \(id) is up to date", json: try await change.unchanged(session))
        }
        let plugin: JSONValue = try APIClient.document(response)
        let isWaiting: Bool = plugin["upgrade"]?["state"].scalar == "pending"
        if isWaiting, plugin["restarting"].bool ?? false { return try await follow(session) }
        let word: String = isWaiting
            ? "version \(plugin["upgrade"]?["version"].scalar ?? "") of \(id) takes over with the next start"
            : "plugin \(id) is \(plugin["version"].scalar) now"
        session.report(word, json: response)
    }

    /// Waits for the server's next worker, which carries the upgrade out or gives it up.
    private func follow(_ session: Session) async throws {
        for _ in 0..<300 {
            try await Task.sleep(for: .milliseconds(100))
            // Between two workers there may be no answer for a moment.
            guard let response = try? await session.client.answer(.get("plugins", id)), response.isSuccess else { continue }
            let plugin: JSONValue = try APIClient.document(response)
            switch plugin["upgrade"]?["state"].scalar {
            case "pending": continue
            case "failed":
                let upgrade: JSONValue = plugin["upgrade"] ?? .null
                throw CRMError(
                    .refused, "version \(upgrade["version"].scalar) of \(id) could not take over: \(upgrade["reason"].scalar)",
                    hint: upgrade["hint"].scalar.isEmpty ? "Version \(plugin["version"].scalar) goes on serving." : upgrade["hint"].scalar)
            default: return session.report("plugin \(id) is \(plugin["version"].scalar) now", json: response)
            }
        }
        throw CRMError(.unavailable, "the server has not taken the upgrade up", hint: "See `tenon plugin info \(id)`.")
    }
}

struct PluginUninstallCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall", abstract: "Archive all that a plugin holds, then drop it.",
        discussion: """
            Without a terminal the loss must be named: --yes-destroy NAME. `tenon plugin restore ARCHIVE` brings it back.

            EXAMPLES:
              tenon plugin plan uninstall NAME
              tenon plugin uninstall NAME
            """)
    @Argument(help: "The plugin's id.") var id: String
    @Flag(help: "Switch off the plugins that require it.") var cascade = false
    @Option(name: .customLong("yes-destroy"), help: ArgumentHelp("The plugin's id once more: its data may go.", valueName: "id"))
    var destroys: [String] = []
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let change = PluginChange(action: .uninstall, ids: [id], cascade: cascade, destroys: destroys)
        guard let response = try await change.carryOut(session) else { return }
        let archives: [String] = try APIClient.document(response)["data"].elements.map { $0["archive"].scalar }
        session.report("plugin \(id) is uninstalled; what it held is in \(archives.joined(separator: ", "))", json: response)
    }
}

struct PluginRestoreCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Bring back what an uninstalled plugin held.",
        discussion: "The plugin must be enabled anew first.\n\nEXAMPLES:\n  tenon plugin restore data/archives/NAME-1.0.0-20260101T120000Z")
    @Argument(help: "The archive's folder.") var archive: String
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let response = try await session.client.send(.send("POST", "plugins", "restore", body: .fields(["archive": .string(archive)])))
        let answer: JSONValue = try APIClient.document(response)
        session.report("\(answer["records"].scalar) records of \(answer["id"].scalar) are back", json: response)
    }
}
