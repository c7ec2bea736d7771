import PluginAPI

/// Coming in and going out.
struct LoginScreen {
    let front: WebFront
    let request: FrontRequest

    func respond(_ caller: Caller?) async throws -> FrontResponse {
        let form = request.method == "POST" ? try FormBody(request) : FormBody()
        let next = safe(form["next"] ?? request.parameter("next"))
        guard request.method == "POST" else {
            if caller?.kind == .session { return .redirect(next) }
            return page(nil, email: "", next: next)
        }
        do {
            try CrossSite.checkOrigin(request)
            let session = try await front.authenticator.login(
                email: form.text("email"), password: form["password"] ?? "", address: request.address,
                agent: request.headers["user-agent"] ?? "")
            return FrontResponse.redirect(next).with("set-cookie", SessionCookie.set(session.secret, for: request))
        } catch let error as CRMError where [.unauthenticated, .throttled, .forbidden, .unavailable].contains(error.code) {
            return page(error, email: form.text("email"), next: next).invitingAgain(after: error)
        }
    }

    func logout() async throws -> FrontResponse {
        if let secret = request.cookie(SessionCookie.name) { try await front.authenticator.logout(secret) }
        return FrontResponse.redirect("/login").with("set-cookie", SessionCookie.clear(for: request))
    }

    /// Only addresses of ours: a link from elsewhere must not take anyone away after the login.
    private func safe(_ next: String?) -> String {
        guard let next, next == "/admin" || next.hasPrefix("/admin/") || next.hasPrefix("/admin?"), !next.contains("\\"), !next.contains("\n"), !next.contains("\r") else { return "/admin" }
        return next
    }

    private func page(_ error: CRMError?, email: String, next: String) -> FrontResponse {
        var trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        if front.kernel.options.safeMode != nil, error == nil {
            trouble = Parts.notice(.warn, "Safe mode", "<p>The server runs without plugins. Only administrators can log in.</p>")
        }
        let focus: HTML = " autofocus"
        let content: HTML = """
            <section class="card-box"><h1>Log in</h1><form class="form" method="post" action="/login">\(trouble)<input type="hidden" name="next" value="\(next)">\
            <div class="field"><label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="username" required value="\(email)"\(focus, if: email.isEmpty)></div>\
            <div class="field"><label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required\(focus, if: !email.isEmpty)></div>\
            <button class="button primary">Log in</button></form></section>
            """
        let status = error.map { Problems.status($0.code) } ?? 200
        return .html(Page.alone("Log in", theme: request.cookie("tenon_theme") ?? "", content).bytes, status: status)
    }
}
