import PluginAPI

/// The page of a form, as a visitor sees it.
struct FormPage: Sendable {
    /// A form with all that is needed to show it and to read what comes back.
    struct Model: Sendable {
        var form: Record<LeadForm>
        var fields: [FieldDescription]
        var choices: [String: [ChoiceOption]]
        var currency: String
    }

    let model: Model
    /// Whether it stands in a frame of another page.
    let isEmbedded: Bool

    /// A field that people do not see: what fills it in is a program.
    static let trap = "website"
    /// When the page was shown, signed.
    static let began = "began"

    /// The form of a key, or nil. Without labels and options that it hides.
    static func model(_ key: String, _ transaction: Transaction) throws -> Model? {
        let all = transaction.elevated(for: "A form is shown to everyone.")
        guard !key.isEmpty, let form = try all.first(LeadForm.self, where: LeadForm.key == key) else { return nil }
        let known = try LeadFields.fillable(transaction)
        let required = LeadFields.names(form[LeadForm.required])
        let labels = FieldMapping(form[LeadForm.labels])
        var choices: [String: [ChoiceOption]] = [:]
        let fields: [FieldDescription] = try LeadFields.names(form[LeadForm.fields]).compactMap { name in
            guard var field = known.first(where: { $0.name == name }) else { return nil }
            field.isRequired = required.contains(name)
            field.isFilledIn = false
            field.help = ""
            field.shownWhen = nil
            if let label = labels[name] { field.label = label }
            if case .reference = field.kind { choices[name] = try LeadFields.choices(field, transaction) }
            return field
        }
        return Model(form: form, fields: fields, choices: choices, currency: transaction.currency.code)
    }

    private var action: String { LeadForm.path(model.form[LeadForm.key]) + (isEmbedded ? "?embed=1" : "") }

    /// The page with the form, filled in with what was sent before.
    func page(began: String, sent: FormFields? = nil, problems: [Problem] = [], problem: String = "") -> HostedPage {
        let fields: [HostedField] = model.fields.map { description in
            var field = HostedField(description)
            field.autocomplete = LeadFields.autocomplete(description.name)
            field.choices = model.choices[description.name] ?? []
            field.currency = sent?[description.name + ".currency"] ?? model.currency
            field.texts = sent?[description.name].map { [$0] } ?? []
            field.problem = problems.first { $0.field == description.name }?.message
            return field
        }
        var form = HostedForm(action: action, fields: fields, button: model.form[LeadForm.button])
        form.hidden = [(FormPage.began, began)]
        form.trap = FormPage.trap
        form.problem = problem
        var page = framed(model.form[LeadForm.title])
        if let text = model.form[LeadForm.introduction], !text.isEmpty { page.parts.append(.text(text)) }
        page.parts.append(.form(form))
        if let target = model.form[LeadForm.redirect].flatMap({ WebOrigin($0) }) { page.formTargets = [target] }
        return page
    }

    /// The page after it. Within a frame the way on opens in the whole window.
    func thanks() -> HostedPage {
        var page = framed(model.form[LeadForm.title])
        page.parts.append(.notice(.good, "Sent", model.form[LeadForm.thanks]))
        if let target = model.form[LeadForm.redirect] { page.parts.append(.link("Continue", to: target)) }
        return page
    }

    func framed(_ title: String) -> HostedPage {
        var page = HostedPage(title)
        page.isEmbedded = isEmbedded
        page.frameAncestors = LeadFormRules.origins(model.form)
        return page
    }

    /// What is shown where there is no form, or none that is open.
    static func closed(_ title: String = "This form is closed") -> HostedPage {
        HostedPage(title, [.text("It does not take anything any more. Please use another way to get in touch.")])
    }

    /// What was sent, by the names of the form's fields, and what is missing.
    func read(_ sent: FormFields) -> (submission: Submission, problems: [Problem]) {
        var submission = Submission()
        var problems: [Problem] = []
        for field in model.fields {
            var text = (sent[field.name] ?? "").trimmedSpaces
            if case .boolean = field.kind {
                if field.isRequired, text != "true" { problems.append(Problem(field: field.name, "must be ticked")) }
            } else if text.isEmpty, field.isRequired {
                problems.append(Problem(field: field.name, "must be filled in"))
            }
            if case .money = field.kind, !text.isEmpty { text += " " + (sent[field.name + ".currency"] ?? model.currency) }
            if let choices = model.choices[field.name], !text.isEmpty, !choices.contains(where: { $0.key == text || $0.label == text }) {
                problems.append(Problem(field: field.name, "must be one of the options"))
                text = ""
            }
            submission.add(field.name, text)
        }
        if submission.entries.isEmpty, problems.isEmpty { problems.append(Problem(field: "", "nothing is filled in")) }
        return (submission, problems)
    }
}
