import PluginAPI

/// The settings of the deployment and of the enabled plugins.
struct SettingsAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        try caller.actor.require(.manageSettings)
        switch (request.method, rest.count) {
        case ("GET", 0): return list(nil)
        case ("GET", 1):
            let key = rest.first ?? ""
            guard kernel.store.registry.setting(key) != nil else { throw CRMError(.notFound, "there is no setting \(key)") }
            return list(key)
        case ("PATCH", 0):
            guard let members = try APIFront.body(request).members else { throw CRMError(.malformed, "the body is not a JSON object") }
            try await change(caller) { tx, entry, input in
                guard let member = members.last(where: { $0.name == entry.key }) else { return .keep }
                if member.value == .null { return .reset }
                return .set(try input.value(FieldModel(entry.field, place: 0, plugin: ""), json: member.value))
            } unknown: { registry in
                members.map(\.name).filter { registry.setting($0) == nil }
            }
            return list(nil)
        default: return APIFront.wrongMethod(request, "GET, PATCH")
        }
    }

    enum Step: Sendable {
        case keep, reset
        case set(Value)
    }

    /// Changes settings together: all of them or none.
    func change(
        _ caller: Caller, _ step: @escaping @Sendable (StoreTransaction, Contributions.SettingEntry, RecordInput) throws -> Step,
        unknown: @escaping @Sendable (Registry) -> [String] = { _ in [] }
    ) async throws {
        try caller.actor.require(.manageSettings)
        try await kernel.store.write(as: caller.actor) { tx in
            var problems = unknown(tx.registry).map { Problem(field: $0, "is not a setting") }
            for owned in tx.registry.settings {
                let entry = owned.body
                do {
                    switch try step(tx, entry, RecordInput(transaction: tx)) {
                    case .keep: continue
                    case .reset: try SettingsTable.store(tx.connection, key: entry.key, value: nil, plugin: owned.plugin)
                    case .set(let value):
                        let clean = FieldModel(entry.field, place: 0, plugin: "").normalized(value)
                        if let problem = SettingsTable.problem(entry, clean) {
                            problems.append(Problem(field: entry.key, problem))
                        } else {
                            try SettingsTable.store(tx.connection, key: entry.key, value: clean, plugin: owned.plugin)
                        }
                    }
                } catch let error as CRMError where !error.problems.isEmpty { problems += error.problems }
            }
            guard problems.isEmpty else { throw CRMError(.invalid, "the settings cannot be saved as they are", problems: problems) }
        }
        try await kernel.reloadSettings()
    }

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
