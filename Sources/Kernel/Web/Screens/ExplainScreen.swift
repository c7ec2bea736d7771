import PluginAPI

/// What a user may do, and which role says so.
struct ExplainScreen {
    let visit: Visit

    func respond() async throws -> FrontResponse {
        let rights = visit.actor.rights
        let asked = visit.query["user"].flatMap { Int64($0) } ?? visit.actor.userID ?? 0
        if asked != visit.actor.userID { try visit.actor.require(.manageUsers) }
        guard let person = rights.people[asked] else { throw CRMError(.notFound, "there is no user \(asked)") }
        let effective = rights.effectiveRights(of: asked, registry: visit.registry)
        let rows = effective.rows.html { row in
            let cells = row.rights.filter { EntityModel.generalRights.contains($0.right) }.html { cell($0, row.entity, asked) }
            let actions = row.rights.filter { !EntityModel.generalRights.contains($0.right) && $0.scope != nil }
            let names = actions.html { "<a href=\"\(link(row.entity, $0.right, asked))\">\($0.right.readable)</a> " }
            let masks = row.masks.html { "\(Badge.word("\($0.field.readable): \($0.mask.rawValue.readable.lowercased())", .warn)) " }
            return "<tr><th scope=\"row\">\(row.title)</th>\(cells)<td class=\"wrap\">\(names)\(masks)</td></tr>"
        }
        let heads = EntityModel.generalRights.html { Parts.th($0.readable) }
        let table: HTML = """
            <div class="region" role="region" aria-label="Rights" tabindex="0"><table class="matrix"><thead><tr><th scope="col">Entity</th>\(heads)<th scope="col">Actions and masks</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
        let specials = effective.specials.html { "\(Badge.word($0.title, .accent)) " }
        let none: HTML = "<span class=\"muted\">none</span>"
        let content: HTML = """
            \(Parts.head("What \(person.name) may do"))<div class="stack">\(picker(asked))\(try answer(asked))\(table)<p>Over the deployment: \(specials)\(none, if: effective.specials.isEmpty)</p><p class="muted">Choose a right to see which roles grant it.</p></div>
            """
        return try await visit.page(Page(title: "Rights", current: visit.actor.can(.manageUsers) ? "/admin/users" : "", content: content))
    }

    private func link(_ entity: String, _ right: String, _ user: Int64) -> String { "/admin/explain?user=\(user)&entity=\(entity)&right=\(right)" }

    private func cell(_ cell: EffectiveRights.Cell, _ entity: String, _ user: Int64) -> HTML {
        let tone: Badge.Tone = switch cell.scope {
        case .all: .good
        case .team: .accent
        case .own: .warn
        case nil: .plain
        }
        return "<td><a href=\"\(link(entity, cell.right, user))\" aria-label=\"Why: \(cell.right) \(entity.readable.lowercased())\">\(Badge.word(cell.scope?.rawValue ?? "–", tone))</a></td>"
    }

    private func picker(_ user: Int64) -> HTML {
        guard visit.actor.can(.manageUsers) else { return "" }
        let people = visit.actor.rights.people.filter(\.value.isActive).sorted { $0.value.name < $1.value.name }
        let options = people.html { "<option value=\"\($0.key)\"\(" selected", if: $0.key == user)>\($0.value.name)</option>" }
        return """
            <form action="/admin/explain" class="row"><label for="user">User</label><select id="user" name="user" data-submit>\(options)</select><noscript><button class="button">Show</button></noscript></form>
            """
    }

    /// Why a right is granted or not, when one was asked for.
    private func answer(_ user: Int64) throws -> HTML {
        guard let entity = visit.query["entity"], let right = visit.query["right"] else { return "" }
        let explained = try visit.actor.rights.explain(user: user, entity: entity, right: right, registry: visit.registry)
        let lines = explained.lines.dropFirst().html { "<li>\($0)</li>" }
        return "<div id=\"answer\">\(Parts.notice(explained.scope == nil ? .warn : .good, explained.lines.first ?? "", "<ul>\(lines)</ul>"))</div>"
    }
}
