import ArgumentParser
import PluginAPI

struct DoctorCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look whether the deployment is well, and whether all that it keeps agrees.",
        discussion: """
            Looks at the stored bytes, at links, and at whether the search index, the trail, the figures of boards, the keys of \
            duplicates and the files agree with the records. Changes nothing, unless --fix has it make anew what follows from the rest. \
            It reads everything: with a million records that takes minutes, while the server goes on.

            EXAMPLES:
              tenon doctor
              tenon doctor --fix
              tenon doctor --json
            """)
    @Flag(help: "Make anew what follows from other things and is not as it should be.") var fix = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        session.terminal.progress("looking …")
        defer { session.terminal.progress("") }
        let response = try await session.client.send(fix ? .send("POST", "doctor") : .get("doctor"))
        session.terminal.progress("")
        let document = try APIClient.document(response)
        let checks = document["data"].elements
        if !session.options.json {
            for mended in document["mended"].elements { session.terminal.print(mended.scalar) }
        }
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
