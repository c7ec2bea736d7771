import ArgumentParser
import PluginAPI

struct NotificationsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifications",
        abstract: "What you were told; with --read it counts as read.",
        discussion: "EXAMPLES:\n  tenon notifications --unread\n  tenon notifications --read --as anna@example.com")
    @Flag(help: "Only those not read yet.") var unread = false
    @Flag(help: "Mark all of them as read.") var read = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let response = try await session.client.send(.get("notifications", query: unread ? [APIRequest.QueryItem("unread", "true")] : []))
        var table = TextTable("", "When", "What", "Record")
        for notice in try APIClient.document(response)["data"].elements {
            let isNew = notice["read_at"].isNull
            let path = notice["path"].scalar
            table.add([
                TextTable.Cell(isNew ? "●" : " ", .accent), TextTable.Cell(TerminalText.moment(notice["created_at"].scalar), .dim),
                TextTable.Cell(notice["message"].scalar),
                TextTable.Cell(path.isEmpty ? "" : "tenon \(path) show \(notice["record"].scalar)", .dim),
            ])
        }
        session.print(table, empty: unread ? "nothing new" : "nothing yet", json: response)
        if read { try await session.client.send(.send("POST", "notifications", "read-all", body: .object([]))) }
    }
}
