import PluginAPI

/// The settings of the deployment and of the enabled plugins.
struct SettingsAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        try caller.actor.require(.manageSettings)
        let key = rest.first ?? ""
        switch (request.method, rest.count) {
        case ("GET", 0): return list(nil)
        case ("GET", 1) where key == "export": return SettingsDocument.export(kernel)
        case ("GET", 1) where key == "history": return try await history(caller)
        case ("POST", 1) where key == "import": return try await load(request, caller)
        case ("POST", 1) where key == "reset": return try await reset(request, caller)
        case ("GET", 1):
            try known(key)
            return list(key)
        case ("PATCH", 1):
            try known(key)
            guard let value = try APIFront.body(request)["value"] else {
                throw CRMError(.invalid, "no value is given", problems: [Problem(field: "value", "is required")])
            }
            try await change(caller, to: [.init(name: key, value: value)])
            return list(key)
        case ("DELETE", 1):
            try known(key)
            try await change(caller, to: [.init(name: key, value: .null)])
            return list(key)
        case ("PATCH", 0):
            guard let members = try APIFront.body(request).members else { throw CRMError(.malformed, "the body is not a JSON object") }
            try await change(caller, to: members)
            return list(nil)
        case (_, 0): return APIFront.wrongMethod(request, "GET, PATCH")
        case (_, 1): return APIFront.wrongMethod(request, ["import", "reset"].contains(key) ? "POST" : "GET, PATCH, DELETE")
        default: throw APIFront.unknown(request)
        }
    }

    private func known(_ key: String) throws {
        guard kernel.store.registry.setting(key) != nil else { throw CRMError(.notFound, "there is no setting \(key)") }
    }

    // MARK: Changing

    enum Step: Sendable {
        case keep, reset
        case set(Value)
    }

    /// Sets what the members of an object say; null goes back to the default. All of them or none.
    @discardableResult
    func change(_ caller: Caller, to members: [JSONValue.Member], isTrial: Bool = false) async throws -> [SettingChange] {
        try await change(caller, isTrial: isTrial) { _, entry, input in
            guard let member = members.last(where: { $0.name == entry.key }) else { return .keep }
            if member.value == .null { return .reset }
            return .set(try input.value(FieldModel(entry.field, place: 0, plugin: ""), json: member.value))
        } unknown: { registry in
            members.map(\.name).filter { registry.setting($0) == nil }
        }
    }

    /// Changes settings together: all of them or none; in a trial none, and what would change is told. A setting that is given its
    /// default is not stored, unless a document is to find it again.
    @discardableResult
    func change(
        _ caller: Caller, isTrial: Bool = false, storesDefaults: Bool = false,
        _ step: @escaping @Sendable (StoreTransaction, Contributions.SettingEntry, RecordInput) throws -> Step,
        unknown: @escaping @Sendable (Registry) -> [String] = { _ in [] }
    ) async throws -> [SettingChange] {
        try caller.actor.require(.manageSettings)
        let changes = try await kernel.store.write(as: caller.actor) { tx in
            // Read where writers take turns: somebody else may have changed a setting since the transaction was asked for.
            let stored = try SettingsTable.load(tx.connection, registry: tx.registry).values
            var problems = unknown(tx.registry).map { Problem(field: $0, "is not a setting") }
            var changes: [SettingChange] = []
            for owned in tx.registry.settings {
                let entry = owned.body
                do {
                    let wanted: Value
                    var isStored = storesDefaults
                    switch try step(tx, entry, RecordInput(transaction: tx)) {
                    case .keep: continue
                    case .reset:
                        wanted = entry.fallback
                        isStored = false
                    case .set(let value):
                        wanted = FieldModel(entry.field, place: 0, plugin: "").normalized(value)
                        if let problem = SettingsTable.problem(entry, wanted) {
                            problems.append(Problem(field: entry.key, problem))
                            continue
                        }
                        // What holds already, be it stored or by default, is no change.
                        if !isStored, wanted == stored[entry.key] ?? entry.fallback { continue }
                    }
                    let change = SettingChange(entry: entry, plugin: owned.plugin, old: stored[entry.key], new: wanted, storesDefault: isStored)
                    guard change.isReal else { continue }
                    if let problem = change.refusal(for: caller.actor) {
                        problems.append(Problem(field: entry.key, problem))
                        continue
                    }
                    changes.append(change)
                } catch let error as CRMError where !error.problems.isEmpty { problems += error.problems }
            }
            guard problems.isEmpty else { throw CRMError(.invalid, "the settings cannot be saved as they are", problems: problems) }
            if !isTrial { for change in changes { try tx.store(change) } }
            return changes
        }
        if !isTrial { try await kernel.reloadSettings() }
        return changes
    }

    /// `POST settings/reset`: `{"keys": […]}`, `{"plugin": "…"}` or `{"all": true}` go back to their defaults.
    private func reset(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        let keys: [String] = (body["keys"]?.array ?? []).compactMap(\.text)
        let plugin = body["plugin"]?.text
        let isAll = body["all"]?.bool == true
        guard !keys.isEmpty || plugin != nil || isAll else {
            throw CRMError(.invalid, "it is not said what goes back to its default", hint: "Send keys, plugin, or all: true.")
        }
        let registry = kernel.store.registry
        if let plugin, !registry.settings.contains(where: { $0.plugin == plugin }) {
            throw CRMError(.invalid, "there are no such settings", problems: [Problem(field: "plugin", "is not a plugin with settings")])
        }
        let owners: [String: String] = Dictionary(registry.settings.map { ($0.body.key, $0.plugin) }) { first, _ in first }
        let changes = try await change(caller, isTrial: request.parameter("dry_run") == "true") { _, entry, _ in
            isAll || keys.contains(entry.key) || (plugin != nil && owners[entry.key] == plugin) ? .reset : .keep
        } unknown: { registry in
            keys.filter { registry.setting($0) == nil }
        }
        // A value that was stored and is the default is forgotten as well, but nobody would notice.
        let seen: [SettingChange] = changes.filter { $0.before != $0.new }
        return .json(JSONWriter.object { SettingsDocument.write(seen, to: &$0) })
    }

    /// `POST settings/import`: takes over a file of settings; with `dry_run=true` says what that would change.
    private func load(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let document = try SettingsDocument(parsing: request.body)
        let isTrial = request.parameter("dry_run") == "true"
        let registry = kernel.store.registry
        let known = document.settings.filter { registry.setting($0.name) != nil }
        let strangers = document.settings.map(\.name).filter { registry.setting($0) == nil }
        let changes = try await change(caller, to: known, isTrial: isTrial)
        return .json(
            JSONWriter.object { json in
                SettingsDocument.write(changes, to: &json)
                json.field("unchanged", known.count - changes.count)
                json.field("unknown", strangers)
                json.field("applied", !isTrial)
            })
    }

    private func history(_ caller: Caller) async throws -> FrontResponse {
        .json(
            try await kernel.store.read(as: caller.actor) { tx in
                let entries = try tx.settingHistory(limit: 100)
                let people = try tx.labels("user", entries.compactMap(\.user))
                return JSONWriter.object { json in
                    json.key("data")
                    json.beginArray()
                    for entry in entries {
                        json.beginObject()
                        json.field("at", entry.at)
                        json.field("user_label", entry.user.flatMap { people[$0] })
                        json.field("via", entry.via)
                        json.field("key", entry.key)
                        json.key("from")
                        json.tree(entry.old)
                        json.key("to")
                        json.tree(entry.new)
                        json.endObject()
                    }
                    json.endArray()
                }
            })
    }

    // MARK: Reading

    private func list(_ key: String?) -> FrontResponse {
        let registry = kernel.store.registry
        let stored = kernel.store.settings.values
        return .json(
            JSONWriter.document { json in
                if key == nil {
                    json.beginObject()
                    json.key("data")
                    json.beginArray()
                }
                for owned in registry.settings where key == nil || owned.body.key == key {
                    let entry = owned.body
                    json.beginObject()
                    json.field("key", entry.key)
                    json.field("label", entry.field.label)
                    json.field("help", entry.field.help)
                    json.field("plugin", owned.plugin)
                    json.field("type", FieldType(entry.field.kind).name)
                    // What opens something is never shown again: only whether it is there.
                    let isSecret = entry.field.isSecret
                    json.key("value")
                    json.value(isSecret ? .null : stored[entry.key] ?? entry.fallback)
                    json.key("default")
                    json.value(isSecret ? .null : entry.fallback)
                    if isSecret {
                        json.field("secret", true)
                        json.field("is_set", stored[entry.key] != nil)
                    }
                    json.field("is_default", stored[entry.key] == nil)
                    if case .choice(let options) = FieldType(entry.field.kind) { json.field("options", options.map(\.key)) }
                    json.endObject()
                }
                if key == nil {
                    json.endArray()
                    json.endObject()
                }
            })
    }
}
