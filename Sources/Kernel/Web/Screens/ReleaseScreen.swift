import PluginAPI

/// Letting a plugin in again that is in quarantine.
struct ReleaseScreen {
    let visit: Visit
    let id: String

    func respond() async throws -> FrontResponse {
        guard visit.isPost else { return try await ask(nil) }
        do {
            let plugin = try await visit.front.api(visit, "POST", ["plugins", id, "release"], .object([]))
            return visit.done("/admin/plugins", "\(plugin["name"]?.text ?? id) is released.")
        } catch let error as CRMError where error.code != .unauthenticated && error.code != .internalError {
            return try await ask(error)
        }
    }

    private func ask(_ error: CRMError?) async throws -> FrontResponse {
        let plugin = try await visit.front.api(visit, "GET", ["plugins", id])
        let name = plugin["name"]?.text ?? id
        let trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        let body: HTML = """
            <form class="form" method="post" action="/admin/plugins/\(id)/release">\(csrfField(visit.csrf))\(trouble)<p>It was kept out because it crashed the server again and again. It is loaded again at once; three more crashes within ten minutes keep it out again.</p><div class="form-foot"><a class="button plain" href="/admin/plugins" data-close>Cancel</a><button class="button primary" autofocus>Release</button></div></form>
            """
        return try await visit.dialog("Release \(name)?", current: "/admin/plugins", status: error.map { Problems.status($0.code) } ?? 200, body)
    }
}
