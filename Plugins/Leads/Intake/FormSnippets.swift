import PluginAPI

/// Where a form is, and what is put into a page to have it there.
enum FormSnippets {
    /// A setting of the product's own.
    static let publicURL = Setting<String?>("kernel.public_url", "Public address", default: nil, .url)

    @Sendable static func panel(_ form: Record<LeadForm>, _ transaction: Transaction) throws -> Panel {
        let given = try transaction.setting(publicURL)
        let base = given.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 } ?? ""
        let address = base + LeadForm.path(form[LeadForm.key])
        var rows: [[Panel.Cell]] = [["Address", .address(address)]]
        if !LeadFormRules.origins(form).isEmpty { rows.append(["In a frame", .text(frame(form, address))]) }
        if form[LeadForm.ownMarkup], let model = try FormPage.model(form[LeadForm.key], transaction) {
            rows.append(["Own HTML", .text(markup(model, address))])
        }
        return Panel(sentence(form, hasBase: given != nil), columns: ["Where", "What to use"], rows: rows)
    }

    private static func sentence(_ form: Record<LeadForm>, hasBase: Bool) -> String {
        if !form[LeadForm.active] { return "The form is closed: visitors are told so." }
        if !hasBase { return "Put the product's address before it; an administrator can set it once, as the public address, in the settings." }
        return LeadFormRules.origins(form).isEmpty ? "Name sites under “May be embedded in” to show the form in a frame." : ""
    }

    private static func frame(_ form: Record<LeadForm>, _ address: String) -> String {
        "<iframe src=\"\(escaped(address))?embed=1\" title=\"\(escaped(form[LeadForm.title]))\" width=\"100%\" height=\"640\" style=\"border:0\"></iframe>"
    }

    /// The plainest form that works: whoever puts it into a page gives it the looks of that page.
    private static func markup(_ model: FormPage.Model, _ address: String) -> String {
        var lines = ["<form method=\"post\" action=\"\(escaped(address))\">"]
        for field in model.fields {
            let required = field.isRequired ? " required" : ""
            let name = escaped(field.name)
            let control: String
            if let choices = model.choices[field.name] {
                let options = choices.map { "<option value=\"\($0.key)\">\(escaped($0.label))</option>" }.joined()
                control = "<select name=\"\(name)\"\(required)><option value=\"\"></option>\(options)</select>"
            } else if case .choice(let known) = field.kind {
                let options = known.map { "<option value=\"\(escaped($0.key))\">\(escaped($0.label))</option>" }.joined()
                control = "<select name=\"\(name)\"\(required)><option value=\"\"></option>\(options)</select>"
            } else if case .boolean = field.kind {
                control = "<input type=\"checkbox\" name=\"\(name)\" value=\"true\"\(required)>"
            } else if field.format == .multiline {
                control = "<textarea name=\"\(name)\"\(required)></textarea>"
            } else {
                control = "<input name=\"\(name)\" type=\"\(type(field))\"\(required)>"
            }
            lines.append("  <label>\(escaped(field.label)) \(control)</label>")
        }
        lines.append("  <div hidden><input name=\"\(FormPage.trap)\" tabindex=\"-1\" autocomplete=\"off\"></div>")
        lines.append("  <button>\(escaped(model.form[LeadForm.button]))</button>")
        return (lines + ["</form>"]).joined(separator: "\n")
    }

    private static func type(_ field: FieldDescription) -> String {
        switch (field.format, field.kind) {
        case (.email, _): "email"
        case (.phone, _): "tel"
        case (_, .day): "date"
        default: "text"
        }
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
        return out
    }
}
