import PluginAPI

/// A page of a plugin for people outside: in the product's looks, without its menus, and without any script.
struct HostedScreen {
    let page: HostedPage
    /// What the deployment is called.
    let name: String
    let assets: AssetFiles

    var html: HTML {
        let parts = page.parts.html(part)
        let embedded: HTML = " embedded"
        let brand: HTML = "<footer class=\"muted small\">\(name)</footer>"
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(page.title) · \(name)</title><meta name="robots" content="noindex">
            <link rel="icon" href="\(assets.path("favicon.svg"))" type="image/svg+xml"><link rel="stylesheet" href="\(assets.path("tenon.css"))"></head>
            <body class="hosted\(embedded, if: page.isEmbedded)"><main id="main"><section class="card-box"><h1>\(page.title)</h1>\(parts)</section></main>\(brand, if: !page.isEmbedded)</body></html>
            """
    }

    private func part(_ part: HostedPage.Part) -> HTML {
        switch part {
        case .text(let text): return HostedScreen.paragraphs(text)
        case .notice(let tone, let title, let text): return Parts.notice(HostedScreen.tone(tone), title, HostedScreen.paragraphs(text))
        case .link(let title, let target):
            guard HostedScreen.isAddress(target) else { return "<p>\(title)</p>" }
            return "<p><a class=\"button\" href=\"\(target)\" target=\"_top\" rel=\"noopener\">\(title)</a></p>"
        case .form(let form): return HostedScreen.form(form)
        @unknown default: return ""
        }
    }

    private static func tone(_ tone: HostedPage.Tone) -> Parts.Tone {
        switch tone {
        case .good: .good
        case .bad: .bad
        case .plain: .plain
        @unknown default: .plain
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        WebOrigin(text) != nil || (text.hasPrefix("/") && !text.hasPrefix("//") && !text.hasPrefix("/\\"))
    }

    private static func paragraphs(_ text: String) -> HTML {
        text.split(whereSeparator: \.isNewline).html { "<p>\(String($0))</p>" }
    }

    private static func form(_ form: HostedForm) -> HTML {
        let models = form.fields.enumerated().map { FieldModel($1.description, place: $0, plugin: "") }
        let problems = form.fields.compactMap { field in field.problem.map { Problem(field: field.description.name, $0) } }
        let error = CRMError(.invalid, form.problem, problems: problems)
        let trouble: HTML = form.problem.isEmpty && problems.isEmpty ? "" : FieldForm.summary(error, fields: models)
        let controls = form.fields.html(control)
        let hidden = form.hidden.html { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">" }
        let trap: HTML = form.trap.map { name in
            """
            <div class="trap" aria-hidden="true"><label>Leave this empty <input name="\(name)" tabindex="-1" autocomplete="off" value=""></label></div>
            """
        } ?? ""
        return """
            <form class="form" method="post" action="\(form.action)">\(trouble)\(hidden)\(trap)\(controls)<div class="form-foot"><button class="button primary">\(form.button)</button></div></form>
            """
    }

    private static func control(_ field: HostedField) -> HTML {
        var control = FieldControl(field: field.description)
        control.texts = field.texts
        control.currency = field.currency
        control.problem = field.problem
        control.autocomplete = field.autocomplete
        if !field.choices.isEmpty { control.choices = field.choices.map { FieldChoice(key: $0.key, label: $0.label, color: $0.color) } }
        return control.html
    }
}
