import PluginAPI

/// `list`: a page of records as a table.
struct RecordListing: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let specs: [OptionSpec] = [
        OptionSpec("search", short: "q", .one("text"), "Only records in which the text is found."),
        OptionSpec("where", short: "w", .many("condition"), "A condition, such as 'value.gte=1000' or 'name~berg', or a formula; all must hold."),
        OptionSpec("columns", short: "c", .one("a,b,…"), "The fields to show, in order."),
        OptionSpec("sort", short: "s", .one("field"), "The order; a minus before the field turns it round."),
        OptionSpec("limit", short: "n", .one("count"), "At most so many records (50)."),
        OptionSpec("all", .flag, "All records, however many."),
        OptionSpec("cursor", .one("cursor"), "Go on where `next` of an earlier answer points."),
        OptionSpec("mark", .one("name"), "Only records that carry a mark, where the plugin gives any."),
        OptionSpec("count", .flag, "Count all records that match, too."),
    ]

    private static let pageSize = 200

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) list"
        let options = RecordListing.specs + RecordFilter.specs(command.entity) + ClientOptions.specs
        let read = try ArgumentReader.read(arguments, options: options, command: name)
        if let word = read.words.first {
            throw UsageError("\(name) takes no argument: \(word)", hint: "To search, write `\(name) -q \"\(word)\"`.")
        }
        let columns = try self.columns(read)
        let filter = RecordFilter(command: command)
        var query = try filter.query(read)
        if let sort = read.value("sort") { query.append(APIRequest.QueryItem("sort", try filter.sort(sort))) }
        if let mark = read.value("mark"), command.entity.field("mark") == nil { query.append(APIRequest.QueryItem("mark", mark)) }
        if let cursor = read.value("cursor") { query.append(APIRequest.QueryItem("cursor", cursor)) }
        if read.has("count") { query.append(APIRequest.QueryItem("count", "true")) }

        if read.has("columns") { query.append(APIRequest.QueryItem("columns", columns.map(\.name).joined(separator: ","))) }
        let limit = try self.limit(read)
        let page = try await fetch(query, limit: read.has("all") ? nil : limit)
        if command.session.options.json { return command.session.terminal.print(json: page.body) }
        await show(counted(page), read.has("columns") ? columns : columns + command.entity.counts)
    }

    private func limit(_ read: ReadArguments) throws -> Int {
        guard let text = read.value("limit") else { return 50 }
        guard let limit = Int(text), limit > 0 else { throw UsageError("--limit takes a number of 1 or more") }
        return limit
    }

    func columns(_ read: ReadArguments) throws -> [FieldInfo] {
        guard let text = read.value("columns") else {
            let names = command.entity.columns
            let fields = (names.contains("id") ? names : ["id"] + names).compactMap(command.entity.field)
            return fields.contains { $0.name == "id" } ? fields : [RecordListing.idField] + fields
        }
        return try text.split(separator: ",").map { word in
            word == "id" ? RecordListing.idField : try command.field(String(word).trimmed)
        }
    }

    /// Records have their id whether or not the schema lists it among the fields.
    static let idField = FieldInfo(.fields(["name": .string("id"), "type": .string("integer"), "label": .string("ID")]))

    /// What came of one or more requests.
    struct Page: Sendable {
        var records: [JSONValue]
        var next: JSONValue
        var total: Int64?
        /// The server's own words for one page; several are joined in the same form.
        var body: [UInt8]
    }

    func fetch(_ query: [APIRequest.QueryItem], limit: Int?) async throws -> Page {
        var page = Page(records: [], next: .null, total: nil, body: [])
        var query = query
        var pages = 0
        repeat {
            let size = min(limit.map { $0 - page.records.count } ?? Self.pageSize, Self.pageSize)
            query.removeAll { $0.name == "limit" }
            query.append(APIRequest.QueryItem("limit", String(size)))
            let response = try await command.session.client.send(.get(command.entity.path, query: query))
            let document = try APIClient.document(response)
            page.records += document["data"].elements
            page.next = document["next"] ?? .null
            page.total = document["total"].int ?? page.total
            page.body = response.body
            pages += 1
            // Counted once; the cursor stands for everything else.
            query.removeAll { $0.name == "cursor" || $0.name == "count" }
            if let next = page.next.string { query.append(APIRequest.QueryItem("cursor", next)) }
        } while page.next.string != nil && (limit.map { page.records.count < $0 } ?? true)
        if pages > 1 {
            var document = JSONValue.fields(["data": .array(page.records), "next": page.next])
            if let total = page.total { document.set("total", .integer(total)) }
            page.body = Array(document.text().utf8)
        }
        return page
    }

    /// The counts of each record as if they were fields, for the table.
    private func counted(_ page: Page) -> Page {
        guard !command.entity.counts.isEmpty else { return page }
        var page = page
        page.records = page.records.map { record in
            var record = record
            for count in command.entity.counts {
                record.set(count.name, record["counts"][String(count.name.dropFirst("counts.".count))] ?? .null)
            }
            return record
        }
        return page
    }

    private func show(_ page: Page, _ columns: [FieldInfo]) async {
        let session = command.session
        let plural = command.entity.pluralTitle.lowercased()
        guard !page.records.isEmpty else { return session.terminal.note("no \(plural) found") }
        let colors = await command.colors(for: columns)
        var table = TextTable(
            columns.map { field in
                TextTable.Column(
                    title: field.label, alignsRight: field.isNumeric, canShrink: !field.isNumeric && field.kind != .day,
                    least: field.name == command.entity.labelField ? 20 : field.isAddress ? 16 : 10)
            })
        let marks: [String] = page.records.map(command.marks)
        if marks.contains(where: { !$0.isEmpty }) { table.columns.insert(TextTable.Column(title: "Marks"), at: min(2, table.columns.count)) }
        for (record, marks) in zip(page.records, marks) {
            var cells = columns.map { TerminalText.cell($0, of: record, colors: colors) }
            if table.columns.count > cells.count { cells.insert(TextTable.Cell(marks), at: min(2, cells.count)) }
            table.add(cells)
        }
        let dropped = table.dropColumns(toFit: session.terminal.width)
        session.terminal.write(Array(table.text(style: session.style, width: session.terminal.width).utf8))
        if !dropped.isEmpty {
            session.terminal.note(session.style(.dim, "no room for \(dropped.joined(separator: ", ")); --columns chooses what to show"))
        }
        let shown = "\(TerminalText.grouped(String(page.records.count))) \(page.records.count == 1 ? command.entity.title.lowercased() : plural)"
        let of = page.total.map { " of \(TerminalText.grouped(String($0)))" } ?? ""
        if page.next.string != nil {
            session.terminal.note(session.style(.dim, "\(shown)\(of); more with --limit or --all"))
        } else if page.total != nil {
            session.terminal.note(session.style(.dim, "\(shown)\(of)"))
        }
    }
}
