import ArgumentParser
import PluginAPI

struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Work in the background: schedules and the queue.",
        discussion: "EXAMPLES:\n  tenon jobs list\n  tenon jobs run NAME\n  tenon jobs retry 17",
        subcommands: [List.self, Run.self, Retry.self])

    static func cell(state: String) -> TextTable.Cell {
        switch state {
        case "done", "ok": TextTable.Cell(state, .good)
        case "failed": TextTable.Cell(state, .bad)
        case "running", "warning": TextTable.Cell(state, .warning)
        default: TextTable.Cell(state, .dim)
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List schedules, and what is queued, running or failed.", discussion: "EXAMPLES:\n  tenon jobs list --json")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("jobs"))
            if session.options.json { return session.terminal.print(json: response.body) }
            let document = try APIClient.document(response)
            var schedules = TextTable("Schedule", "Plugin", "Runs", "Next", "Last")
            for job in document["schedules"].elements {
                schedules.add(
                    job["name"].scalar, job["plugin"].scalar, job["schedule"].scalar, TerminalText.moment(job["next_at"].scalar),
                    TerminalText.moment(job["last_at"].scalar))
            }
            var queue = TextTable(">ID", "Job", "State", ">Tries", "Due", "Error")
            for job in document["queue"].elements {
                queue.add([
                    TextTable.Cell(job["id"].scalar), TextTable.Cell(job["name"].scalar), JobsCommand.cell(state: job["state"].scalar),
                    TextTable.Cell(job["attempts"].scalar), TextTable.Cell(TerminalText.moment(job["run_at"].scalar)),
                    TextTable.Cell(job["error"].scalar),
                ])
            }
            session.print(schedules, empty: "no schedules", json: response)
            if !queue.rows.isEmpty {
                session.terminal.print()
                session.print(queue, empty: "", json: response)
            }
        }
    }

    struct Run: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Run a job now, beside its schedule.", discussion: "EXAMPLES:\n  tenon jobs run NAME")
        @Argument(help: "The job's name.") var name: String
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.send("POST", "jobs", name, "run", body: .object([])))
            session.report("job \(name) is queued", json: response)
        }
    }

    struct Retry: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Queue a failed job again.", discussion: "EXAMPLES:\n  tenon jobs retry 17")
        @Argument(help: "The queued job's id.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.send("POST", "jobs", "queue", String(id), "retry", body: .object([])))
            session.report("job \(id) is queued again", json: response)
        }
    }
}
