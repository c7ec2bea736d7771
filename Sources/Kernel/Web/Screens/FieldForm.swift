import PluginAPI

/// Turns fields into the controls of a form and what was sent back into values.
struct FieldForm {
    let transaction: StoreTransaction
    let choices: RecordChoices
    /// What is wrong, by field.
    var problems: [Problem] = []
    /// What was typed, where a form comes back with problems.
    var typed: FormBody?
    var prefix = ""
    /// The field into which one may type as soon as the form is there.
    var focus: String?

    init(_ transaction: StoreTransaction, problems: [Problem] = [], typed: FormBody? = nil) {
        self.transaction = transaction
        choices = RecordChoices(transaction)
        self.problems = problems
        self.typed = typed
    }

    /// The controls of some fields with their present values. Short ones stand side by side.
    func controls(_ fields: [FieldModel], _ value: (FieldModel) -> Value) throws -> HTML {
        let deciders = Set(fields.compactMap { $0.description.shownWhen?.field })
        let inner = try fields.html { field in try control(field, value(field), isDecider: deciders.contains(field.name)) }
        return "<div class=\"pair\">\(inner)</div>"
    }

    private func control(_ field: FieldModel, _ value: Value, isDecider: Bool) throws -> HTML {
        var control = FieldControl(field: field.description)
        control.prefix = prefix
        control.hasFocus = field.name == focus
        control.hasDependents = isDecider
        control.problem = problems.first { $0.field == field.name }?.message
        control.texts = text(field, value)
        if case .money = field.type {
            control.currency = transaction.currency.code
            if case .money(let money) = value { control.currency = money.currency.code }
            if let typed = typed?[field.name + ".currency"] { control.currency = typed }
        }
        if let target = field.target, let model = transaction.registry.entity(target) {
            control.choices = try choices.all(target)
            control.lookup = "/admin/lookup/\(model.path)"
            if let id = control.texts.first.flatMap({ Int64($0) }) { control.referenceLabel = try transaction.label(target, id) ?? "" }
        }
        if field.description.namesFieldsOf != nil {
            control.choices = nameChoices(field, control.texts)
            control.texts = control.texts.flatMap(FieldNames.list)
        }
        return control.html
    }

    /// The fields that can be named, and those that are named already.
    func nameChoices(_ field: FieldModel, _ texts: [String]) -> [FieldChoice]? {
        guard let target = field.description.namesFieldsOf, let entity = transaction.registry.entity(target) else { return nil }
        let fields: [FieldModel] = entity.nameableFields(in: field.description).filter { transaction.actor.mask($0.name, of: target) != .hidden }
        let known: Set<String> = Set(fields.map(\.name))
        let others: [String] = texts.flatMap(FieldNames.list).filter { !known.contains($0) }
        // What is named stands first, in its order: sent back as it is, it keeps it.
        let named: [String] = texts.flatMap(FieldNames.list)
        let first: [FieldModel] = named.compactMap { name in fields.first { $0.name == name } }
        let rest: [FieldModel] = fields.filter { !named.contains($0.name) }
        return (first + rest).map { FieldChoice(key: $0.name, label: $0.label) } + others.map { FieldChoice(key: $0, label: $0.readable) }
    }

    private func text(_ field: FieldModel, _ value: Value) -> [String] {
        let isSeveral: Bool = field.isList || field.description.namesFieldsOf != nil
        if let typed, typed.fields.contains(where: { $0.name == field.name }) { return typed.values(field.name).suffix(isSeveral ? 500 : 1).filter { !$0.isEmpty } }
        if case .moment(let moment) = value {
            return [Display(calendar: transaction.settings.calendar).moment(moment).replacing(" ", with: "T")]
        }
        return ValueText.texts(value)
    }

    /// All problems above a form, each with a way to its field.
    static func summary(_ error: CRMError, fields: [FieldModel], prefix: String = "", merging: Parts.Merging = .nothing) -> HTML {
        let items = error.problems.html { problem in
            guard let field = fields.first(where: { $0.name == problem.field }) else {
                return "<li>\(problem.told(problem.field.readable))</li>"
            }
            return "<li><a href=\"#\(prefix)\(field.name)\">\(problem.told(field.label))</a></li>"
        }
        let list: HTML = error.problems.isEmpty ? "" : "<ul>\(items)</ul>"
        let hint: HTML = error.hint.isEmpty ? "" : "<p>\(error.hint)</p>"
        return """
            <div class="notice bad problems" role="alert" tabindex="-1">\(Icon.named("alert"))<div><b>\(error.message.asSentence)</b>\(hint)\(list)\(Parts.ways(error, merging: merging))</div></div>
            """
    }

    // MARK: Reading

    /// What a form sent for some fields; fields that were not on it are left out. Throws `invalid` with every problem.
    static func values(_ form: FormBody, _ fields: [FieldModel], _ transaction: StoreTransaction) throws -> [(field: FieldModel, value: Value)] {
        let input = RecordInput(transaction: transaction)
        var problems: [Problem] = []
        var values: [(FieldModel, Value)] = []
        for field in fields {
            guard let text = text(form, field) else { continue }
            do {
                values.append((field, field.normalized(try input.value(field, text: text))))
            } catch let error as CRMError where !error.problems.isEmpty { problems += error.problems }
        }
        guard problems.isEmpty else { throw CRMError(.invalid, "some fields need another look", problems: problems) }
        return values
    }

    /// The text of a field as the readers of input expect it; nil when it was not sent.
    private static func text(_ form: FormBody, _ field: FieldModel) -> String? {
        let all = form.values(field.name)
        guard let last = all.last else { return nil }
        if field.isList || field.description.namesFieldsOf != nil { return all.filter { !$0.isEmpty }.joined(separator: ",") }
        if case .money = field.type, !last.trimmed.isEmpty, let currency = form[field.name + ".currency"] {
            return last.trimmed + " " + currency
        }
        return last
    }
}

extension EntityModel {
    /// The fields that this person may fill in.
    func editableFields(for actor: Actor) -> [FieldModel] {
        editableFields.filter { actor.mask($0.name, of: name) == .none && $0.type != .json && !$0.description.isHidden }
    }
}
