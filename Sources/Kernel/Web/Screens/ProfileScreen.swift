import PluginAPI

/// The reader's own page: appearance, password, tokens; and setting somebody else's password.
struct ProfileScreen {
    let visit: Visit

    func respond(_ rest: [String]) async throws -> FrontResponse {
        switch (rest.first, rest.count) {
        case (nil, _): return try await page()
        case ("appearance", 1) where visit.isPost: return appearance()
        case ("tracing", 1) where visit.isPost: return TraceScreen(visit: visit).switchTracing()
        case ("password", 1) where visit.isPost: return try await changePassword()
        case ("tokens", 1) where visit.isPost: return try await makeToken()
        case ("tokens", 3) where visit.isPost && rest[2] == "revoke":
            _ = try await visit.front.api(visit, "DELETE", ["tokens", rest[1]])
            return visit.done("/admin/profile#tokens", "Token revoked.")
        default: throw visit.front.unknown(visit)
        }
    }

    private func page(error: CRMError? = nil, token: String? = nil) async throws -> FrontResponse {
        let me = try await visit.front.api(visit, "GET", ["me"])
        let tokens = try await visit.front.authenticator.tokens(of: visit.actor.userID)
        let tokenPart = try await visit.store.read(as: visit.actor) { self.tokens(tokens, visit.markup($0), made: token) }
        let roles = (me["roles"]?.array ?? []).compactMap(\.text)
        let facts: HTML = """
            <dl class="facts"><div><dt>Name</dt><dd>\(me["name"]?.text ?? "")</dd></div><div><dt>E-mail</dt><dd>\(me["email"]?.text ?? "")</dd></div><div><dt>Roles</dt><dd>\(roles.html { "\(Badge.word($0)) " })</dd></div></dl>
            """
        let rights = Parts.link("What may I do?", "/admin/explain", icon: "shield", classes: "compact plain")
        let content: HTML = "<div class=\"narrow\">\(Parts.head("Profile"))\(Parts.box("You", actions: rights, facts))\(appearancePart)\(TraceScreen(visit: visit).profilePart)\(passwordPart(error))\(tokenPart)</div>"
        return try await visit.page(Page(title: "Profile", content: content), status: error.map { Problems.status($0.code) } ?? 200)
    }

    // MARK: Appearance

    private var appearancePart: HTML {
        let theme = visit.request.cookie("tenon_theme") ?? ""
        let keys = visit.request.cookie("tenon_keys") ?? ""
        let themes = [("", "As the system"), ("light", "Light"), ("dark", "Dark")].html { "<option value=\"\($0.0)\"\(" selected", if: $0.0 == theme)>\($0.1)</option>" }
        let shortcuts = [("on", "On"), ("off", "Off")].html { "<option value=\"\($0.0)\"\(" selected", if: $0.0 == keys)>\($0.1)</option>" }
        return Parts.box("Appearance", """
            <form class="body form" method="post" action="/admin/profile/appearance">\(csrfField(visit.csrf))<div class="pair"><div class="field"><label for="theme">Colours</label><select id="theme" name="theme">\(themes)</select></div>\
            <div class="field"><label for="keys">Keyboard shortcuts of one letter</label><select id="keys" name="keys">\(shortcuts)</select></div></div><div class="form-foot"><button class="button primary">Save</button></div></form>
            """)
    }

    private func appearance() -> FrontResponse {
        let chosen = visit.form.text("theme")
        let theme: String = chosen == "light" || chosen == "dark" ? chosen : ""
        let keys = visit.form["keys"] == "off" ? "off" : "on"
        let age = 365 * 86_400
        return visit.done("/admin/profile", "Saved.")
            .with("set-cookie", "tenon_theme=\(theme); Path=/; Max-Age=\(theme.isEmpty ? 0 : age); SameSite=Lax")
            .with("set-cookie", "tenon_keys=\(keys); Path=/; Max-Age=\(age); SameSite=Lax")
    }

    // MARK: Password

    private func passwordPart(_ error: CRMError?) -> HTML {
        func field(_ name: String, _ label: String, _ use: String, hint: HTML = "") -> HTML {
            let problem = error?.problems.first { $0.field == name }?.message
            let told: HTML = problem.map { "<p class=\"problem\" id=\"\(name)-problem\">\($0.asSentence)</p>" } ?? ""
            let marks: HTML = problem == nil ? "" : " aria-invalid=\"true\" aria-describedby=\"\(name)-problem\""
            return "<div class=\"field\"><label for=\"\(name)\">\(label)</label><input id=\"\(name)\" name=\"\(name)\" type=\"password\" autocomplete=\"\(use)\" required\(marks)>\(told)\(hint)</div>"
        }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        return Parts.box("Password", """
            <form class="body form" method="post" action="/admin/profile/password">\(csrfField(visit.csrf))\(trouble)\(field("current_password", "Present password", "current-password"))\
            <div class="pair">\(field("password", "New password", "new-password", hint: "<p class=\"hint\">At least \(PasswordRules.shortest) characters.</p>"))\(field("again", "Once more", "new-password"))</div>\
            <p class="muted small">Your other sessions end.</p><div class="form-foot"><button class="button primary">Change password</button></div></form>
            """)
    }

    private func changePassword() async throws -> FrontResponse {
        guard let user = visit.actor.userID else { throw visit.front.unknown(visit) }
        let form = visit.form
        do {
            guard form["password"] == form["again"] else {
                throw CRMError(.invalid, "the new passwords differ", problems: [Problem(field: "again", "is not the same")])
            }
            try await visit.front.authenticator.changePassword(
                of: user, from: form["current_password"] ?? "", to: form["password"] ?? "", address: visit.request.address,
                keeping: visit.request.cookie(SessionCookie.name))
        } catch let error as CRMError where error.code == .invalid || error.code == .throttled {
            return try await page(error: error)
        }
        return visit.done("/admin/profile", "Password changed.")
    }

    /// Sets somebody's password: for whoever manages users.
    func setPassword(of id: RecordID) async throws -> FrontResponse {
        try visit.actor.requireImpersonation(of: id.raw)
        var trouble: HTML = ""
        var status = 200
        if visit.isPost {
            do {
                let given = ["current_password", "password"].compactMap { name in
                    visit.form[name].map { JSONValue.Member(name: name, value: .string($0)) }
                }
                _ = try await visit.front.api(visit, "POST", ["users", id.description, "password"], .object(given))
                return visit.done("/admin/users/\(id)", "Password set. Earlier sessions have ended.")
            } catch let error as CRMError where error.code == .invalid || error.code == .throttled {
                trouble = FieldForm.summary(error, fields: [])
                status = Problems.status(error.code)
            }
        }
        // One's own is changed by whoever knows the present one.
        let present: HTML = id.raw == visit.actor.userID ? "<div class=\"field\"><label for=\"current\">Present password</label><input id=\"current\" name=\"current_password\" type=\"password\" autocomplete=\"current-password\" required></div>" : ""
        let body: HTML = """
            <form class="form" method="post" action="/admin/users/\(id.raw)/password">\(csrfField(visit.csrf))\(trouble)\(present)<div class="field"><label for="password">New password</label><input id="password" name="password" type="password" autocomplete="new-password" required><p class="hint">At least \(PasswordRules.shortest) characters.</p></div>\
            <div class="form-foot"><a class="button plain" href="/admin/users/\(id.raw)" data-close>Cancel</a><button class="button primary">Set password</button></div></form>
            """
        return try await visit.dialog("Set the password", current: "/admin/users", status: status, body)
    }

    // MARK: Tokens

    private func tokens(_ tokens: [AccessToken], _ markup: ValueMarkup, made: String?) -> HTML {
        let rows = tokens.html { token in
            let seen: HTML = token.seen.map { "used \(markup.ago($0))" } ?? "not used yet"
            let expires: HTML = token.expires.map { "until \(markup.time($0))" } ?? "does not expire"
            let revoke = Parts.post("Revoke", "/admin/profile/tokens/\(token.id)/revoke", csrf: visit.csrf, classes: "compact plain danger", confirm: "Revoke “\(token.name)”? What uses it stops working.")
            return "<tr><th scope=\"row\">\(token.name)</th><td data-label=\"Made\">\(markup.ago(token.created))</td><td data-label=\"Used\">\(seen)</td><td data-label=\"Expires\">\(expires)</td><td class=\"num\">\(revoke)</td></tr>"
        }
        let shown: HTML = made.map { secret in
            Parts.notice(.good, "Copy it now; it is not shown again.", "<p class=\"row\"><code id=\"made-token\">\(secret)</code><button class=\"button compact\" type=\"button\" data-copy=\"#made-token\">Copy</button></p>")
        } ?? ""
        let table: HTML = tokens.isEmpty ? "" : "<div class=\"scroll\"><table class=\"rows\"><tbody>\(rows)</tbody></table></div>"
        let form: HTML = """
            <form class="body form" method="post" action="/admin/profile/tokens">\(csrfField(visit.csrf))\(shown)<p class="muted">A token lets a program or the command line act as you.</p><div class="pair"><div class="field"><label for="token-name">Name</label><input id="token-name" name="name" maxlength="100" required autocomplete="off"></div>\
            <div class="field"><label for="token-days">Days until it expires</label><input id="token-days" name="days" inputmode="numeric" placeholder="never" autocomplete="off"></div></div><div class="form-foot"><button class="button">Make a token</button></div></form>
            """
        return Parts.box("Tokens", count: tokens.isEmpty ? nil : tokens.count, id: "tokens", "\(form)\(table)")
    }

    private func makeToken() async throws -> FrontResponse {
        var members: [JSONValue.Member] = [.init(name: "name", value: .string(visit.form.text("name")))]
        if let days = Int(visit.form.text("days")), days > 0, days < 4000 { members.append(.init(name: "days", value: .number(String(days)))) }
        let made = try await visit.front.api(visit, "POST", ["tokens"], .object(members))
        return try await page(token: made["token"]?.text)
    }
}
