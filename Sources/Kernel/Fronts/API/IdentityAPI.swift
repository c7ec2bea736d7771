import PluginAPI

/// Who the caller is, passwords and tokens.
struct IdentityAPI: Sendable {
    let kernel: Kernel

    func me(_ caller: Caller) async throws -> FrontResponse {
        let rights = caller.actor.rights
        guard let id = caller.actor.userID, let person = rights.people[id] else {
            throw CRMError(.unauthenticated, "nobody is logged in")
        }
        let email = try await kernel.store.read(as: caller.actor.elevated(for: "the user's own address")) { tx in
            try tx.find("user", RecordID(id))?["email"] ?? .null
        }
        return .json(
            JSONWriter.object { json in
                json.field("id", id)
                json.field("name", person.name)
                json.key("email")
                json.value(email)
                json.field("roles", person.roles.compactMap { rights.roles[$0]?.name })
                json.field("administrator", person.roles.contains { rights.roles[$0]?.grants.isEverything == true })
            })
    }

    /// Sets a user's password: one's own, or anyone's for whoever manages users.
    func password(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard request.method == "POST" else { return APIFront.wrongMethod(request, "POST") }
        let id = try APIFront.id(rest.first ?? "")
        let body = try APIFront.body(request)
        guard let password = body["password"]?.text else {
            throw CRMError(.invalid, "no password is given", problems: [Problem(field: "password", "is required")])
        }
        // A browser may have been left open: there, one's own password is changed by whoever knows the present one.
        if caller.kind == .session, id.raw == caller.actor.userID {
            guard let current = body["current_password"]?.text else {
                throw CRMError(
                    .invalid, "the present password is not given", problems: [Problem(field: "current_password", "is required")])
            }
            try await kernel.authenticator.changePassword(
                of: id.raw, from: current, to: password, address: request.address, keeping: request.cookie(SessionCookie.name))
            return .noContent
        }
        try await kernel.setPassword(password, of: id.raw, by: caller)
        return .noContent
    }

    func tokens(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        let actor = caller.actor
        let mayAll = actor.can(.manageUsers)
        switch (request.method, rest.count) {
        case ("GET", 0):
            var owner = actor.userID
            if mayAll { owner = try await request.parameter("user").asyncMap { try await user($0, caller) } }
            let tokens = try await kernel.authenticator.tokens(of: owner)
            return .json(
                JSONWriter.object { json in
                    json.key("data")
                    json.beginArray()
                    for token in tokens { write(&json, token, actor, secret: nil) }
                    json.endArray()
                })
        case ("POST", 0):
            let body = try APIFront.body(request)
            let name = body["name"]?.text?.trimmed ?? ""
            guard !name.isEmpty, name.count <= 100 else {
                throw CRMError(.invalid, "the token has no name", problems: [Problem(field: "name", "must be 1 to 100 characters")])
            }
            var owner = actor.userID ?? 0
            if let text = body["user"]?.text {
                owner = try await user(text, caller)
                try actor.requireImpersonation(of: owner)
            }
            let expires = try body["days"].map { json in
                guard let days = json.int, (1...36_500).contains(days) else {
                    throw CRMError(.invalid, "the token has no end", problems: [Problem(field: "days", "must be from 1 to 36500")])
                }
                return kernel.clock.now.adding(days: Int(days))
            }
            let made = try await kernel.authenticator.createToken(for: owner, name: name, expires: expires)
            return .json(JSONWriter.document { write(&$0, made.token, actor, secret: made.secret) }, status: 201)
        case ("DELETE", 1):
            try await kernel.authenticator.revokeToken(try APIFront.id(rest.first ?? "").raw, of: mayAll ? nil : actor.userID)
            return .noContent
        default: return APIFront.wrongMethod(request, "GET, POST, DELETE")
        }
    }

    private func user(_ text: String, _ caller: Caller) async throws -> Int64 {
        let id = try await kernel.store.read(as: caller.actor) { try $0.resolve("user", text) }
        guard let id else {
            throw CRMError(.invalid, "there is no user \(text)", problems: [Problem(field: "user", "is not a user")])
        }
        return id
    }

    private func write(_ json: inout JSONWriter, _ token: AccessToken, _ actor: Actor, secret: String?) {
        json.beginObject()
        json.field("id", token.id)
        if let secret { json.field("token", secret) }
        json.field("name", token.name)
        json.field("user", token.userID)
        json.field("user_label", actor.rights.people[token.userID]?.name)
        json.field("created_at", token.created)
        json.field("seen_at", token.seen)
        json.field("expires_at", token.expires)
        json.endObject()
    }
}

extension Optional {
    func asyncMap<T>(_ body: (Wrapped) async throws -> T) async rethrows -> T? {
        guard let self else { return nil }
        return try await body(self)
    }
}
