import PluginAPI

/// An action on a record: its form, with the fields that other plugins add, and what came of it.
struct ActionScreen {
    let visit: Visit
    let entity: EntityModel
    let action: ActionModel
    let id: RecordID

    private var base: String { "/admin/\(entity.path)" }
    private var href: String { "\(base)/\(id)" }

    /// The fields of the action and its extensions, in order.
    static func fields(_ action: ActionModel) -> [FieldModel] {
        action.parts.flatMap { part in
            part.entry.fields.enumerated().map { FieldModel($1, place: $0, plugin: part.plugin) }
        }
    }

    func respond() async throws -> FrontResponse {
        try visit.actor.require(action.name, on: entity)
        guard visit.isPost else { return try await form(nil) }
        do {
            let outcome = try await visit.store.write(as: visit.actor) { transaction in
                let values = try FieldForm.values(visit.form, ActionScreen.fields(action), transaction)
                let input = Dictionary(values.map { ($0.field.name, $0.value) }) { $1 }
                return try transaction.run(entity, action, id, input: input)
            }
            if case .text(let secret)? = outcome.results["secret"] { return try await shown(secret, outcome) }
            let message = outcome.message.isEmpty ? "\(action.title): done." : outcome.message.asSentence
            return visit.done(destination(outcome), message)
        } catch let error as CRMError where [.invalid, .refused, .conflict, .forbidden].contains(error.code) {
            return try await form(error)
        }
    }

    /// A result named secret is shown here and now: it must not travel in the address or wait in a message.
    private func shown(_ secret: String, _ outcome: ActionOutcome) async throws -> FrontResponse {
        let copy: HTML = """
            <p class="row"><code id="made-secret">\(secret)</code><button class="button compact" type="button" data-copy="#made-secret">Copy</button></p>
            """
        let body: HTML = """
            \(Parts.notice(.good, "Copy it now; it is not shown again.", copy))<div class="form-foot"><a class="button primary" href="\(destination(outcome))">Done</a></div>
            """
        return try await visit.dialog(action.title, current: base, body).with("cache-control", "no-store")
    }

    private func destination(_ outcome: ActionOutcome) -> String {
        if let opens = outcome.opens, let model = visit.registry.entity(opens.entity), visit.actor.can("view", on: opens.entity) {
            return "/admin/\(model.path)/\(opens.id)"
        }
        return outcome.record == nil ? base : href
    }

    private func form(_ error: CRMError?) async throws -> FrontResponse {
        let (title, body) = try await visit.store.read(as: visit.actor) { transaction -> (String, HTML) in
            let record = try transaction.require(entity, id)
            return ("\(action.title): \(RecordChoices.label(record, entity))", try html(transaction, error))
        }
        return try await visit.dialog(title, current: base, status: error.map { Problems.status($0.code) } ?? 200, body)
    }

    private func html(_ transaction: StoreTransaction, _ error: CRMError?) throws -> HTML {
        let prefilled = try transaction.prefill(entity, action, id, isDialog: true)
        let form = FieldForm(transaction, problems: error?.problems ?? [], typed: visit.isPost ? visit.form : nil)
        let fields = ActionScreen.fields(action)
        var values: [String: Value] = [:]
        for record in prefilled {
            for name in record.layout.names { values[name] = record[name] }
        }
        let shown = fields.filter { !$0.description.isHidden }
        let controls: HTML = shown.isEmpty ? "" : try form.controls(shown) { values[$0.name] ?? .null }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: fields) } ?? ""
        let summary: HTML = action.summary.isEmpty ? "" : "<p class=\"muted\">\(action.summary)</p>"
        let style = action.style == .danger ? "danger primary" : "primary"
        return """
            <form class="form" method="post" action="\(href)/actions/\(action.name)" data-guard>\(csrfField(visit.csrf))\(trouble)\(summary)\(controls)\
            <div class="form-foot"><a class="button plain" href="\(href)" data-close>Cancel</a><button class="button \(style)">\(action.title)</button></div></form>
            """
    }
}
