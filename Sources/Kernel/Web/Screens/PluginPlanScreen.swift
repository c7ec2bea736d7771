import PluginAPI

/// A change of plugins: what it does, the questions that it asks, and then the change itself.
struct PluginPlanScreen {
    let visit: Visit
    let id: String
    let action: PluginPlan.Action

    private var word: String { action.rawValue }

    func respond() async throws -> FrontResponse {
        guard visit.isPost else { return try await ask(nil) }
        do {
            return try await carryOut()
        } catch let error as CRMError where error.code != .unauthenticated && error.code != .internalError {
            return try await ask(error)
        }
    }

    private func carryOut() async throws -> FrontResponse {
        let typed = visit.form["typed"] ?? ""
        if action == .uninstall, typed != id {
            throw CRMError(.invalid, "type \(id) to say that its data may go", problems: [Problem(field: "typed", "must be \(id)")])
        }
        let body = JSONValue.fields([
            "cascade": .boolean(true), "digest": .string(visit.form["digest"] ?? ""), "approve": .boolean(visit.form["approve"] == "true"),
            "destroy": .array(action == .uninstall ? [.string(typed)] : []),
        ])
        let answer = try await visit.front.api(visit, "POST", ["plugins", id, word], body)
        switch action {
        case .enable, .disable: return visit.done("/admin/plugins", "\(answer["name"]?.text ?? id) is \(word)d.")
        case .upgrade:
            let isPending = answer["upgrade"]?["state"]?.text == "pending"
            return visit.done("/admin/plugins", isPending ? "The new version takes over with the next start." : "The new version is in place.")
        case .uninstall:
            let archive = answer["data"]?.array?.first?["archive"]?.text ?? ""
            return visit.done("/admin/plugins", "\(id) is uninstalled. What it held is in \(archive).")
        }
    }

    // MARK: Asking

    private func ask(_ error: CRMError?) async throws -> FrontResponse {
        let body = JSONValue.fields(["action": .string(word), "plugins": .array([.string(id)]), "cascade": .boolean(true)])
        let plan: PluginPlan
        do {
            let json = try await visit.front.api(visit, "POST", ["plugins", "plan"], body)
            plan = try PayloadCoding.decode(PluginPlan.self, from: Array(json.text().utf8))
        } catch let refusal as CRMError where refusal.code != .unauthenticated && refusal.code != .internalError {
            var told: CRMError = refusal
            // What the refusal has said already.
            told.problems.removeAll { $0.isDifference || refusal.message.contains($0.message) }
            return try await dialog("\(word.readable) \(id)?", refusal, "\(FieldForm.summary(told, fields: []))\(foot(nil))")
        }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        guard !plan.isEmpty else {
            return try await dialog("\(word.readable) \(id)?", error, "\(trouble)<p>There is nothing to do.</p>\(foot(nil))")
        }
        let form: HTML = """
            <form class="form" method="post" action="/admin/plugins/\(id)/\(word)">\(csrfField(visit.csrf))<input type="hidden" name="digest" value="\(plan.digest)">\(trouble)\(intro)\(plan.steps.html(step))\(questions(plan))\(foot(plan))</form>
            """
        return try await dialog("\(plan.title)?", error, form)
    }

    private func dialog(_ title: String, _ error: CRMError?, _ body: HTML) async throws -> FrontResponse {
        try await visit.dialog(title, current: "/admin/plugins", status: error.map { Problems.status($0.code) } ?? 200, body)
    }

    private var intro: HTML {
        switch action {
        case .enable: "<p>This is what comes with it. Nothing has changed yet.</p>"
        case .disable: "<p>Its pages, fields, actions, hooks and jobs go away for everyone. Its data stays and is there again when it is enabled.</p>"
        case .upgrade: "<p>The version that runs goes on serving if anything of this fails.</p>"
        case .uninstall: "<p>All that it holds is written to an archive, and then deleted here.</p>"
        }
    }

    private func step(_ step: PluginPlan.Step) -> HTML {
        let sections: HTML = step.sections.html { section in
            // Names one after the other, what is lost or asked for a line each.
            let isBrief: Bool = section.lines.allSatisfy { $0.details.isEmpty } && (section.lines.count == 1 || section.tone == .plain && section.title != "Note")
            let lines: HTML = isBrief ? HTML(section.brief) : "<ul>\(section.lines.html(line))</ul>"
            let tone: HTML = section.tone == .loss ? " class=\"loss\"" : section.tone == .question ? " class=\"ask\"" : ""
            return "<div\(tone)><dt>\(section.title)</dt><dd>\(lines)</dd></div>"
        }
        let body: HTML = sections.isEmpty ? "<p class=\"muted\">Changes nothing else.</p>" : "<dl class=\"plan\">\(sections)</dl>"
        return "<section><h3>\(step.title)</h3>\(body)</section>"
    }

    /// What is said, with what it is made of behind it.
    private func line(_ line: PluginPlan.Step.Section.Line) -> HTML {
        if line.details.isEmpty { return "<li>\(line.text)</li>" }
        return "<li><details><summary>\(line.text)</summary><ul>\(line.details.html { "<li>\($0)</li>" })</ul></details></li>"
    }

    private func questions(_ plan: PluginPlan) -> HTML {
        var html = HTML()
        if !plan.approvals.isEmpty {
            html += "<label class=\"tick\"><input type=\"checkbox\" name=\"approve\" value=\"true\" required>I approve what it asks for</label>"
        }
        if action == .uninstall {
            html += """
                <div class="field"><label for="typed">Type <b>\(id)</b> to say that this data may go</label><input id="typed" name="typed" required autocomplete="off" autocapitalize="off" spellcheck="false" pattern="\(id)"></div>
                """
        }
        return html
    }

    private func foot(_ plan: PluginPlan?) -> HTML {
        let others = plan.map { $0.steps.count - 1 } ?? 0
        let count = others > 0 && action != .upgrade ? " \(others + 1) plugins" : ""
        let classes = action == .uninstall ? "danger primary" : "primary"
        let go: HTML = plan == nil ? "" : "<button class=\"button \(classes)\"\(" autofocus", if: action != .uninstall)>\(word.readable)\(action == .uninstall ? "" : count)</button>"
        return "<div class=\"form-foot\"><a class=\"button plain\" href=\"/admin/plugins\" data-close>\(plan == nil ? "Close" : "Cancel")</a>\(go)</div>"
    }
}
