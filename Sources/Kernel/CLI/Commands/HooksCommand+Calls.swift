import ArgumentParser
import PluginAPI

/// What runs when, how long it takes, and what became of an event.
extension HooksCommand {
    struct Rules: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "rules", abstract: "List what runs when a record changes, in the order in which it runs.",
            discussion: "Phases run in this order: prepare, validate, on_save; on_delete before a deletion.\n\nEXAMPLES:\n  tenon hooks rules\n  tenon hooks rules user --json")
        @Argument(help: "Only those of this entity.") var entity: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("hooks", "rules"))
            var table = TextTable("Entity", "Phase", ">Order", "Plugin", "Name", ">Priority")
            for rule in try APIClient.document(response)["data"].elements {
                if let entity, rule["entity"].scalar != entity.underscored { continue }
                table.add(
                    rule["entity"].scalar, rule["phase"].scalar, rule["order"].scalar, rule["plugin"].scalar, rule["name"].scalar,
                    rule["priority"].scalar)
            }
            session.print(table, empty: "no rules", json: response)
        }
    }

    struct Slow: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "slow", abstract: "List code of plugins that took longer than its time budget.",
            discussion: "The budgets are settings: kernel.budget_transaction, _route, _after and _job.\n\nEXAMPLES:\n  tenon hooks slow\n  tenon hooks slow --forget")
        @Flag(help: "Begin to count anew.") var forget = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            if forget {
                let response = try await session.client.send(.send("DELETE", "hooks", "slow"))
                return session.report("slow calls are counted anew", json: response)
            }
            let response = try await session.client.send(.get("hooks", "slow"))
            var table = TextTable("Plugin", "Kind", "Name", ">Times", ">Worst ms", ">Last ms", ">Budget ms", "Last")
            for call in try APIClient.document(response)["data"].elements {
                table.add(
                    call["plugin"].scalar, call["kind"].scalar, call["name"].scalar, call["count"].scalar, call["worst_ms"].scalar,
                    call["last_ms"].scalar, call["budget_ms"].scalar, TerminalText.moment(call["last_at"].scalar))
            }
            session.print(table, empty: "no plugin has exceeded its time budget", json: response)
        }
    }

    struct Trace: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "trace", abstract: "Show what became of an event that a change sent.",
            discussion: "A change that is made with --trace names its events; what their listeners did is kept for some minutes.\n\nEXAMPLES:\n  tenon hooks trace 12")
        @Argument(help: "The event's id.") var event: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("hooks", "events", String(event)))
            if session.options.json { return session.terminal.print(json: response.body) }
            let found = try APIClient.document(response)
            let state = found["state"].scalar
            let look: TextStyle.Look = state == "failed" ? .bad : state == "delivered" ? .good : .warning
            var line = "event \(event), \(found["hook"].scalar) for \(found["plugin"].scalar): " + session.style(look, state)
            if let attempts = found["attempts"].int, attempts > 1 { line += " after \(attempts) attempts" }
            if let next = found["next_at"].string, state == "pending" { line += ", due \(TerminalText.moment(next))" }
            session.terminal.print(line)
            let error = found["error"].scalar
            if !error.isEmpty, found["steps"].elements.isEmpty { session.terminal.print("  " + error.tame) }
            let tree = TraceText(style: session.style).tree(found["steps"].elements)
            if !tree.isEmpty { session.terminal.write(Array(tree.utf8)) }
        }
    }
}
