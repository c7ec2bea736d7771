import PluginAPI

/// Which column of a file fills which field, with what was guessed, and how its cells are read.
struct ImportMapping {
    let visit: Visit
    let item: JSONValue
    let id: String

    private struct Field {
        var name: String
        var label: String
        /// The entity that it points at, or empty.
        var target: String
        var isNumber: Bool
    }

    private var fields: [Field] {
        let entity = visit.registry.entity(item["entity"]?.text ?? "")
        return (item["fields"]?.array ?? []).compactMap { field in
            guard let name = field["name"]?.text else { return nil }
            let model = entity?.field(name)
            return Field(name: name, label: field["label"]?.text ?? name, target: model?.target ?? "", isNumber: model?.isNumeric ?? false)
        }
    }

    var html: HTML {
        // What this product itself has put into a file of bad rows needs no place.
        let columns = (item["columns"]?.array ?? []).filter { !ProblemFile.isOwn($0["header"]?.text ?? "") }
        let rows = columns.html(row)
        let heads = [Parts.th("Column in the file"), Parts.th("Samples"), Parts.th("Goes to"), Parts.th("Read as")]
        let plan = item["plan"]
        let missing = (item["missing"]?.array ?? []).compactMap(\.text)
        let lacking: HTML = missing.isEmpty ? "" : Parts.notice(.warn, "Nothing fills \(missing.map(\.readable).joined(separator: ", ")).", "<p>Records need these fields; choose a column for each of them, or a value for every row.</p>")
        return """
            \(lacking)<form method="post" class="stack" action="/admin/imports/\(id)/check">\(csrfField(visit.csrf))\(questions)\(Parts.table("Columns", classes: "", heads: heads, rows))\
            <div class="form"><div class="pair">\(choice("mode", "Records", plan?["mode"]?.text, [("create", "Add all as new"), ("create-or-update", "Change those that match, add the others"), ("update", "Only change those that match")]))\(matchChoice(plan))</div>\
            <div class="pair">\(choice("unknown_references", "A name that is not found", plan?["unknown_references"]?.text, [("refuse", "is a problem of its row"), ("leave-empty", "is left empty"), ("create", "becomes a new record")]))\(currency(plan))</div>\(missingTargets(plan))\(fixedValues(plan, missing))</div>\
            <div class="form-foot"><button class="button primary">Check the file</button><a class="button plain" href="/admin/imports">Later</a></div></form>
            """
    }

    /// What cannot be guessed and must be said: for all days of the file at once, or column by column.
    private var questions: HTML {
        let open = item["questions"]?.array ?? []
        guard !open.isEmpty else { return "" }
        let list = open.html { question in
            let options = (question["options"]?.array ?? []).compactMap(\.text).map(ImportMapping.told).joined(separator: " or ")
            let examples = (question["examples"]?.array ?? []).compactMap(\.text).map { "“\($0)”" }.joined(separator: ", ")
            return "<li><b>\(question["header"]?.text ?? "")</b>: \(options)? \(examples)</li>"
        }
        let days = open.filter { $0["subject"]?.text == "date_format" }
        guard !days.isEmpty else {
            return Parts.notice(.warn, "Some columns can be read in two ways.", "<p>Choose how under “Read as”.</p><ul>\(list)</ul>")
        }
        let example = days.lazy.compactMap { $0["examples"]?.array?.first?.text }.first ?? ""
        let likelier = days.first?["options"]?.array?.first?.text ?? ""
        let orders = likelier.hasPrefix("M") || likelier.hasPrefix("month") ? ["month-first", "day-first"] : ["day-first", "month-first"]
        let choices = orders.html { order in
            let day: String = DateFormat(name: order)?.read(example)?.day.description ?? ""
            let words = order == "day-first" ? "the day" : "the month"
            let meaning: HTML = day.isEmpty ? "" : " <span class=\"muted\">(\(day))</span>"
            return "<label class=\"choice\"><input type=\"radio\" name=\"date_order\" value=\"\(order)\">\(words)\(meaning)</label>"
        }
        return Parts.notice(
            .warn, "Some columns can be read in two ways.",
            """
            <ul>\(list)</ul><fieldset class="field"><legend>Which comes first in “\(example)”?</legend><div class="choices">\(choices)</div><p class="hint">This holds for all these columns, unless you choose another way under “Read as”.</p></fieldset>
            """)
    }

    /// The name of a way of writing as people say it.
    static func told(_ format: String) -> String {
        switch format {
        case "day-first": "in several ways, the day first"
        case "month-first": "in several ways, the month first"
        case "named": "3 Jan 2026"
        default: format
        }
    }

    private func row(_ column: JSONValue) -> HTML {
        let index = column["index"]?.text ?? "0"
        let header = column["header"]?.text ?? ""
        let field = column["field"]?.text ?? ""
        let samples = (column["samples"]?.array ?? []).compactMap(\.text).prefix(3).joined(separator: " · ")
        let options = fields.html { "<option value=\"\($0.name)\"\(" selected", if: $0.name == field)>\($0.label)</option>" }
        let isNumber = fields.first { $0.name == field }?.isNumber ?? false
        let isUnsure = !field.isEmpty && (Double(column["confidence"]?.text ?? "1") ?? 1) < 0.8
        return """
            <tr><th scope="row">\(header)</th><td class="muted">\(samples)</td><td><div class="row"><input type="hidden" name="header.\(index)" value="\(header)"><select name="field.\(index)" aria-label="\(header) goes to"><option value="">(leave out)</option>\(options)</select>\(Badge.word("guessed", .warn), if: isUnsure)</div></td><td><div class="row">\(format(column, index, header))\(multiplier(column, index, header), if: isNumber)</div></td></tr>
            """
    }

    /// How dates and numbers of a column are written, where that can be chosen.
    private func format(_ column: JSONValue, _ index: String, _ header: String) -> HTML {
        let asked = (item["questions"]?.array ?? []).first { $0["header"]?.text == header }
        if let format = column["date_format"]?.text ?? (asked?["subject"]?.text == "date_format" ? "" : nil) {
            let all = ["Y-M-D", "M/D/Y", "D/M/Y", "D.M.Y", "D-M-Y", "M-D-Y", "Y/M/D", "M.D.Y", "Y.M.D", "YYYYMMDD", "named", "day-first", "month-first"]
            return select("date.\(index)", "Dates of \(header)", all, format, open: asked != nil)
        }
        if let format = column["number_format"]?.text ?? (asked?["subject"]?.text == "number_format" ? "" : nil) {
            return select("number.\(index)", "Numbers of \(header)", ["1,234.56", "1.234,56"], format, open: asked != nil)
        }
        return ""
    }

    /// Files often give amounts in thousands or millions.
    private func multiplier(_ column: JSONValue, _ index: String, _ header: String) -> HTML {
        let chosen = column["multiplier"]?.text ?? "1"
        let options = [("1", "as it is"), ("1000", "in thousands"), ("1000000", "in millions")].html {
            "<option value=\"\($0.0)\"\(" selected", if: $0.0 == chosen)>\($0.1)</option>"
        }
        return "<select name=\"multiplier.\(index)\" aria-label=\"\(header) is given\">\(options)</select>"
    }

    /// New records for names that are not found, for chosen entities only.
    private func missingTargets(_ plan: JSONValue?) -> HTML {
        let chosen = Set((plan?["create_missing"]?.array ?? []).compactMap(\.text))
        let mapped = Set((item["columns"]?.array ?? []).compactMap { $0["field"]?.text })
        let targets = fields.filter { mapped.contains($0.name) && !$0.target.isEmpty }.map(\.target)
        let names = visit.registry.entities.filter { targets.contains($0.name) && visit.actor.can("create", on: $0.name) }
        guard !names.isEmpty else { return "" }
        let ticks = names.html { entity in
            "<label class=\"tick\"><input type=\"checkbox\" name=\"create_missing\" value=\"\(entity.name)\"\(" checked", if: chosen.contains(entity.name))>\(entity.pluralTitle)</label>"
        }
        return "<fieldset class=\"field\"><legend>Add records that are named but not there, among</legend><div class=\"row\">\(ticks)</div></fieldset>"
    }

    /// Values that every row gets, and that may take parts of it; fields that records need come first.
    private func fixedValues(_ plan: JSONValue?, _ missing: [String]) -> HTML {
        let known: [(String, String)] = (plan?["fixed"]?.members ?? []).compactMap { member in member.value.text.map { (member.name, $0) } }
        let needed = missing.filter { name in !known.contains { $0.0 == name } }.map { ($0, "") }
        let rows = (known + needed + [("", "")]).enumerated().html { place, pair in
            let options = fields.html { "<option value=\"\($0.name)\"\(" selected", if: $0.name == pair.0)>\($0.label)</option>" }
            return """
                <div class="row"><select name="fixed.\(place)" aria-label="Field of every row"><option value="">(none)</option>\(options)</select><input class="grow" name="fixed.\(place).value" aria-label="Value in every row" value="\(pair.1)" autocomplete="off"></div>
                """
        }
        return """
            <fieldset class="field"><legend>The same in every row</legend>\(rows)<p class="hint">A value may take parts of the row: <code>{Column}</code> is its cell, <code>{Column|slug}</code> the same as it stands in addresses.</p></fieldset>
            """
    }

    private func select(_ name: String, _ label: String, _ values: [String], _ chosen: String, open: Bool) -> HTML {
        let blank: HTML = "<option value=\"\">(choose)</option>"
        let options = values.html { "<option value=\"\($0)\"\(" selected", if: $0 == chosen && !open)>\(ImportMapping.told($0))</option>" }
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
        var multipliers: [JSONValue.Member] = []
        for field in form.fields where field.name.hasPrefix("header.") {
            let index = field.name.dropFirst("header.".count)
            let target = form.text("field.\(index)")
            mapping.append(.init(name: field.value, value: target.isEmpty ? .null : .string(target)))
            let date = form.text("date.\(index)")
            if !date.isEmpty, !target.isEmpty { dates.append(.init(name: field.value, value: .string(date))) }
            let multiplier = form.text("multiplier.\(index)")
            if !target.isEmpty, let factor = Int64(multiplier) { multipliers.append(.init(name: field.value, value: .number(String(factor)))) }
            let number = form.text("number.\(index)")
            if !number.isEmpty, !target.isEmpty { numbers.append(.init(name: field.value, value: .string(number))) }
        }
        var members: [JSONValue.Member] = [.init(name: "mapping", value: .object(mapping))]
        if !dates.isEmpty { members.append(.init(name: "date_formats", value: .object(dates))) }
        let order = form.text("date_order")
        if !order.isEmpty { members.append(.init(name: "date_order", value: .string(order))) }
        if !numbers.isEmpty { members.append(.init(name: "number_formats", value: .object(numbers))) }
        if !multipliers.isEmpty { members.append(.init(name: "multipliers", value: .object(multipliers))) }
        members.append(.init(name: "create_missing", value: .array(form.values("create_missing").map(JSONValue.string))))
        members.append(.init(name: "fixed", value: .object(fixed(form, item))))
        if let mode = form["mode"] { members.append(.init(name: "mode", value: .string(mode))) }
        let match = form.text("match")
        members.append(.init(name: "match", value: match.isEmpty ? .null : .string(match)))
        if let unknown = form["unknown_references"] { members.append(.init(name: "unknown_references", value: .string(unknown))) }
        let currency = form.text("currency").uppercased()
        if !currency.isEmpty { members.append(.init(name: "currency", value: .string(currency))) }
        return .object(members)
    }

    /// The values of every row; those that stood there before and were taken out are forgotten.
    private static func fixed(_ form: FormBody, _ item: JSONValue) -> [JSONValue.Member] {
        var chosen: [JSONValue.Member] = []
        for field in form.fields where field.name.hasPrefix("fixed.") && !field.name.hasSuffix(".value") && !field.value.isEmpty {
            let text = form.text(field.name + ".value")
            if !text.isEmpty { chosen.append(.init(name: field.value, value: .string(text))) }
        }
        let gone = (item["plan"]?["fixed"]?.members ?? []).filter { before in !chosen.contains { $0.name == before.name } }
        return chosen + gone.map { .init(name: $0.name, value: .null) }
    }
}
