import PluginAPI

/// What a formula in a form comes to, or what is wrong with it and where, while it is typed.
struct FormulaCheckScreen {
    let visit: Visit

    /// The attributes of the text and the place below it that tells.
    static func attributes(_ field: FieldDescription, id: String) -> HTML {
        guard let demand = field.formulaOn else { return "" }
        let values = "{\"formula_field\": \"\(field.name)\", \"formula_entity\": \"\(demand.entity)\", \"formula_result\": \"\(demand.result.rawValue)\"}"
        return """
             hx-post="/admin/formulas/check" hx-include="closest form" hx-vals="\(values)" hx-target="#\(id)-check" hx-swap="innerHTML" hx-trigger="input changed delay:300ms"
            """
    }

    func respond() -> FrontResponse {
        let form = visit.form
        let name: String = form.text("formula_field")
        let text: String = form.text(name)
        guard !text.trimmed.isEmpty, let entity = visit.registry.entity(form.text("formula_entity")),
            visit.actor.can("view", on: entity.name)
        else { return visit.part("") }
        do {
            let formula = try visit.registry.formula(text, on: entity, for: visit.actor)
            if let result = FormulaType(rawValue: form.text("formula_result")) { try formula.require(result) }
            return visit.part(FormulaMarkup.result(formula))
        } catch let refusal as FormulaRefusal {
            return visit.part(FormulaMarkup.problem(refusal, id: name + "-formula"))
        } catch { return visit.part("") }
    }
}
