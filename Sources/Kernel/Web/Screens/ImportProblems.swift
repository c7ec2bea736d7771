import PluginAPI

/// What is wrong with a file: the same problem once, with how many rows have it, the first of them, and what to do; all rows on a
/// page of their own.
struct ImportProblems {
    let visit: Visit
    let item: JSONValue
    let id: String

    var failed: Int { item["failed"]?.int.map { Int($0) } ?? 0 }
    private var good: Int { (item["total"]?.int.map { Int($0) } ?? 0) - failed }

    private var download: HTML {
        "<a class=\"button compact\" href=\"/api/v1/imports/\(id)/problems.csv\" download>\(Icon.named("download"))Rows with problems</a>"
    }

    /// The problems, the most frequent first. Of a revert, the records that are kept.
    var box: HTML {
        let groups = item["problem_groups"]?.array ?? []
        guard !groups.isEmpty else { return kept }
        let heads = [Parts.th("Problem"), Parts.th("Rows", numeric: true), Parts.th("The first of them"), Parts.th("What to do")]
        let all: HTML = "<a class=\"button compact plain\" href=\"/admin/imports/\(id)/problems\">Show all</a>"
        return Parts.box("Problems", count: failed, actions: "\(all)\(download)", Parts.table("Problems", heads: heads, groups.html(row)))
    }

    private func row(_ group: JSONValue) -> HTML {
        let column = group["column"]?.text ?? group["field"]?.text?.readable ?? ""
        let place: HTML = column.isEmpty ? "" : "<b>\(column)</b> "
        let values: [String] = (group["values"]?.array ?? []).compactMap { value in
            guard let text = value["text"]?.text else { return nil }
            let count = value["count"]?.int ?? 1
            return count > 1 ? "“\(text)” (\(Display.grouped(String(count))))" : "“\(text)”"
        }
        let more = group["has_more_values"]?.bool == true ? ", …" : ""
        let samples: HTML = values.isEmpty ? "" : "<div class=\"muted\">\(values.joined(separator: ", "))\(more)</div>"
        let rows = (group["rows"]?.array ?? []).compactMap(\.text)
        let count = group["count"]?.int ?? 0
        let rest = Int64(rows.count) < count ? ", …" : ""
        return """
            <tr>\(Parts.td("Problem", "<div><div>\(place)\(group["message"]?.text ?? "")</div>\(samples)</div>", wraps: true))\(Parts.td("Rows", HTML(Display.grouped(String(count))), numeric: true))\(Parts.td("The first of them", HTML(rows.joined(separator: ", ") + rest), wraps: true))\(Parts.td("What to do", HTML(group["hint"]?.text ?? "Correct these rows in the file."), wraps: true))</tr>
            """
    }

    /// Records that a revert has left as they are.
    private var kept: HTML {
        let all = item["problems"]?.array ?? []
        guard !all.isEmpty else { return "" }
        let rows = all.html { problem in
            "<tr>\(Parts.td("Row", HTML(problem["row"]?.text ?? ""), numeric: true))\(Parts.td("Problem", HTML(problem["message"]?.text ?? ""), wraps: true))</tr>"
        }
        let title = item["state"]?.text == "reverted" ? "Kept, since they were changed" : "Problems"
        return Parts.box(title, count: all.count, Parts.table(title, heads: [Parts.th("Row", numeric: true), Parts.th("Problem")], rows))
    }

    /// The ways on from a file with bad rows.
    func ways(_ back: HTML) -> HTML {
        let stored = (item["created"]?.int ?? 0) + (item["updated"]?.int ?? 0)
        let isCutShort = item["state"]?.text == "failed" && item["can_revert"]?.bool == true && stored > 0
        guard isCutShort || (failed > 0 && good > 0) else { return "<div class=\"form-foot\">\(back)</div>" }
        let rows = good == 1 ? "the good row" : "the \(Display.grouped(String(good))) good rows"
        let title = isCutShort ? "Go on" : "Import \(rows)"
        let words: HTML = isCutShort ? "" : """
            <p class="muted">The others stay out. Download them with the reason beside each, correct them there and import that file.</p>
            """
        return """
            <form method="post" class="stack" action="/admin/imports/\(id)/run">\(csrfField(visit.csrf))<input type="hidden" name="bad_rows" value="skip">\(words)<div class="row"><button class="button primary">\(title)</button></div></form><div class="row">\(back)</div>
            """
    }

    /// After a run that left rows out: how they come in, too.
    var wayBack: HTML {
        guard failed > 0 else { return "" }
        let rows = failed == 1 ? "1 row was" : "\(Display.grouped(String(failed))) rows were"
        let upload = Parts.link("Import the corrected rows", "/admin/imports/new?entity=\(item["path"]?.text ?? "")", icon: "upload")
        return Parts.notice(
            .warn, "\(rows) left out.",
            "<p>Download them, correct them where the last column says what is wrong, and import that file: the columns are matched as before.</p><div class=\"row\">\(download)\(upload)</div>")
    }

    // MARK: All rows

    static func page(_ visit: Visit, _ id: String) async throws -> FrontResponse {
        let item = try await visit.front.api(visit, "GET", ["imports", id], nil)
        let cursor: [FrontRequest.QueryItem] = visit.query["cursor"].map { [.init(name: "cursor", value: $0)] } ?? []
        let answer = try await visit.front.api(visit, "GET", ["imports", id, "problems"], query: cursor, nil)
        let rows = (answer["data"]?.array ?? []).html { row -> HTML in
            let cells = (row["cells"]?.members ?? []).compactMap(\.value.text).filter { !$0.isEmpty }.prefix(4).joined(separator: " · ")
            return "<tr>\(Parts.td("Row", HTML(row["row"]?.text ?? ""), numeric: true))\(Parts.td("Problem", HTML(row["problem"]?.text ?? ""), wraps: true))\(Parts.td("The row", HTML(cells), wraps: true))</tr>"
        }
        let name = item["file_name"]?.text ?? ""
        let part = ImportProblems(visit: visit, item: item, id: id)
        let heads = [Parts.th("Row", numeric: true), Parts.th("Problem"), Parts.th("The row")]
        let next = answer["next"]?.text ?? ""
        let more: HTML = next.isEmpty ? "" : "<div class=\"row\">\(Parts.link("Next rows", "/admin/imports/\(id)/problems?cursor=\(next)"))</div>"
        let crumbs = Parts.crumbs([("Imports", "/admin/imports"), (name, "/admin/imports/\(id)")], here: "Rows with problems")
        let content: HTML = """
            <div class="middle">\(crumbs)\(Parts.head("Rows with problems", count: part.failed, actions: part.download))<div class="stack" id="import">\(Parts.table("Rows with problems", heads: heads, rows))\(more)</div></div>
            """
        return try await visit.page(Page(title: "Rows with problems", current: "/admin/imports", content: content))
    }
}
