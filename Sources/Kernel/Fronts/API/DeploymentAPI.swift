import PluginAPI

/// `/api/v1/deployment`: what the deployment is made of as one document, and bringing it to what a document says.
struct DeploymentAPI: Sendable {
    let kernel: Kernel

    /// One difference between the deployment and a document.
    struct Change: Sendable, Equatable {
        enum Kind: String, Sendable { case plugin, field, setting, role }
        let kind: Kind
        let name: String
        /// `enable`, `disable`, `upgrade`, `add`, `change`, `remove`, `set`, `reset`.
        let what: String
    }

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.isEmpty else { throw APIFront.unknown(request) }
        for right: SpecialRight in [.managePlugins, .customizeFields, .manageSettings, .manageRoles] { try caller.actor.require(right) }
        switch request.method {
        case "GET": return .json(Array(try await present().json.text(indented: true).utf8))
        case "POST": return try await apply(request, caller)
        default: return APIFront.wrongMethod(request, "GET, POST")
        }
    }

    // MARK: What is

    private func present() async throws -> DeploymentDocument {
        var document = DeploymentDocument()
        let statuses: [PluginStatus] = try await kernel.plugins.statuses()
        document.plugins = try await kernel.plugins.switchedOn().map { id in
            let status: PluginStatus? = statuses.first { $0.id == id }
            return .init(id: id, version: status?.version, approved: status?.approved)
        }
        document.fields = try await kernel.plugins.customFields().map { .init(entity: $0.entity, name: $0.name, definition: $0.definition) }
            .sorted { $0.label < $1.label }
        let (registry, stored): (Registry, [String: Value]) = (kernel.store.registry, kernel.store.settings.values)
        document.settings = try registry.settings.map(\.body.key).sorted().compactMap { key in
            // What opens something does not travel in a text; what is stored stays as it is.
            guard let value = stored[key], registry.setting(key)?.field.isSecret != true else { return nil }
            return .init(name: key, value: try JSONValue(parsing: JSONWriter.document { $0.value(value) }))
        }
        document.roles = try await roles().map { ($0.label, RoleDocument(tolerating: $0.grants)) }
        return document
    }

    private struct StoredRole: Sendable {
        let id: Int64
        let label: String
        let grants: String
    }

    private func roles() async throws -> [StoredRole] {
        try await kernel.store.engine.read { connection in
            try connection.all("SELECT \"id\", \"key\", \"name\", \"grants\" FROM \"role\" ORDER BY \"id\"") { row in
                let key: String = row.optionalText(1) ?? ""
                return StoredRole(id: row.integer(0), label: key.isEmpty ? row.text(2) : key, grants: row.optionalText(3) ?? "")
            }
        }
    }

    // MARK: What is to be

    private func apply(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let body: JSONValue = try APIFront.body(request)
        guard let text = body["document"] else {
            throw CRMError(.invalid, "there is no document", problems: [Problem(field: "document", "is missing")])
        }
        let document = try DeploymentDocument(text)
        let changes: [Change] = try await changes(to: document, caller)
        let digest: String = Checksum.sha256(Array((changes.map { "\($0.kind) \($0.name) \($0.what)" } + [text.text()]).joined(separator: "\n").utf8))
        if let shown = body["digest"]?.text, shown != digest {
            throw CRMError(.conflict, "the plan is another one by now", hint: "Look at it anew; what it says has changed since it was shown.")
        }
        let asks: [String] = try await unapproved(document, changes)
        let isTrial: Bool = body["dry_run"]?.bool ?? false
        var restarts = false
        if !isTrial, !changes.isEmpty {
            guard asks.isEmpty || body["approve"]?.bool ?? false else {
                throw CRMError(
                    .refused, "nobody has approved what is asked for: \(asks.joined(separator: "; "))",
                    hint: "Write it under \"approved\" in the document, or repeat it with --approve.")
            }
            restarts = try await carryOut(changes, document, caller)
        }
        return .json(
            JSONWriter.object { json in
                json.field("changed", !isTrial && !changes.isEmpty)
                json.field("digest", digest)
                json.field("asks", asks)
                json.field("restarting", restarts)
                json.key("changes")
                json.beginArray()
                for change in changes {
                    json.beginObject()
                    json.field("kind", change.kind.rawValue)
                    json.field("name", change.name)
                    json.field("what", change.what)
                    json.endObject()
                }
                json.endArray()
            })
    }

    private func changes(to document: DeploymentDocument, _ caller: Caller) async throws -> [Change] {
        var changes: [Change] = []
        if let plugins = document.plugins { changes += try await pluginChanges(plugins) }
        if let fields = document.fields {
            let present: [CustomField] = try await kernel.plugins.customFields()
            for field in present where !fields.contains(where: { $0.entity == field.entity && $0.name == field.name }) {
                changes.append(Change(kind: .field, name: field.entity + "." + field.name, what: "remove"))
            }
            for field in fields {
                let known: CustomField? = present.first { $0.entity == field.entity && $0.name == field.name }
                if known == nil {
                    changes.append(Change(kind: .field, name: field.label, what: "add"))
                } else if known?.definition != field.definition {
                    changes.append(Change(kind: .field, name: field.label, what: "change"))
                }
            }
        }
        if let settings = document.settings { changes += try await settingChanges(settings, caller) }
        if let wanted = document.roles {
            let stored: [StoredRole] = try await roles()
            for role in wanted {
                guard let known = stored.first(where: { $0.label == role.name }) else {
                    throw CRMError(.notFound, "there is no role \(role.name)", hint: "Make it first, or leave it out of the document.")
                }
                if RoleDocument(tolerating: known.grants) != role.document { changes.append(Change(kind: .role, name: role.name, what: "change")) }
            }
        }
        return changes
    }

    private func pluginChanges(_ wanted: [DeploymentDocument.Plugin]) async throws -> [Change] {
        let statuses: [String: PluginStatus] = Dictionary(
            try await kernel.plugins.statuses().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let on: [String] = try await kernel.plugins.switchedOn()
        var changes: [Change] = on.filter { id in !wanted.contains { $0.id == id } }.map { Change(kind: .plugin, name: $0, what: "disable") }
        for plugin in wanted {
            guard let status = statuses[plugin.id] else {
                throw CRMError(.notFound, "there is no plugin \(plugin.id)", hint: "Put its folder into the plugins folder first.")
            }
            let isUpgrade: Bool = plugin.version.map { $0 != status.version } ?? false
            if isUpgrade, status.upgrade?.state != .pending || status.upgrade?.version != plugin.version {
                guard status.upgrade?.version == plugin.version else {
                    throw CRMError(
                        .refused, "version \(plugin.version ?? "") of the plugin \(plugin.id) is not here; \(status.version) is",
                        hint: "Put that version into the plugins folder, or name \(status.version).")
                }
                changes.append(Change(kind: .plugin, name: plugin.id, what: "upgrade"))
            }
            if !on.contains(plugin.id) { changes.append(Change(kind: .plugin, name: plugin.id, what: "enable")) }
        }
        return changes
    }

    private func settingChanges(_ wanted: [JSONValue.Member], _ caller: Caller) async throws -> [Change] {
        let stored: [String: Value] = kernel.store.settings.values
        return try await kernel.store.read(as: caller.actor) { tx in
            var changes: [Change] = stored.keys.sorted().filter { key in tx.registry.setting(key)?.field.isSecret == false && !wanted.contains { $0.name == key } }
                .map { Change(kind: .setting, name: $0, what: "reset") }
            for member in wanted {
                // A setting of a plugin that is still to be switched on has no value yet.
                if let entry = tx.registry.setting(member.name) {
                    let model = FieldModel(entry.field, place: 0, plugin: "")
                    let value: Value = model.normalized(try RecordInput(transaction: tx).value(model, json: member.value))
                    if stored[member.name] == value { continue }
                }
                changes.append(Change(kind: .setting, name: member.name, what: "set"))
            }
            return changes
        }
    }

    /// What the plugins that come or change ask for, beyond what the document and the deployment approve.
    private func unapproved(_ document: DeploymentDocument, _ changes: [Change]) async throws -> [String] {
        var asks: [String] = []
        for change in changes where change.kind == .plugin && change.what != "disable" {
            guard let wanted = try await kernel.plugins.wanted(change.name, isUpgrade: change.what == "upgrade") else { continue }
            let written: PluginManifest.Capabilities = document.plugins?.first { $0.id == change.name }?.approved ?? .init()
            let approved: PluginManifest.Capabilities = await kernel.plugins.approved(change.name)
            asks += wanted.growth(over: approved).growth(over: written).lines.map { change.name + " " + $0 }
        }
        return asks
    }

    // MARK: Doing it

    /// Gives whether the server is being replaced so that an upgrade takes over.
    private func carryOut(_ changes: [Change], _ document: DeploymentDocument, _ caller: Caller) async throws -> Bool {
        let host: PluginHost = kernel.plugins
        func names(_ kind: Change.Kind, _ what: String) -> [String] { changes.filter { $0.kind == kind && $0.what == what }.map(\.name) }
        let terms = SwitchingTerms(cascade: false, approves: true)
        let leaving: [String] = names(.plugin, "disable")
        if !leaving.isEmpty { try await host.disable(leaving, terms, by: caller.actor) }
        var waits = false
        for id in names(.plugin, "upgrade") where try await host.upgrade(id, terms, by: caller.actor) { waits = true }
        let coming: [String] = names(.plugin, "enable")
        if !coming.isEmpty { try await host.enable(coming, terms, by: caller.actor) }
        for field in try await host.customFields() where names(.field, "remove").contains(field.entity + "." + field.name) {
            try await host.removeField(field.name, of: field.entity, by: caller.actor)
        }
        for field in document.fields ?? [] {
            if names(.field, "add").contains(field.label) { try await host.addField(field.name, to: field.entity, field.definition, by: caller.actor) }
            if names(.field, "change").contains(field.label) {
                try await host.changeField(field.name, of: field.entity, field.definition, by: caller.actor)
            }
        }
        try await applySettings(document, names(.setting, "set"), names(.setting, "reset"), caller)
        try await applyRoles(document, names(.role, "change"), caller)
        let swaps: Bool = waits && WorkerControl.current != nil
        if swaps { try WorkerControl.requestSwap() }
        return swaps
    }

    private func applySettings(_ document: DeploymentDocument, _ set: [String], _ reset: [String], _ caller: Caller) async throws {
        guard let settings = document.settings, !set.isEmpty || !reset.isEmpty else { return }
        try await SettingsAPI(kernel: kernel).change(caller) { _, entry, input in
            if reset.contains(entry.key) { return .reset }
            guard set.contains(entry.key), let member = settings.first(where: { $0.name == entry.key }) else { return .keep }
            return .set(try input.value(FieldModel(entry.field, place: 0, plugin: ""), json: member.value))
        } unknown: { registry in
            set.filter { registry.setting($0) == nil }
        }
    }

    private func applyRoles(_ document: DeploymentDocument, _ names: [String], _ caller: Caller) async throws {
        guard !names.isEmpty else { return }
        let stored: [StoredRole] = try await roles()
        let wanted: [(id: Int64, text: String)] = (document.roles ?? []).compactMap { role in
            guard names.contains(role.name), let known = stored.first(where: { $0.label == role.name }) else { return nil }
            return (known.id, role.document.text)
        }
        try await kernel.store.write(as: caller.actor) { tx in
            for role in wanted {
                guard var record = try tx.find("role", RecordID(role.id)) else { continue }
                record["grants"] = .text(role.text)
                _ = try tx.save("role", record)
            }
        }
    }
}
