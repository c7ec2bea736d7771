import PluginAPI

/// One of the values that a field can take.
struct FieldChoice: Sendable {
    var key: String
    var label: String
    var color = ""
    /// What it belongs to, where names are told apart by that alone.
    var group = ""
}

/// A field of a form: its label, its control with what is in it, its help and its problem.
struct FieldControl {
    let field: FieldDescription
    /// What is in it, as text: several for a field that points at several records.
    var texts: [String] = []
    /// The currency, of an amount.
    var currency = ""
    /// What the record is called that the field points at.
    var referenceLabel = ""
    var problem: String?
    /// What can be chosen, when that is few; otherwise the field looks up as one types.
    var choices: [FieldChoice]?
    /// Where to look up.
    var lookup = ""
    /// Before the name, to keep ids unique where two forms share a page.
    var prefix = ""
    /// What it is called where no label stands beside it; empty otherwise.
    var name = ""
    /// Whether one may type into it as soon as the form is there.
    var hasFocus = false
    /// What browsers may fill in by themselves.
    var autocomplete = "off"
    /// The currencies offered.
    var currencies: [String] = ["EUR", "USD", "GBP", "CHF"]

    private var id: String { prefix + field.name }
    private var text: String { texts.first ?? "" }

    /// The whole field.
    var html: HTML {
        let inner = whole
        let wide: HTML = isWide ? " class=\"wide\"" : ""
        guard let condition = field.shownWhen else { return isWide ? "<div\(wide)>\(inner)</div>" : inner }
        let values = condition.values.map(ValueText.plain).joined(separator: "|")
        return "<div\(wide) data-when=\"\(condition.field)=\(values)\">\(inner)</div>"
    }

    /// Whether it takes the form's whole width.
    private var isWide: Bool { field.format == .multiline || isGroup || FieldType(field.kind) == .json }

    private var whole: HTML {
        if case .boolean = FieldType(field.kind) {
            let on = text == "true" || text == "1" || text == "on"
            return """
                <div class="field"><input type="hidden" name="\(field.name)" value="false"><label class="tick"><input type="checkbox" id="\(id)" name="\(field.name)" value="true"\(" checked", if: on)\(described)>\(field.label)</label>\(remarks)</div>
                """
        }
        let star: HTML = "<span class=\"required\" aria-hidden=\"true\"> *</span>"
        if isGroup {
            return "<fieldset class=\"field\"><legend>\(field.label)\(star, if: field.mustBeGiven)</legend>\(control)\(remarks)</fieldset>"
        }
        return "<div class=\"field\"><label for=\"\(id)\">\(field.label)\(star, if: field.mustBeGiven)</label>\(control)\(remarks)</div>"
    }

    private var isGroup: Bool {
        if case .references = FieldType(field.kind) { return true }
        if field.namesFieldsOf != nil, choices != nil { return true }
        if case .choice(let options) = FieldType(field.kind) { return hasDependents && options.count <= 4 }
        return false
    }
    /// Whether other fields of the form appear with this one's value; then few options stand open as radio buttons.
    var hasDependents = false

    private var remarks: HTML {
        let trouble: HTML = problem.map { "<p class=\"problem\" id=\"\(id)-problem\">\(Problem(field: field.name, $0).told(field.label))</p>" } ?? ""
        let help: HTML = field.help.isEmpty ? "" : "<p class=\"hint\" id=\"\(id)-hint\">\(field.help)</p>"
        return "\(trouble)\(help)"
    }

    private var described: HTML {
        var names: [String] = []
        if problem != nil { names.append("\(id)-problem") }
        if !field.help.isEmpty { names.append("\(id)-hint") }
        let by: HTML = names.isEmpty ? "" : " aria-describedby=\"\(names.joined(separator: " "))\""
        return "\(by)\(" aria-invalid=\"true\"", if: problem != nil)"
    }

    private var common: HTML {
        let called: HTML = name.isEmpty ? "" : " aria-label=\"\(name)\""
        return "id=\"\(id)\" name=\"\(field.name)\"\(" required", if: field.mustBeGiven && field.shownWhen == nil)\(" autofocus", if: hasFocus)\(described)\(called)"
    }

    /// The control alone.
    var control: HTML {
        switch FieldType(field.kind) {
        case .text where field.namesFieldsOf != nil && choices != nil: ticks
        case .text: textControl
        case .integer: "<input \(common) inputmode=\"numeric\" autocomplete=\"off\" value=\"\(text)\">"
        case .decimal: "<input \(common) inputmode=\"decimal\" autocomplete=\"off\" value=\"\(text)\">"
        case .boolean: booleanSelect
        case .money: moneyControl
        case .day: "<input \(common) type=\"date\" value=\"\(text)\">"
        case .moment: "<input \(common) type=\"datetime-local\" step=\"1\" value=\"\(text)\">"
        case .choice(let options):
            chooser(options.map { FieldChoice(key: $0.key, label: $0.label, color: $0.color) }, radios: isGroup)
        case .reference: referenceControl
        case .references: ticks
        case .json: "<textarea \(common) spellcheck=\"false\">\(text)</textarea>"
        }
    }

    private var textControl: HTML {
        if field.isSecret { return "<input \(common) type=\"password\" autocomplete=\"new-password\">" }
        let length: HTML = field.maxLength.map { " maxlength=\"\($0)\"" } ?? ""
        if field.formulaOn != nil {
            let checks: HTML = FormulaCheckScreen.attributes(field, id: id)
            return """
                <textarea \(common)\(length) class="formula" rows="3" spellcheck="false" autocomplete="off"\(checks)>
                \(text)</textarea><div id="\(id)-check" aria-live="polite"></div>
                """
        }
        switch field.format {
        case .multiline: return "<textarea \(common)\(length)>\n\(text)</textarea>"
        case .email: return "<input \(common)\(length) type=\"text\" inputmode=\"email\" autocomplete=\"\(autocomplete)\" value=\"\(text)\">"
        case .phone: return "<input \(common)\(length) type=\"tel\" autocomplete=\"\(autocomplete)\" value=\"\(text)\">"
        case .url: return "<input \(common)\(length) type=\"text\" inputmode=\"url\" autocomplete=\"\(autocomplete)\" value=\"\(text)\">"
        case .color:
            let shown = text.isEmpty ? "#8a867e" : text
            return """
                <div class="row"><input type="color" aria-label="\(field.label)" value="\(shown)" data-swatch="\(id)"><input \(common) class="grow" value="\(text)" placeholder="#rrggbb"></div>
                """
        default: return "<input \(common)\(length) type=\"text\" autocomplete=\"\(autocomplete)\" value=\"\(text)\">"
        }
    }

    private var moneyControl: HTML {
        var codes = currencies
        if !currency.isEmpty, !codes.contains(currency) { codes.insert(currency, at: 0) }
        let options = codes.html { "<option\(" selected", if: $0 == currency)>\($0)</option>" }
        return """
            <div class="money"><input \(common) inputmode="decimal" autocomplete="off" value="\(text)"><select name="\(field.name).currency" aria-label="Currency of \(field.label)">\(options)</select></div>
            """
    }

    private var booleanSelect: HTML {
        chooser([FieldChoice(key: "true", label: "Yes"), FieldChoice(key: "false", label: "No")], radios: false)
    }

    private func chooser(_ options: [FieldChoice], radios: Bool) -> HTML {
        if radios {
            let items = options.html { option in
                """
                <label class="tick"><input type="radio" name="\(field.name)" value="\(option.key)"\(" checked", if: option.key == text)>\(option.label)</label>
                """
            }
            return "<div class=\"row\">\(items)</div>"
        }
        let blank: HTML = "<option value=\"\">–</option>"
        let known = options.contains { $0.key == text }
        let stray: HTML = known || text.isEmpty ? "" : "<option value=\"\(text)\" selected>\(referenceLabel.isEmpty ? text : referenceLabel)</option>"
        let items = grouped(options)
        return "<select \(common)>\(blank, if: !field.mustBeGiven || text.isEmpty)\(stray)\(items)</select>"
    }

    /// The options, under headings where they belong to different things.
    private func grouped(_ options: [FieldChoice]) -> HTML {
        func items(_ options: [FieldChoice]) -> HTML {
            options.html { option in "<option value=\"\(option.key)\"\(" selected", if: option.key == text)>\(option.label)</option>" }
        }
        var groups: [String] = []
        for option in options where !groups.contains(option.group) { groups.append(option.group) }
        guard groups.count > 1 else { return items(options) }
        return groups.html { group in
            let own = items(options.filter { $0.group == group })
            return group.isEmpty ? own : "<optgroup label=\"\(group)\">\(own)</optgroup>"
        }
    }

    private var referenceControl: HTML {
        if let choices { return chooser(choices, radios: false) }
        return """
            <div class="lookup"><input \(common) type="text" autocomplete="off" data-lookup="\(lookup)" data-id="\(text)" value="\(referenceLabel.isEmpty ? text : referenceLabel)"></div>
            """
    }

    private var ticks: HTML {
        let chosen = Set(texts)
        let items = (choices ?? []).html { choice in
            """
            <label class="tick"><input type="checkbox" name="\(field.name)" value="\(choice.key)"\(" checked", if: chosen.contains(choice.key))>\(choice.label)</label>
            """
        }
        // The names of fields have an order, which is that of the ticks.
        let ordered: HTML = field.namesFieldsOf == nil ? "" : " data-sort-ticks"
        // The empty value says that the field was on the form, even when nothing is ticked.
        return "<input type=\"hidden\" name=\"\(field.name)\" value=\"\"><div class=\"ticks\"\(ordered)>\(items)</div>"
    }
}
