import PluginAPI

/// Several records that are to become one: a column a record, a choice for each field in which they differ.
struct MergeScreen {
    let visit: Visit
    let entity: EntityModel

    private var base: String { "/admin/\(entity.path)" }

    private var ids: [RecordID] {
        let texts = visit.isPost ? visit.form.values("id") : visit.query.values("id")
        var known: Set<Int64> = []
        return texts.compactMap { Int64($0) }.filter { known.insert($0).inserted }.map { RecordID($0) }
    }

    func respond() async throws -> FrontResponse {
        try visit.actor.require(StoreTransaction.mergeRight, on: entity)
        guard visit.isPost else { return try await ask(nil) }
        do {
            let request = try request
            let outcome = try await visit.store.write(as: visit.actor) { try $0.merge(entity, request) }
            let count = request.others.count + 1
            return visit.done(
                "\(base)/\(outcome.record.id)", "\(count) \(entity.pluralTitle.lowercased()) are one now.", undo: "/admin/changes/\(outcome.change)/undo")
        } catch let error as CRMError where [.invalid, .refused, .conflict, .forbidden].contains(error.code) {
            return try await ask(error)
        }
    }

    private var request: MergeRequest {
        get throws {
            guard let survivor = visit.form["survivor"].flatMap({ Int64($0) }).map({ RecordID($0) }), ids.contains(survivor) else {
                throw CRMError(.invalid, "choose the record that is kept")
            }
            var request = MergeRequest(survivor: survivor, others: ids.filter { $0 != survivor })
            for field in MergeComparison.fields(of: entity, for: visit.actor) {
                if let giver = visit.form["take." + field.name].flatMap({ Int64($0) }) { request.take[field.name] = RecordID(giver) }
            }
            for id in ids {
                if let version = visit.form["version.\(id)"].flatMap({ Int64($0) }) { request.versions[id] = version }
            }
            return request
        }
    }

    // MARK: Asking

    private func ask(_ error: CRMError?) async throws -> FrontResponse {
        guard ids.count > 1 else {
            throw CRMError(.invalid, "a merge needs two \(entity.pluralTitle.lowercased()) or more", hint: "Tick the rows that are the same.")
        }
        let ids = ids
        let body = try await visit.store.read(as: visit.actor) { transaction -> HTML in
            do {
                try transaction.requireMergeable(entity, ids)
                return try html(try transaction.comparison(entity, ids), transaction, error)
            } catch let gone as CRMError where gone.code == .notFound || gone.code == .conflict {
                // One of them went in the meantime: what the merge said about it is all there is to say.
                return FieldForm.summary(error ?? gone, fields: [])
            }
        }
        let status = error.map { Problems.status($0.code) } ?? 200
        return try await visit.dialog("Merge \(ids.count) \(entity.pluralTitle.lowercased())", current: base, status: status, body)
    }

    private func html(_ comparison: MergeComparison, _ transaction: StoreTransaction, _ error: CRMError?) throws -> HTML {
        let labels = LabelCache(transaction)
        try labels.load(comparison.records, comparison.differences.map(\.field))
        let markup = visit.markup(transaction, labels: labels)
        let records = comparison.records
        let survivor = visit.form["survivor"] ?? records.map(\.id.raw).min().map(String.init) ?? ""
        let hidden = records.html { record in
            "<input type=\"hidden\" name=\"id\" value=\"\(record.id)\"><input type=\"hidden\" name=\"version.\(record.id)\" value=\"\(record.version)\">"
        }
        let heads = records.html { record in
            let made: HTML = if case .moment(let moment) = record.values[0] { markup.ago(moment) } else { "" }
            let checked: HTML = " checked"
            return """
                <th scope="col"><label class="choice"><input type="radio" name="survivor" value="\(record.id)"\(checked, if: survivor == record.id.description)><span><b>\(RecordChoices.label(record, entity))</b><span class="who">\(entity.title) \(record.id), added \(made)</span></span></label></th>
                """
        }
        let rows = comparison.differences.html { row($0, comparison, markup) }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: comparison.differences.map(\.field)) } ?? ""
        let same: HTML = comparison.same == 0 ? "" : "<p class=\"muted\">\(comparison.same == 1 ? "One more field is" : "\(comparison.same) more fields are") the same in all of them.</p>"
        let days = transaction.settings.value(KernelSettings.undoDays)
        return """
            <form class="form merge" method="post" action="\(base)/merge" data-guard>\(csrfField(visit.csrf))\(hidden)\(trouble)<p>Choose the one that is kept, and for each field the value that it gets. Whatever points at the others will point at it.</p>\
            <div class="region" role="region" aria-label="Records side by side" tabindex="0"><table class="rows compare"><thead><tr><th scope="col">Keep</th>\(heads)</tr></thead><tbody>\(rows)</tbody></table></div>\(same)\
            <div class="form-foot"><span class="muted small">You can take it back for \(days) days.</span><a class="button plain" href="\(base)" data-close>Cancel</a><button class="button primary">Merge</button></div></form>
            """
    }

    private func row(_ difference: MergeComparison.Difference, _ comparison: MergeComparison, _ markup: ValueMarkup) -> HTML {
        let field = difference.field
        let chosen = visit.form["take." + field.name] ?? difference.suggested.map { comparison.records[$0].id.description } ?? "all"
        let checked: HTML = " checked"
        let cells = zip(comparison.records, difference.values).html { record, value in
            let shown: HTML = value.isEmpty ? ValueMarkup.none : markup.html(value, field.description)
            return """
                <td data-label="\(RecordChoices.label(record, entity))"><label class="choice"><input type="radio" name="take.\(field.name)" value="\(record.id)"\(checked, if: chosen == record.id.description) aria-label="\(field.label) of \(RecordChoices.label(record, entity))"><span>\(shown)</span></label></td>
                """
        }
        var together: HTML = ""
        if field.isList {
            together = "<label class=\"choice\"><input type=\"radio\" name=\"take.\(field.name)\" value=\"all\"\(checked, if: chosen == "all")><span>All together</span></label>"
        }
        return "<tr><th scope=\"row\">\(field.label)\(together)</th>\(cells)</tr>"
    }
}
