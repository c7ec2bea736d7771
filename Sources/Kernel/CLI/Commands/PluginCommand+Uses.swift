import PluginAPI

extension PluginCommand {
    /// What a plugin did beyond its own records, and what was refused to it.
    static func show(uses document: JSONValue, _ session: Session) {
        let uses = document["data"].elements
        if uses.isEmpty { return }
        session.terminal.print()
        var table = TextTable("Beyond its own records", "Times", "Last", "")
        for use in uses {
            let isRefused: Bool = use["refused"]?.bool ?? false
            table.add([
                TextTable.Cell(use["words"].scalar), TextTable.Cell(use["count"].scalar), TextTable.Cell(use["last_at"].scalar),
                isRefused ? TextTable.Cell("refused", .bad) : TextTable.Cell("approved", .good),
            ])
        }
        session.terminal.write(Array(table.text(style: session.style, width: session.terminal.width).utf8))
    }
}
