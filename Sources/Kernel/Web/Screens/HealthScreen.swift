import PluginAPI

/// Whether the deployment is well, check by check, and a copy of everything to take away.
struct HealthScreen {
    let visit: Visit

    private var mayMend: Bool {
        guard let user = visit.actor.userID else { return visit.actor.isElevated }
        return visit.actor.rights.administrators.contains(user)
    }

    /// The content below the tabs: looked at only when somebody says so, since it reads everything.
    func content() async throws -> HTML {
        let isLooking: Bool = visit.request.parameter("look") != nil
        let backup: HTML = mayMend
            ? "<a class=\"button\" href=\"/api/v1/backup\" download>\(Icon.named("download"))Download a backup</a>" : ""
        guard isLooking else {
            let look: HTML = "<a class=\"button primary\" href=\"/admin/jobs/health?look=1\">Look now</a>\(backup)"
            return Parts.empty(
                "check", "Is all well?",
                "Looks at the stored bytes, at links, and whether search, trail, boards and files agree with the records. With a million records that takes minutes; everybody else goes on working.",
                actions: look)
        }
        return try await findings(try await visit.front.api(visit, "GET", ["doctor"]), backup)
    }

    private func findings(_ answer: JSONValue, _ backup: HTML) async throws -> HTML {
        let items: [JSONValue] = answer["data"]?.array ?? []
        let bad: [JSONValue] = items.filter { $0["state"]?.text != "ok" }
        let canMend: Bool = mayMend && items.contains { $0["fixable"]?.bool == true }
        // What is not well comes first.
        let rows: HTML = (bad + items.filter { $0["state"]?.text == "ok" }).html { item -> HTML in
            let state: String = item["state"]?.text ?? ""
            let tone: Badge.Tone = state == "failed" ? .bad : state == "warning" ? .warn : .good
            let hint: String = item["hint"]?.text ?? ""
            let more: HTML = "<div class=\"muted small\">\(hint)</div>"
            let words: HTML = "<div>\((item["message"]?.text ?? "").asSentence)\(more, if: !hint.isEmpty)</div>"
            return """
                <tr><th scope="row">\((item["check"]?.text ?? "").readable)</th>\(Parts.td("State", Badge.word(state == "ok" ? "Well" : state.readable, tone)))\(Parts.td("Finding", words, wraps: true))</tr>
                """
        }
        let mend: HTML = canMend
            ? Parts.post(
                "Mend", "/admin/jobs/health/mend", csrf: visit.csrf, classes: "primary",
                confirm: "Make anew what follows from the records and does not agree with them?") : ""
        let again: HTML = "<a class=\"button\" href=\"/admin/jobs/health?look=1\">Look again</a>"
        let title: String = bad.isEmpty ? "All is well" : bad.count == 1 ? "One thing is not well" : "\(bad.count) things are not well"
        let table: HTML = Parts.table("Health", heads: [Parts.th("Check"), Parts.th("State"), Parts.th("Finding")], rows)
        return Parts.box(title, actions: "\(mend)\(again)\(backup)", table)
    }

    func mend() async throws -> FrontResponse {
        let answer: JSONValue = try await visit.front.api(visit, "POST", ["doctor"])
        let done: Int = answer["mended"]?.array?.count ?? 0
        return visit.done("/admin/jobs/health?look=1", done == 0 ? "There was nothing to mend." : done == 1 ? "One thing was mended." : "\(done) things were mended.")
    }
}
