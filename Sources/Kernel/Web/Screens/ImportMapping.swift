import PluginAPI

/// Which column of a file fills which field, with what was guessed, and how its cells are read.
struct ImportMapping {
    let visit: Visit
    let item: JSONValue
    let id: String

    private var fields: [(name: String, label: String)] {
        (item["fields"]?.array ?? []).compactMap { field in field["name"]?.text.map { ($0, field["label"]?.text ?? $0) } }
    }

    var html: HTML {
        let rows = (item["columns"]?.array ?? []).html(row)
        let heads = [Parts.th("Column in the file"), Parts.th("Samples"), Parts.th("Goes to"), Parts.th("Read as")]
        let plan = item["plan"]
        let missing = (item["missing"]?.array ?? []).compactMap(\.text)
        let lacking: HTML = missing.isEmpty ? "" : Parts.notice(.warn, "Nothing fills \(missing.map(\.readable).joined(separator: ", ")).", "<p>Records need these fields; choose a column for each of them, or a value for every row.</p>")
        return """
            \(lacking)\(questions)<form method="post" class="stack" action="/admin/imports/\(id)/check">\(csrfField(visit.csrf))\(Parts.table("Columns", classes: "", heads: heads, rows))\
            <div class="form"><div class="pair">\(choice("mode", "Records", plan?["mode"]?.text, [("create", "Add all as new"), ("create-or-update", "Change those that match, add the others"), ("update", "Only change those that match")]))\(matchChoice(plan))</div>\
            <div class="pair">\(choice("unknown_references", "A name that is not found", plan?["unknown_references"]?.text, [("refuse", "is a problem of its row"), ("leave-empty", "is left empty"), ("create", "becomes a new record")]))\(currency(plan))</div>\(fixedValues(plan, missing))</div>\
            <div class="form-foot"><button class="button primary">Check the file</button><a class="button plain" href="/admin/imports">Later</a></div></form>
            """
    }

    /// What cannot be guessed and must be said.
    private var questions: HTML {
        let open = item["questions"]?.array ?? []
        guard !open.isEmpty else { return "" }
        let list = open.html { question in
            let options = (question["options"]?.array ?? []).compactMap(\.text).joined(separator: " or ")
            return "<li>\(question["header"]?.text ?? ""): \(options)?</li>"
        }
        return Parts.notice(.warn, "Some columns can be read in two ways.", "<p>Choose how under “Read as”.</p><ul>\(list)</ul>")
    }

    private func row(_ column: JSONValue) -> HTML {
        let index = column["index"]?.text ?? "0"
        let header = column["header"]?.text ?? ""
        let field = column["field"]?.text ?? ""
        let samples = (column["samples"]?.array ?? []).compactMap(\.text).prefix(3).joined(separator: " · ")
        let options = fields.html { "<option value=\"\($0.name)\"\(" selected", if: $0.name == field)>\($0.label)</option>" }
        let isUnsure = !field.isEmpty && (Double(column["confidence"]?.text ?? "1") ?? 1) < 0.8
        return """
            <tr><th scope="row">\(header)</th><td class="muted">\(samples)</td><td><div class="row"><input type="hidden" name="header.\(index)" value="\(header)"><select name="field.\(index)" aria-label="\(header) goes to"><option value="">(leave out)</option>\(options)</select>\(Badge.word("guessed", .warn), if: isUnsure)</div></td><td>\(format(column, index, header))</td></tr>
            """
    }

    /// How dates and numbers of a column are written, where that can be chosen.
    private func format(_ column: JSONValue, _ index: String, _ header: String) -> HTML {
        let asked = (item["questions"]?.array ?? []).first { $0["header"]?.text == header }
        if let format = column["date_format"]?.text ?? (asked?["subject"]?.text == "date_format" ? "" : nil) {
            let all = ["Y-M-D", "M/D/Y", "D/M/Y", "D.M.Y", "D-M-Y", "M-D-Y", "Y/M/D", "M.D.Y", "Y.M.D", "YYYYMMDD", "named"]
            return select("date.\(index)", "Dates of \(header)", all, format, open: asked != nil)
        }
        if let format = column["number_format"]?.text ?? (asked?["subject"]?.text == "number_format" ? "" : nil) {
            return "<div class=\"row\">\(select("number.\(index)", "Numbers of \(header)", ["1,234.56", "1.234,56"], format, open: asked != nil))\(unit(column, index, header))</div>"
        }
        return ""
    }

    /// Some files count in thousands or millions.
    private func unit(_ column: JSONValue, _ index: String, _ header: String) -> HTML {
        let chosen = column["multiplier"]?.text ?? "1"
        let units = [("1", "as they are"), ("1000", "in thousands"), ("1000000", "in millions")]
        let options = units.html { "<option value=\"\($0.0)\"\(" selected", if: $0.0 == chosen)>\($0.1)</option>" }
        return "<select name=\"unit.\(index)\" aria-label=\"Unit of \(header)\">\(options)</select>"
    }

    /// Values for every row of fields that the file has no column for; those that records need come first.
    private func fixedValues(_ plan: JSONValue?, _ missing: [String]) -> HTML {
        var rows: [(field: String, text: String)] = (plan?["fixed"]?.members ?? []).map { ($0.name, $0.value.text ?? "") }
        rows += missing.filter { name in !rows.contains { $0.field == name } }.map { ($0, "") }
        rows.append(("", ""))
        let lines = rows.enumerated().html { place, row in
            let options = fields.html { "<option value=\"\($0.name)\"\(" selected", if: $0.name == row.field)>\($0.label)</option>" }
            return "<div class=\"pair\"><div class=\"field\"><select name=\"fixed.\(place)\" aria-label=\"Field with one value for every row, \(place + 1)\"><option value=\"\">(no field)</option>\(options)</select></div><div class=\"field\"><input name=\"value.\(place)\" aria-label=\"Value for every row, \(place + 1)\" value=\"\(row.text)\"></div></div>"
        }
        return "<details\(" open", if: rows.count > 1)><summary>The same value for every row</summary><div class=\"stack\"><p class=\"muted\">{Column} puts in what the row has in that column, {Column|slug} the same as part of an address.</p>\(lines)</div></details>"
    }

    private func select(_ name: String, _ label: String, _ values: [String], _ chosen: String, open: Bool) -> HTML {
        let blank: HTML = "<option value=\"\">(choose)</option>"
        let options = values.html { "<option value=\"\($0)\"\(" selected", if: $0 == chosen && !open)>\($0)</option>" }
        return "<select name=\"\(name)\" aria-label=\"\(label)\">\(blank, if: open || !values.contains(chosen))\(options)</select>"
    }

    private func choice(_ name: String, _ label: String, _ chosen: String?, _ options: [(String, String)]) -> HTML {
        let items = options.html { "<option value=\"\($0.0)\"\(" selected", if: $0.0 == chosen)>\($0.1)</option>" }
        return "<div class=\"field\"><label for=\"\(name)\">\(label)</label><select id=\"\(name)\" name=\"\(name)\">\(items)</select></div>"
    }

    private func matchChoice(_ plan: JSONValue?) -> HTML {
        choice("match", "They match by", plan?["match"]?.text, [("", "–")] + fields.map { ($0.name, $0.label) })
    }

    private func currency(_ plan: JSONValue?) -> HTML {
        """
        <div class="field"><label for="currency">Currency of amounts without one</label><input id="currency" name="currency" maxlength="3" size="4" value="\(plan?["currency"]?.text ?? "")"></div>
        """
    }

    // MARK: What was chosen

    /// The form as a change of the plan.
    static func plan(_ visit: Visit, _ item: JSONValue) async throws -> JSONValue {
        let form = visit.form
        var mapping: [JSONValue.Member] = []
        var dates: [JSONValue.Member] = []
        var numbers: [JSONValue.Member] = []
        var units: [JSONValue.Member] = []
        for field in form.fields where field.name.hasPrefix("header.") {
            let index = field.name.dropFirst("header.".count)
            let target = form.text("field.\(index)")
            mapping.append(.init(name: field.value, value: target.isEmpty ? .null : .string(target)))
            let date = form.text("date.\(index)")
            if !date.isEmpty, !target.isEmpty { dates.append(.init(name: field.value, value: .string(date))) }
            let number = form.text("number.\(index)")
            if !number.isEmpty, !target.isEmpty { numbers.append(.init(name: field.value, value: .string(number))) }
            let unit = form.text("unit.\(index)")
            if !unit.isEmpty, !target.isEmpty { units.append(.init(name: field.value, value: .number(unit))) }
        }
        var members: [JSONValue.Member] = [.init(name: "mapping", value: .object(mapping))]
        if !dates.isEmpty { members.append(.init(name: "date_formats", value: .object(dates))) }
        if !numbers.isEmpty { members.append(.init(name: "number_formats", value: .object(numbers))) }
        if !units.isEmpty { members.append(.init(name: "multipliers", value: .object(units))) }
        members.append(.init(name: "fixed", value: .object(fixed(form, item))))
        if let mode = form["mode"] { members.append(.init(name: "mode", value: .string(mode))) }
        let match = form.text("match")
        members.append(.init(name: "match", value: match.isEmpty ? .null : .string(match)))
        if let unknown = form["unknown_references"] { members.append(.init(name: "unknown_references", value: .string(unknown))) }
        let currency = form.text("currency").uppercased()
        if !currency.isEmpty { members.append(.init(name: "currency", value: .string(currency))) }
        return .object(members)
    }

    /// The values for every row; one that was taken out of the form is taken out of the plan.
    private static func fixed(_ form: FormBody, _ item: JSONValue) -> [JSONValue.Member] {
        var fixed: [JSONValue.Member] = (item["plan"]?["fixed"]?.members ?? []).map { .init(name: $0.name, value: .null) }
        for field in form.fields where field.name.hasPrefix("fixed.") && !field.value.isEmpty {
            let text = form.text("value.\(field.name.dropFirst("fixed.".count))")
            fixed.removeAll { $0.name == field.value }
            fixed.append(.init(name: field.value, value: text.isEmpty ? .null : .string(text)))
        }
        return fixed
    }
}
