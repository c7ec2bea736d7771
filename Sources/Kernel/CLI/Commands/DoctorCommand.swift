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
            table.add([
                JobsCommand.cell(state: check["state"].scalar), TextTable.Cell(check["check"].scalar), TextTable.Cell(check["message"].scalar),
            ])
        }
        session.print(table, empty: "no checks", json: response)
        if !session.options.json { tell(checks.filter { $0["state"].scalar != "ok" }, session) }
        let failed = checks.count { $0["state"].scalar == "failed" }
        if failed > 0 { throw PartialResult(message: "\(failed) of \(checks.count) checks failed", status: .failure) }
    }

    /// What is not well, whole: in the table a narrow terminal may have cut it.
    private func tell(_ checks: [JSONValue], _ session: Session) {
        let width: Int = min(session.terminal.width ?? 100, 100)
        for check in checks {
            let (message, hint) = (check["message"].scalar, check["hint"].scalar)
            let words: String = hint.isEmpty ? message.asSentence : message.asSentence + " " + hint
            session.terminal.print("")
            session.terminal.print(session.style(check["state"].scalar == "failed" ? .bad : .warning, check["check"].scalar.tame))
            for line in words.tame.wrapped(to: width - 2) { session.terminal.print("  " + line) }
        }
    }
}
