import FoundationEssentials

extension TestHost {
    /// Reads any address: a path with its query. Never throws for a refusal; look at the answer's status.
    public func get(_ path: String, as user: String? = nil) async throws -> HostResponse {
        try await LocalConnection(directory: data).send("GET", path, headers: headers(user), body: [])
    }

    /// Sends a document to any address. Never throws for a refusal; look at the answer's status.
    public func send(_ method: String, _ path: String, _ body: JSON? = nil, as user: String? = nil) async throws -> HostResponse {
        var headers = headers(user)
        if body != nil { headers["content-type"] = "application/json" }
        return try await LocalConnection(directory: data).send(method, path, headers: headers, body: body.map { Array($0.description.utf8) } ?? [])
    }

    private func headers(_ user: String?) -> [String: String] {
        user.map { ["accept": "application/json", "tenon-user": $0] } ?? ["accept": "application/json"]
    }

    /// A document of the JSON front: `read("metrics")` is `GET /api/v1/metrics`. Throws ``Refusal``.
    public func read(_ path: String, as user: String? = nil) async throws -> JSON { try accepted(await get("/api/v1/" + path, as: user)) }

    /// Sends to the JSON front. Throws ``Refusal``.
    @discardableResult
    public func call(_ method: String, _ path: String, _ body: JSON? = nil, as user: String? = nil) async throws -> JSON {
        try accepted(await send(method, "/api/v1/" + path, body, as: user))
    }

    private func accepted(_ response: HostResponse) throws -> JSON {
        guard response.isSuccess else { throw Refusal(response) }
        return try response.json
    }

    /// A page of the web front, as its HTML. Throws ``Refusal`` when it does not answer with 200.
    public func page(_ path: String, as user: String? = nil) async throws -> String {
        let response = try await get(path, as: user)
        guard response.status == 200 else { throw Refusal(response) }
        return response.text
    }

    // MARK: Records

    /// Makes a record. The path is the entity's plural: `visits`. Throws ``Refusal`` with the fields that are wrong.
    @discardableResult
    public func create(_ path: String, _ fields: JSON, as user: String? = nil) async throws -> JSON { try await call("POST", path, fields, as: user) }

    /// One record.
    public func show(_ path: String, _ id: JSON, as user: String? = nil) async throws -> JSON { try await read("\(path)/\(id.text)", as: user) }

    /// The records of a list, by a query such as `state=planned&sort=-day`; at most 500.
    public func list(_ path: String, _ query: String = "", as user: String? = nil) async throws -> [JSON] {
        try await read("\(path)?limit=500" + (query.isEmpty ? "" : "&" + query), as: user)["data"].items
    }

    /// Changes fields of a record.
    @discardableResult
    public func update(_ path: String, _ id: JSON, _ fields: JSON, as user: String? = nil) async throws -> JSON {
        try await call("PATCH", "\(path)/\(id.text)", fields, as: user)
    }

    /// Deletes a record.
    public func delete(_ path: String, _ id: JSON, as user: String? = nil) async throws {
        try await call("DELETE", "\(path)/\(id.text)", as: user)
    }

    /// Runs an action on a record; the answer has `message`, `results`, `opens` and `record`.
    @discardableResult
    public func act(_ path: String, _ id: JSON, _ action: String, _ input: JSON = [:], as user: String? = nil) async throws -> JSON {
        try await call("POST", "\(path)/\(id.text)/actions/\(action)", input, as: user)
    }

    /// Makes a user with some of the roles that come with the product (`sales_agent`), and returns the address to act as.
    @discardableResult
    public func addUser(_ name: String, roles: [String] = []) async throws -> String {
        let address = name.lowercased().split(separator: " ").joined(separator: ".") + "@example.com"
        let known = try await list("roles")
        let ids = try roles.map { role in
            guard let found = known.first(where: { $0["key"].text == role || $0["name"].text == role }) else {
                throw HostProblem("there is no role \(role)")
            }
            return found["id"]
        }
        try await create("users", ["name": .string(name), "email": .string(address), "active": true, "roles": .array(ids)])
        return address
    }

    // MARK: Background

    /// Returns when everything that is due has been done: deliveries of hooks and jobs. What failed and waits for another attempt is not due. Throws when it does not come to rest.
    public func settle() async throws {
        for _ in 0..<1500 {
            let due = try await read("hooks/failed")["due"].int ?? 0
            let busy = try await read("jobs")["queue"].items.contains { ["queued", "running"].contains($0["state"].text) && !isLater($0) }
            if due == 0, !busy { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw HostProblem("there is still work in the background after half a minute")
    }

    /// Whether a run waits for its time: a retry, or work for another day.
    private func isLater(_ run: JSON) -> Bool { run["run_at"].text > (clock?.now ?? Date()).formatted(.iso8601) }

    // MARK: Plugins

    /// Switches the tested plugin on, approving what it asks for.
    public func enable() async throws {
        try await call("POST", "plugins/\(plugin.id)/enable", ["cascade": true, "approve": true])
    }

    /// What has become of the tested plugin: `enabled`, `failed` and so on.
    public func state() async throws -> String { try await read("plugins/\(plugin.id)")["state"].text }

    /// Has the version in the plugins folder take over from the one that runs. Throws when the old one goes on serving.
    public func upgrade() async throws {
        let asked = try await call("POST", "plugins/\(plugin.id)/upgrade", ["approve": true])
        var now = asked
        for _ in 0..<1200 where now["upgrade"]["state"] == "pending" {
            try await Task.sleep(for: .milliseconds(50))
            // A worker that is on its way out may hang up.
            now = (try? await read("plugins/\(plugin.id)")) ?? now
        }
        guard now["state"] == "enabled", now["upgrade"].isNull else {
            throw HostProblem("the plugin \(plugin.id) could not take over: \(now["upgrade"]["reason"].text)\(now["reason"].text)")
        }
    }

    /// Takes the tested plugin out for good. Returns the folder of the archive with all that it held.
    public func uninstall() async throws -> String {
        try await call("POST", "plugins/\(plugin.id)/uninstall", ["destroy": .string(plugin.id)])["data"][0]["archive"].text
    }

    /// Brings back what an archive holds.
    public func restore(_ archive: String) async throws { try await call("POST", "plugins/restore", ["archive": .string(archive)]) }

    /// Switches the tested plugin off; its data stays.
    public func disable() async throws { try await call("POST", "plugins/\(plugin.id)/disable", [:]) }
}

extension TestHost {
    /// Sends a form as a browser does. Amounts are written as people write them.
    func submit(_ path: String, _ fields: JSON) async throws -> HostResponse {
        let pairs = fields.members.map { member -> String in
            let value = member.value
            let text = value["amount"].text.isEmpty ? value.text : value["amount"].text + " " + value["currency"].text
            return member.name.percentEncoded + "=" + text.percentEncoded
        }
        let headers = ["content-type": "application/x-www-form-urlencoded", "accept": "text/html"]
        return try await LocalConnection(directory: data).send("POST", path, headers: headers, body: Array(pairs.joined(separator: "&").utf8))
    }
}
