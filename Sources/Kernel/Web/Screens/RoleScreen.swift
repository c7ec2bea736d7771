import PluginAPI

/// What a role may do: a grid of entities and rights, the actions, the masks of fields, the rights over the deployment.
struct RoleScreen {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID

    private var href: String { "/admin/roles/\(id)" }

    func respond(_ error: CRMError? = nil) async throws -> FrontResponse {
        try visit.actor.require(.manageRoles)
        let (title, content) = try await visit.store.read(as: visit.actor) { transaction -> (String, HTML) in
            let record = try transaction.require(entity, id)
            return (RecordChoices.label(record, entity), try html(transaction, record, error))
        }
        return try await visit.page(Page(title: title, current: "/admin/roles", content: content), status: error.map { Problems.status($0.code) } ?? 200)
    }

    private func html(_ transaction: StoreTransaction, _ record: RecordData, _ error: CRMError?) throws -> HTML {
        let document = RoleDocument(tolerating: ValueText.plain(record["grants"]))
        let users = visit.actor.rights.people.values.filter { $0.isActive && $0.roles.contains(id.raw) }.count
        let title = RecordChoices.label(record, entity)
        let actions: HTML = "\(Parts.link("Rename", "\(href)/edit", icon: "edit", dialog: true))\(Parts.link("Delete…", "\(href)/delete", icon: "trash", dialog: true))"
        let top: HTML = "\(Parts.crumbs([("Roles", "/admin/roles")], here: title))\(Parts.head(title, beside: Badge.word(users == 1 ? "1 user" : "\(users) users"), actions: actions))"
        let trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        if document.isEverything {
            return "\(top)\(trouble)\(Parts.notice(.plain, "This role has every right", "It keeps them all, whatever plugins are added, so that nobody is locked out."))"
        }
        let description = ValueText.plain(record["description"])
        let words: HTML = description.isEmpty ? "" : "<p class=\"muted\">\(description)</p>"
        return """
            \(top)<form method="post" action="\(href)/rights" data-guard class="stack">\(csrfField(visit.csrf))<input type="hidden" name="version" value="\(record.version)">\(trouble)\(words)\(matrix(document))\(masks(document))\(specials(document))\
            <div class="form-foot"><button class="button primary">Save rights</button><span class="muted">What is not granted is denied. The roles of a user add up.</span></div></form>
            """
    }

    // MARK: The grid

    private var groups: [(title: String, entities: [EntityModel])] {
        visit.registry.plugins.compactMap { plugin in
            let entities = visit.registry.entities.filter { $0.plugin == plugin.id }
            return entities.isEmpty ? nil : (plugin.id == "kernel" ? "Administration" : plugin.name, entities)
        }
    }

    private func matrix(_ document: RoleDocument) -> HTML {
        let heads = EntityModel.generalRights.html { Parts.th($0.readable) }
        let body = groups.html { group in
            let rows = group.entities.html { row($0, document) }
            return "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"\(EntityModel.generalRights.count + 2)\">\(group.title)</th></tr>\(rows)"
        }
        return """
            <div class="region" role="region" aria-label="Rights" tabindex="0"><table class="matrix"><thead><tr><th scope="col">Entity</th>\(heads)<th scope="col">Actions</th></tr></thead><tbody>\(body)</tbody></table></div>
            """
    }

    private func row(_ entity: EntityModel, _ document: RoleDocument) -> HTML {
        let none: HTML = "<span class=\"muted\">–</span>"
        let cells = EntityModel.generalRights.html { right -> HTML in
            let isNobodys = entity.closedRights.contains(right)
            return isNobodys ? "<td>\(none)</td>" : "<td>\(select(entity, right, document))</td>"
        }
        let actions = entity.actions.html { action in
            "<label class=\"row\"><span class=\"grow\">\(action.title)</span>\(select(entity, action.name, document))</label>"
        }
        let granted = entity.actions.filter { document.entities[entity.name]?[$0.name] != nil }.count
        let menu: HTML = """
            <details class="menu end"><summary class="button compact">\(granted) of \(entity.actions.count)</summary><div class="panel padded">\(actions)</div></details>
            """
        return "<tr><th scope=\"row\">\(entity.pluralTitle)</th>\(cells)<td>\(menu, if: !entity.actions.isEmpty)\(none, if: entity.actions.isEmpty)</td></tr>"
    }

    private func select(_ entity: EntityModel, _ right: String, _ document: RoleDocument) -> HTML {
        let scope = document.entities[entity.name]?[right]?.rawValue ?? "none"
        // Before a record is made it belongs to nobody.
        let scopes = right == "create" || right == "import" ? ["none", "all"] : ["none"] + Scope.allCases.map(\.rawValue)
        let options = scopes.html { "<option value=\"\($0)\"\(" selected", if: $0 == scope)>\($0)</option>" }
        return "<select name=\"grant.\(entity.name).\(right)\" class=\"\(scope)\" data-tint aria-label=\"\(entity.pluralTitle): \(right.readable.lowercased())\">\(options)</select>"
    }

    // MARK: Masks and special rights

    private func masks(_ document: RoleDocument) -> HTML {
        let boxes = visit.registry.entities.filter { $0.plugin != "kernel" }.html { entity in
            let fields = entity.fields.dropFirst(SystemSlots.count).filter { !$0.description.isHidden && $0.name != entity.labelField }
            let masked = document.masks[entity.name] ?? [:]
            let rows = fields.html { field in
                let current = masked[field.name] ?? .none
                let options = FieldMask.allCases.html { mask in
                    "<option value=\"\(mask.rawValue)\"\(" selected", if: mask == current)>\(mask == .none ? "shown" : mask.rawValue.readable.lowercased())</option>"
                }
                return "<label class=\"row\"><span class=\"grow\">\(field.label)</span><select name=\"mask.\(entity.name).\(field.name)\">\(options)</select></label>"
            }
            return "<details class=\"fold\"\(" open", if: !masked.isEmpty)><summary>\(entity.pluralTitle) \(masked.isEmpty ? "" : countMark(masked.count))</summary><div class=\"masks\">\(rows)</div></details>"
        }
        return Parts.box("Field masks", "<div class=\"body\"><p class=\"muted\">A field can be read only or hidden for this role, in pages, lists, search, exports and the API alike.</p>\(boxes)</div>")
    }

    private func specials(_ document: RoleDocument) -> HTML {
        let ticks = SpecialRight.allCases.html { special in
            "<label class=\"tick\"><input type=\"checkbox\" name=\"special\" value=\"\(special.rawValue)\"\(" checked", if: document.specials.contains(special.rawValue))>\(special.title)</label>"
        }
        return Parts.box("Over the deployment", "<div class=\"body\">\(ticks)</div>")
    }

    // MARK: Saving

    func save() async throws -> FrontResponse {
        try visit.actor.require(.manageRoles)
        let form = visit.form
        do {
            let saved = try await visit.store.write(as: visit.actor) { transaction in
                var record = try transaction.record(entity, id, asOf: Int64(form.text("version")) ?? 0)
                var document = RoleDocument(tolerating: ValueText.plain(record["grants"]))
                RoleScreen.apply(form, to: &document, transaction.registry)
                record["grants"] = .text(document.text)
                return try transaction.save(entity.name, record)
            }
            return visit.done(href, "Rights saved.", undo: saved.version > 1 ? "\(href)/undo?version=\(saved.version)" : "")
        } catch let error as CRMError where [.invalid, .refused, .conflict, .forbidden].contains(error.code) {
            return try await respond(error)
        }
    }

    /// Puts the grid into the document. What the grid does not show, because its plugin is switched off, stays.
    static func apply(_ form: FormBody, to document: inout RoleDocument, _ registry: Registry) {
        for entity in registry.entities {
            for right in entity.rights {
                guard let text = form["grant.\(entity.name).\(right)"] else { continue }
                document.entities[entity.name, default: [:]][right] = Scope(rawValue: text)
            }
            for field in entity.fields {
                guard let mask = form["mask.\(entity.name).\(field.name)"].flatMap(FieldMask.init(rawValue:)) else { continue }
                document.masks[entity.name, default: [:]][field.name] = mask == .none ? nil : mask
            }
        }
        let known = Set(SpecialRight.allCases.map(\.rawValue))
        document.specials = document.specials.subtracting(known).union(known.intersection(form.values("special")))
    }
}
