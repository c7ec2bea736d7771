import PluginAPI

/// What pages say about a formula.
enum FormulaMarkup {
    /// What is wrong, with a mark below the place.
    static func problem(_ refusal: FormulaRefusal, id: String) -> HTML {
        let hint: HTML = refusal.problem.hint.isEmpty ? "" : " \(refusal.problem.hint)"
        return """
            <div id="\(id)" class="formula-problem" role="alert"><pre>\(refusal.excerpt)</pre><p class="problem">Line \(String(refusal.position.line)), column \(String(refusal.position.column)): \(refusal.problem.message).\(hint)</p></div>
            """
    }

    /// What it comes to.
    static func result(_ formula: Formula) -> HTML {
        let decimals: String = formula.scale > 0 ? " with \(formula.scale) decimals" : ""
        return "<p class=\"hint good\" role=\"status\">Comes to \(formula.kind.word)\(decimals).</p>"
    }

    /// How a formula field does, for the list of fields.
    static func status(_ status: JSONValue?, _ path: String) -> HTML {
        guard let status else { return "" }
        let failing: Int64 = status["failing"]?.int ?? 0
        switch status["state"]?.text {
        case "broken": return "<br><span class=\"problem\">Broken: \((status["problem"]?.text ?? "").asSentence) Its last values are kept.</span>"
        case "filling":
            return "<br><span class=\"muted\" role=\"status\">Filling in: \(status["done"]?.text ?? "0") of \(status["total"]?.text ?? "0") records</span>"
        default:
            guard failing > 0 else { return "" }
            let record: String = status["failing_record"]?.text ?? ""
            return """
                <br><span class="problem">Comes to nothing for \(String(failing)) \(failing == 1 ? "record" : "records"), as for <a href="/admin/\(path)/\(record)">number \(record)</a>: \((status["reason"]?.text ?? "").asSentence)</span>
                """
        }
    }
}
