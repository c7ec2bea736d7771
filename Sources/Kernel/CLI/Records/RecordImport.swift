import FoundationEssentials
import PluginAPI

/// `import`: create or update records from a file, through the same importer as the browser's.
struct RecordImport: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let specs: [OptionSpec] = [
        OptionSpec("dry-run", short: "n", .flag, "Check every row and change nothing."),
        OptionSpec("map", short: "m", .many("column=field"), "Where a column goes; an empty field leaves it out."),
        OptionSpec("match", .one("field"), "The field by which rows and records belong together."),
        OptionSpec("mode", .one("create|update|both"), "What may happen to records (create; both with --match)."),
        OptionSpec("missing-references", .one("refuse|empty|create"), "What to do with names that no record has (refuse)."),
        OptionSpec("default", short: "d", .many("field=value"), "A value for rows that have none."),
        OptionSpec("date-format", .many("[column=]format"), "How days are written, where the file leaves it open: M/D/Y, D/M/Y, D.M.Y, Y-M-D, …"),
        OptionSpec("date-order", .one("day-first|month-first"), "What comes first in days such as 3/1/26, in all columns that leave it open."),
        OptionSpec("number-format", .many("column=format"), "How numbers are written: 1,234.56 or 1.234,56."),
        OptionSpec("multiply", .many("column=factor"), "Multiply numbers, such as millions by 1000000."),
        OptionSpec("empty", .many("text"), "A text that stands for nothing, such as NULL."),
        OptionSpec("currency", .one("code"), "The currency of amounts that name none."),
        OptionSpec("delimiter", .one("sign"), "What separates cells, unless it is plain: , ; | or tab."),
        OptionSpec("encoding", .one("name"), "How the text is encoded, unless it shows: utf-8, utf-16le, utf-16be or windows-1252."),
        OptionSpec("skip-errors", .flag, "Leave rows with errors out and import the others."),
        OptionSpec("errors", short: "e", .one("file"), "Write the rows that were left out to this CSV file, with the reason."),
    ]

    private var session: Session { command.session }

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) import"
        let read = try ArgumentReader.read(arguments, options: RecordImport.specs + ClientOptions.specs, command: name)
        guard read.words.count == 1 else {
            throw UsageError("\(name) takes one file", hint: "- reads standard input; see `\(name) --help`.")
        }
        let options = try settings(read)
        let path = read.words[0]
        let bytes = try InputFile.read(path)
        guard !bytes.isEmpty else { throw CRMError(.invalid, "the file \(path) is empty") }

        let run = ImportRun(session: session)
        let fileName = path == "-" ? "standard input" : URL(filePath: path).lastPathComponent
        let id = try await run.upload(bytes, entity: command.entity.name, fileName: fileName, reading(read))
        let isTrial = read.has("dry-run")
        do {
            let planned = try await run.set(id, options)
            try answered(planned)
            if isTrial, !session.options.json { session.terminal.print(ImportReport.mapping(planned, session)) }
            let document = try await run.start(id, dryRun: isTrial)
            if let file = read.value("errors") { try await run.writeErrors(id, to: file) }
            if isTrial { try? await run.forget(id) }
            try finish(try APIClient.document(document), document, dryRun: isTrial)
        } catch let error where !(error is PartialResult) {
            // What was not even begun leaves nothing behind.
            try? await run.forget(id)
            throw error
        }
    }

    /// What the file itself does not say about its form.
    private func reading(_ read: ReadArguments) -> [APIRequest.QueryItem] {
        ["delimiter", "encoding"].compactMap { name in read.value(name).map { APIRequest.QueryItem(name, $0) } }
    }

    /// Throws unless everything about the file is clear.
    private func answered(_ planned: JSONValue) throws {
        let missing = planned["missing"].strings
        guard missing.isEmpty else {
            throw UsageError(
                "no column is mapped to \(missing.joined(separator: ", ")), which every record needs",
                hint: "Name a column with --map 'column=\(missing[0])', or a value for all rows with --default \(missing[0])=….")
        }
        let questions = planned["questions"].elements
        guard let question = questions.first else { return }
        let header = question["header"].scalar
        let option = question["subject"].scalar.dashed
        let choices = question["options"].strings
        let examples = question["examples"].strings.map { "“\($0)”" }.joined(separator: ", ")
        let order = (choices.first ?? "").hasPrefix("D") || (choices.first ?? "").hasPrefix("day") ? "day-first" : "month-first"
        let all = option == "date-format" ? ", or for all columns with --date-order \(order)" : ""
        throw UsageError(
            "the column \(header) can be read in several ways: \(choices.joined(separator: " or "))\(examples.isEmpty ? "" : ", as in \(examples)")",
            hint: "Choose with --\(option) '\(header)=\(choices.first ?? "")'\(all).")
    }

    /// What the options ask for, as the importer takes it.
    private func settings(_ read: ReadArguments) throws -> JSONValue {
        var options = JSONValue.object([])
        var map: [JSONValue.Member] = []
        for text in read.all("map") {
            let (column, field) = try pair(text, "--map column=field")
            map.append(.init(name: column, value: field.isEmpty ? .null : .string(try self.field(field))))
        }
        if !map.isEmpty { options.set("map", .object(map)) }
        let match = try read.value("match").map(self.field)
        if let match { options.set("match", .string(match)) }
        let mode = read.value("mode") ?? (match == nil ? "create" : "both")
        guard ["create", "update", "both"].contains(mode) else { throw UsageError("--mode takes create, update or both") }
        if mode != "create", match == nil {
            throw UsageError("--mode \(mode) needs --match", hint: "Name the field that tells which record a row belongs to.")
        }
        options.set("mode", .string(mode))
        var defaults: [JSONValue.Member] = []
        for text in read.all("default") {
            let (name, value) = try pair(text, "--default field=value")
            defaults.append(.init(name: try field(name), value: .string(value)))
        }
        if !defaults.isEmpty { options.set("defaults", .object(defaults)) }
        if let code = read.value("currency") { options.set("currency", .string(code)) }
        if read.has("empty") { options.set("empty_texts", .array(read.all("empty").map { .string($0) })) }
        try formats(read, into: &options)
        switch read.value("missing-references") ?? "refuse" {
        case "refuse": break
        case "empty": options.set("unknown_references", .string("leave-empty"))
        case "create": options.set("unknown_references", .string("create"))
        default: throw UsageError("--missing-references takes refuse, empty or create")
        }
        options.set("skip_errors", .boolean(read.has("skip-errors")))
        return options
    }

    /// How single columns are written.
    private func formats(_ read: ReadArguments, into options: inout JSONValue) throws {
        var days: [JSONValue.Member] = []
        for text in read.all("date-format") {
            guard text.contains("=") else {
                options.set("date_format", .string(text))
                continue
            }
            let (column, format) = try pair(text, "--date-format column=format")
            days.append(.init(name: column, value: .string(format)))
        }
        if !days.isEmpty { options.set("date_formats", .object(days)) }
        if let order = read.value("date-order") { options.set("date_order", .string(order)) }
        let numbers = try read.all("number-format").map { text -> JSONValue.Member in
            let (column, format) = try pair(text, "--number-format column=format")
            return .init(name: column, value: .string(format))
        }
        if !numbers.isEmpty { options.set("number_formats", .object(numbers)) }
        let factors = try read.all("multiply").map { text -> JSONValue.Member in
            let (column, factor) = try pair(text, "--multiply column=factor")
            guard let number = Int64(factor) else { throw UsageError("not a whole number: \(factor)") }
            return .init(name: column, value: .integer(number))
        }
        if !factors.isEmpty { options.set("multipliers", .object(factors)) }
    }

    private func field(_ word: String) throws -> String { word == "id" ? word : try command.field(word).name }

    private func pair(_ text: String, _ form: String) throws -> (String, String) {
        guard let equals = text.lastIndex(of: "=") else { throw UsageError("not understood: \(text)", hint: "Write it as \(form).") }
        return (String(text[..<equals]).trimmed, String(text[text.index(after: equals)...]).trimmed)
    }

    private func finish(_ result: JSONValue, _ response: APIResponse, dryRun: Bool) throws {
        if session.options.json {
            session.terminal.print(json: response.body)
        } else {
            session.terminal.write(Array(ImportReport(session: session, plural: command.entity.pluralTitle.lowercased()).text(result, dryRun: dryRun).utf8))
        }
        let failed = result["failed"].int ?? 0
        if result["state"].scalar == "failed" {
            throw PartialResult(message: result["error"]["message"].string ?? "rows have errors; nothing was changed (--skip-errors leaves them out)", status: .failure)
        }
        if failed > 0 {
            throw PartialResult(message: "", status: .partial)
        }
    }
}
