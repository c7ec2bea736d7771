import PluginAPI

/// The settings of the deployment and of the plugins, a section each; and the lists of options that plugins keep.
struct SettingsScreen {
    let visit: Visit

    private struct Section {
        var key: String
        var title: String
        var entries: [Contributions.SettingEntry]
    }

    private var sections: [Section] {
        guard visit.actor.can(.manageSettings) else { return [] }
        var sections: [Section] = []
        for owned in visit.registry.settings {
            if let place = sections.firstIndex(where: { $0.key == owned.plugin }) {
                sections[place].entries.append(owned.body)
            } else {
                let name = owned.plugin == "kernel" ? "General" : visit.registry.plugins.first { $0.id == owned.plugin }?.name ?? owned.plugin
                sections.append(Section(key: owned.plugin, title: name, entries: [owned.body]))
            }
        }
        return sections
    }

    private var lookups: [EntityModel] {
        visit.registry.entities.filter { $0.schema.isLookup && (visit.actor.can("edit", on: $0.name) || visit.actor.can("create", on: $0.name)) }
    }

    func respond(_ rest: [String]) async throws -> FrontResponse {
        let sections = self.sections
        if ["import", "reset"].contains(rest.first) { return try await SettingsFileScreen(visit: visit).respond(rest[0]) }
        guard !sections.isEmpty || !lookups.isEmpty else { try visit.actor.require(.manageSettings); throw visit.front.unknown(visit) }
        if let key = rest.first, !sections.contains(where: { $0.key == key }) { throw visit.front.unknown(visit) }
        let section = sections.first { $0.key == rest.first } ?? sections.first
        guard let section else { return try await page(nil, "") }
        if visit.isPost {
            do {
                try await save(section)
                return visit.done("/admin/settings/\(section.key)", "Settings saved.")
            } catch let error as CRMError where error.code == .invalid { return try await page(section, try await form(section, error), status: 422) }
        }
        return try await page(section, try await form(section, nil))
    }

    private func page(_ section: Section?, _ form: HTML, status: Int = 200) async throws -> FrontResponse {
        let here: HTML = " aria-current=\"page\""
        let links = sections.html { "<li><a href=\"/admin/settings/\($0.key)\"\(here, if: $0.key == section?.key)>\($0.title)</a></li>" }
        let lists = lookups.html { "<li><a href=\"/admin/\($0.path)\">\($0.pluralTitle)</a></li>" }
        let heading: HTML = "<h2>Lists</h2>"
        let content: HTML = """
            \(Parts.head("Settings", actions: actions))<div class="settings"><nav aria-label="Settings"><ul>\(links)</ul>\(heading, if: !lookups.isEmpty)<ul>\(lists)</ul></nav><div>\(form)</div></div>
            """
        return try await visit.page(Page(title: "Settings", current: "/admin/settings", content: content), status: status)
    }

    /// What is done with the settings as a whole.
    private var actions: HTML {
        guard visit.actor.can(.manageSettings) else { return "" }
        return """
            \(Parts.link("Import…", "/admin/settings/import", icon: "upload", dialog: true))<a class="button" href="/api/v1/settings/export" download="settings.json">\(Icon.named("download"))Export</a>\
            \(Parts.link("Reset all…", "/admin/settings/reset", icon: "undo", classes: "plain", dialog: true))
            """
    }

    /// What differs from its default, each with the way back.
    private func changed(_ section: Section, _ transaction: StoreTransaction) -> HTML {
        let markup = visit.markup(transaction)
        let changed = section.entries.filter { transaction.settings.values[$0.key] != nil }
        guard !changed.isEmpty else { return "" }
        let rows = changed.html { entry -> HTML in
            let now = markup.html(transaction.settings.values[entry.key] ?? .null, entry.field)
            let usual: HTML = entry.fallback.isEmpty ? ValueMarkup.none : markup.html(entry.fallback, entry.field)
            let reset = Parts.post("Reset", "/admin/settings/reset", csrf: visit.csrf, icon: "undo", fields: [("key", entry.key)])
            return "<tr><th scope=\"row\">\(entry.field.label)</th>\(Parts.td("Now", now))\(Parts.td("Default", usual))<td class=\"num\">\(reset)</td></tr>"
        }
        let all = Parts.link("Reset these…", "/admin/settings/reset?plugin=\(section.key)", classes: "compact plain", dialog: true)
        let heads: HTML = "\(Parts.th("Setting"))\(Parts.th("Now"))\(Parts.th("Default"))\(Parts.actionsHead)"
        return Parts.box("Different from the default", count: changed.count, actions: all, "<div class=\"scroll\"><table class=\"rows\"><thead><tr>\(heads)</tr></thead><tbody>\(rows)</tbody></table></div>")
    }

    private func form(_ section: Section, _ error: CRMError?) async throws -> HTML {
        try await visit.store.read(as: visit.actor) { transaction in
            let fields = section.entries.map { entry in
                FieldModel(SettingsScreen.told(entry.field, isSet: transaction.settings.values[entry.key] != nil), place: 0, plugin: section.key)
            }
            let form = FieldForm(transaction, problems: error?.problems ?? [], typed: error == nil ? nil : visit.form)
            let controls = try form.controls(fields) { field in
                if field.description.isSecret { return .null }
                let entry = section.entries.first { $0.field.name == field.name }
                return transaction.settings.values[field.name] ?? entry?.fallback ?? .null
            }
            let trouble: HTML = error.map { FieldForm.summary($0, fields: fields) } ?? ""
            let box = Parts.box(section.title, """
                <form class="body form" method="post" action="/admin/settings/\(section.key)" data-guard>\(csrfField(visit.csrf))\(trouble)\(controls)<div class="form-foot"><button class="button primary">Save</button></div></form>
                """)
            return "\(box)\(changed(section, transaction))"
        }
    }

    /// A field whose value is not shown says whether there is one.
    private static func told(_ field: FieldDescription, isSet: Bool) -> FieldDescription {
        guard field.isSecret else { return field }
        var field = field
        let state = isSet ? "It is set; leave this empty to keep it." : "It is not set."
        field.help = field.help.isEmpty ? state : field.help + " " + state
        field.isRequired = false
        return field
    }

    private func save(_ section: Section) async throws {
        let form = visit.form
        let keys = Set(section.entries.map(\.key))
        try await SettingsAPI(kernel: visit.front.kernel).change(visit.caller) { transaction, entry, _ in
            guard keys.contains(entry.key) else { return .keep }
            let field = FieldModel(entry.field, place: 0, plugin: "")
            guard let sent = try FieldForm.values(form, [field], transaction).first else { return .keep }
            if entry.field.isSecret, sent.value == .null { return .keep }
            return .set(sent.value)
        }
    }
}
