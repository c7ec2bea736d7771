import ArgumentParser
import PluginAPI

struct DoctorCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look whether the deployment is well: store, plugins, schedules, deliveries.",
        discussion: "EXAMPLES:\n  tenon doctor\n  tenon doctor --json")
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let response = try await session.client.send(.get("doctor"))
        let checks = try APIClient.document(response)["data"].elements
        var table = TextTable("State", "Check", "Finding")
        for check in checks {
            let hint = check["hint"].scalar
            table.add([
                JobsCommand.cell(state: check["state"].scalar), TextTable.Cell(check["check"].scalar),
                TextTable.Cell(check["message"].scalar + (hint.isEmpty ? "" : ". " + hint)),
            ])
        }
        session.print(table, empty: "no checks", json: response)
        let failed = checks.count { $0["state"].scalar == "failed" }
        if failed > 0 { throw PartialResult(message: "\(failed) of \(checks.count) checks failed", status: .failure) }
    }
}
