import PluginAPI

/// `export`: all records that match, streamed as CSV or JSON.
struct RecordExport: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let specs: [OptionSpec] = [
        OptionSpec("format", .one("csv|json"), "The form; else told by the file's ending, else csv."),
        OptionSpec("output", short: "o", .one("file"), "Write to this file, which appears once it is complete."),
        OptionSpec("ids", .one("id,id,…"), "Only these records."),
        OptionSpec("columns", short: "c", .one("a,b,…"), "The fields to write, in order; else all of them."),
        OptionSpec("search", short: "q", .one("text"), "Only records in which the text is found."),
        OptionSpec("where", short: "w", .many("condition"), "A condition, such as 'value.gte=1000'; all must hold."),
        OptionSpec("sort", short: "s", .one("field"), "The order; a minus before the field turns it round."),
    ]

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) export"
        let options = RecordExport.specs + RecordFilter.specs(command.entity) + ClientOptions.specs
        let read = try ArgumentReader.read(arguments, options: options, command: name)
        if let word = read.words.first {
            throw UsageError("\(name) takes no argument: \(word)", hint: "To write to a file, use `-o \(word)`.")
        }
        let output = read.value("output").flatMap { $0 == "-" ? nil : $0 }
        let format = try format(read, output)
        let filter = RecordFilter(command: command)
        var query = [APIRequest.QueryItem("format", format)]
        if let columns = read.value("columns") {
            let names = try columns.split(separator: ",").map { word -> String in
                let word = String(word).trimmed
                return word == "id" ? word : try command.field(word).name
            }
            query.append(APIRequest.QueryItem("columns", names.joined(separator: ",")))
        }
        if let ids = read.value("ids") { query.append(APIRequest.QueryItem("id", ids)) }
        query += try filter.query(read)
        if let sort = read.value("sort") { query.append(APIRequest.QueryItem("sort", try filter.sort(sort))) }
        var request = APIRequest.get(command.entity.path, "export", query: query)
        request.headers["accept"] = format == "csv" ? "text/csv" : "application/json"

        guard let output else {
            let terminal = command.session.terminal
            try await command.session.client.send(request, sink: { terminal.write($0) })
            return
        }
        let file = try PartFile(output)
        try await command.session.client.send(request, sink: { try file.write($0) })
        let size = try file.finish()
        command.session.terminal.note("wrote \(output) (\(TerminalText.grouped(String(size))) bytes)")
    }

    private func format(_ read: ReadArguments, _ output: String?) throws -> String {
        let format = read.value("format") ?? (output?.lowercased().hasSuffix(".json") == true ? "json" : "csv")
        guard ["csv", "json"].contains(format) else { throw UsageError("--format takes csv or json") }
        return format
    }
}
