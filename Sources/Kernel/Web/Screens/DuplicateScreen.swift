import PluginAPI

/// Records that are probably the same, in groups, each with the way to make one of them.
struct DuplicateScreen {
    let visit: Visit
    let entity: EntityModel

    private var base: String { "/admin/\(entity.path)" }

    func respond() async throws -> FrontResponse {
        guard !entity.duplicates.isEmpty else { throw visit.front.unknown(visit) }
        try await visit.front.kernel.duplicates.complete(entity)
        let content = try await visit.store.read(as: visit.actor) { try html($0) }
        return try await visit.page(Page(title: "Duplicates", current: base, content: content))
    }

    private func html(_ transaction: StoreTransaction) throws -> HTML {
        let (groups, hasMore) = try transaction.duplicateGroups(entity)
        let crumbs = Parts.crumbs([(entity.pluralTitle, base)], here: "Duplicates")
        let head = Parts.head("Duplicates", count: groups.count)
        guard !groups.isEmpty else {
            let rules = entity.duplicates.filter { $0.isVisible(to: visit.actor, entity) }.map(\.reason).joined(separator: "; ")
            let text = "No two \(entity.pluralTitle.lowercased()) that you see look like the same one. Compared: \(rules)."
            return "<div class=\"middle\">\(crumbs)\(head)\(Parts.empty("check", "Nothing is there twice", text))</div>"
        }
        let fields = columns
        let labels = LabelCache(transaction)
        try labels.load(groups.flatMap(\.records), fields)
        let markup = visit.markup(transaction, labels: labels)
        let boxes = try groups.html { group in
            let rows = group.records.html { record in
                let marks = transaction.marks(record, entity).html { " \(Badge.word($0.text))" }
                let cells = fields.html { field in
                    let value = record.values[field.place]
                    return Parts.td(field.label, value.isEmpty ? ValueMarkup.none : markup.html(value, field.description), numeric: field.isNumeric)
                }
                let made: HTML = if case .moment(let moment) = record.values[0] { markup.ago(moment) } else { "" }
                return "<tr><th scope=\"row\"><a href=\"\(base)/\(record.id)\">\(RecordChoices.label(record, entity))</a>\(marks)</th>\(cells)\(Parts.td("Added", made))</tr>"
            }
            let heads = [Parts.th(entity.field(entity.labelField)?.label ?? entity.title)] + fields.map { Parts.th($0.label, numeric: $0.isNumeric) } + [Parts.th("Added")]
            // Offered to whoever may go through with it.
            let theirs = try group.records.filter { try transaction.mayMerge(entity, $0.id) }
            let query = theirs.prefix(MergeRequest.most).map { "id=\($0.id)" }.joined(separator: "&")
            let merge = Parts.link("Merge…", "\(base)/merge?\(query)", classes: "compact", dialog: true)
            let title = group.reasons.joined(separator: ", ").asSentence.dropLast()
            return Parts.box(String(title), count: group.records.count, actions: theirs.count > 1 ? merge : "", Parts.table("Probably the same", heads: heads, rows))
        }
        let more: HTML = hasMore ? "<p class=\"muted\">There are more; they show when these are done.</p>" : ""
        return "<div class=\"middle\">\(crumbs)\(head)<div class=\"stack\">\(boxes)\(more)</div></div>"
    }

    /// What tells the records apart: the fields that are compared, then those of the list.
    private var columns: [FieldModel] {
        var known: Set<String> = [entity.labelField]
        let compared = entity.duplicates.flatMap(\.fields)
        let listed = entity.list.columns.compactMap { entity.field($0) }
        return (compared + listed).filter { field in
            field.isStored && visit.actor.mask(field.name, of: entity.name) != .hidden && known.insert(field.name).inserted
        }.prefix(5).map { $0 }
    }
}

/// What may be the same as a record: on its page, and where it is about to be made.
struct DuplicatePart {
    let visit: Visit
    let entity: EntityModel
    private static let shown = 5

    private var base: String { "/admin/\(entity.path)" }

    /// On the record's page; nothing when there is none.
    func box(_ record: RecordData, _ transaction: StoreTransaction) throws -> HTML {
        let found = try transaction.duplicates(entity, of: record, limit: DuplicatePart.shown)
        guard !found.isEmpty else { return "" }
        let markup = visit.markup(transaction)
        let canMerge = try transaction.mayMerge(entity, record.id)
        let rows = try found.html { duplicate in
            let merge = Parts.link("Merge…", "\(base)/merge?id=\(record.id)&id=\(duplicate.record.id)", classes: "compact plain", dialog: true)
            let offer: HTML = try canMerge && transaction.mayMerge(entity, duplicate.record.id) ? merge : ""
            let act: HTML = canMerge ? "<td class=\"actions\">\(offer)</td>" : ""
            let facts: HTML = "<div class=\"muted small\">\(why(duplicate)), added \(added(duplicate, markup))</div>"
            return "<tr><th scope=\"row\" class=\"two-lines\">\(link(duplicate))\(marks(duplicate, transaction))\(facts)</th>\(act)</tr>"
        }
        let heads = "\(Parts.th(entity.title))\(Parts.actionsHead, if: canMerge)" as HTML
        return Parts.box("Possible duplicates", count: found.count, "<div class=\"scroll\"><table class=\"rows\"><thead><tr>\(heads)</tr></thead><tbody>\(rows)</tbody></table></div>")
    }

    private func link(_ duplicate: Duplicate) -> HTML {
        "<a href=\"\(base)/\(duplicate.record.id)\">\(RecordChoices.label(duplicate.record, entity))</a>"
    }

    private func marks(_ duplicate: Duplicate, _ transaction: StoreTransaction) -> HTML {
        transaction.marks(duplicate.record, entity).html { " \(Badge.word($0.text))" }
    }

    private func why(_ duplicate: Duplicate) -> String { String(duplicate.reasons.joined(separator: ", ").asSentence.dropLast()) }

    private func added(_ duplicate: Duplicate, _ markup: ValueMarkup) -> HTML {
        if case .moment(let moment) = duplicate.record.values[0] { return markup.ago(moment) }
        return ""
    }

    /// Before a record is made that may be there already: open one, add to one, or make it all the same. Carries what was typed.
    func question(_ found: [Duplicate], typed: FormBody, target: String, _ transaction: StoreTransaction) throws -> HTML {
        let markup = visit.markup(transaction)
        let carried = typed.fields.filter { $0.name != "csrf" && $0.name != "anyway" }.html {
            "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">"
        }
        let items = try found.prefix(DuplicatePart.shown).html { duplicate in
            let id = duplicate.record.id
            let add: HTML = try transaction.mayMerge(entity, id) ? "<button class=\"button compact\" formaction=\"\(base)/\(id)/merge-in\">Add to this one…</button>" : ""
            let facts = entity.duplicates.flatMap(\.fields).filter { visit.actor.mask($0.name, of: entity.name) != .hidden }
            var known: Set<String> = []
            let values = facts.filter { known.insert($0.name).inserted && !duplicate.record.values[$0.place].isEmpty && $0.name != entity.labelField }
                .html { " · \(markup.html(duplicate.record.values[$0.place], $0.description))" }
            return """
                <li class="match"><div><b>\(link(duplicate))</b>\(marks(duplicate, transaction))<p class="muted small">\(why(duplicate))\(values)</p></div>\(add)</li>
                """
        }
        let one = entity.title.lowercased()
        let notice = Parts.notice(
            .warn, found.count == 1 ? "There may be this \(one) already." : "There may be this \(one) already: \(found.count) are alike.",
            "<p>Nothing is saved yet.</p>")
        return """
            <form class="form" method="post" action="\(target)">\(csrfField(visit.csrf))\(carried)\(notice)<ul class="matches">\(items)</ul>\
            <div class="form-foot"><a class="button plain" href="\(base)" data-close>Cancel</a><button class="button" name="revise" value="1">Back to the form</button><button class="button primary" name="anyway" value="1">Add it all the same</button></div></form>
            """
    }
}
