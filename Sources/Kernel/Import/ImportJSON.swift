import PluginAPI

/// An import as the API shows it.
struct ImportJSON {
    let record: ImportRecord
    let entity: EntityModel?
    let userLabel: String?

    /// In short, for lists; with what the file holds, for one import.
    func write(_ json: inout JSONWriter, analysis: FileAnalysis?, fields: [FieldModel]) {
        json.beginObject()
        json.field("id", record.id)
        json.field("entity", record.entity)
        json.field("path", entity?.path)
        json.field("file_name", record.fileName)
        json.field("state", record.state.rawValue)
        json.field("created_at", Optional(record.createdAt))
        json.field("finished_at", record.finishedAt)
        json.key("user")
        if let user = record.userID { json.integer(user) } else { json.null() }
        json.field("user_label", userLabel)
        json.field("total", record.counts.total)
        json.field("done", record.counts.done)
        json.field("created", record.counts.created)
        json.field("updated", record.counts.updated)
        json.field("unchanged", record.counts.unchanged)
        json.field("failed", record.counts.failed)
        json.key("error")
        if let error = record.error {
            json.beginObject()
            json.field("message", error)
            json.field("hint", record.details.hint)
            json.endObject()
        } else {
            json.null()
        }
        json.field("can_revert", record.canRevert)
        if let analysis {
            write(analysis, fields, &json)
            write(record.details.plan, &json)
        }
        json.key("problem_groups")
        json.beginArray()
        for group in record.details.groups ?? [] { write(group, &json) }
        json.endArray()
        for name in ["problems", "errors"] {
            json.key(name)
            json.beginArray()
            for fault in record.details.faults { write(fault, &json) }
            json.endArray()
        }
        json.endObject()
    }

    private func write(_ group: ProblemGroup, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("column", group.column)
        json.field("field", group.field)
        json.field("message", group.message)
        json.field("hint", group.hint)
        json.field("count", group.count)
        json.key("rows")
        json.beginArray()
        for row in group.rows { json.integer(row) }
        json.endArray()
        json.key("values")
        json.beginArray()
        for value in group.values {
            json.beginObject()
            json.field("text", value.text)
            json.field("count", value.count)
            json.endObject()
        }
        json.endArray()
        json.field("has_more_values", group.hasMoreValues)
        json.endObject()
    }

    private func write(_ fault: RowFault, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("row", fault.row)
        json.field("column", fault.column)
        json.field("field", fault.field)
        json.field("message", fault.message)
        json.endObject()
    }

    private func write(_ analysis: FileAnalysis, _ fields: [FieldModel], _ json: inout JSONWriter) {
        json.key("format")
        json.beginObject()
        json.field("delimiter", String(UnicodeScalar(analysis.format.delimiter)))
        json.field("encoding", analysis.format.encoding.rawValue)
        json.field("encoding_is_guessed", record.details.plan.encodingIsGuessed ?? false)
        json.endObject()
        json.key("columns")
        json.beginArray()
        for (index, column) in analysis.columns.enumerated() { write(column, index, &json) }
        json.endArray()
        json.key("first_rows")
        json.beginArray()
        for row in analysis.firstRows {
            json.beginArray()
            for cell in row { json.string(cell) }
            json.endArray()
        }
        json.endArray()
        json.field("row_problems", analysis.problemCount)
        json.key("questions")
        json.beginArray()
        for question in questions(analysis, fields) {
            json.beginObject()
            json.field("subject", question.subject == .dateFormat ? "date_format" : "number_format")
            json.field("column", question.column)
            json.field("header", question.header)
            json.field("options", question.options)
            json.field("examples", question.examples)
            json.endObject()
        }
        json.endArray()
        json.field("missing", missing(fields))
        json.key("fields")
        json.beginArray()
        for field in fields {
            json.beginObject()
            json.field("name", field.name)
            json.field("label", field.label)
            json.field("type", ImportKind(field.description).rawValue)
            json.field("required", field.description.mustBeGiven)
            json.field("unique", field.description.isUnique)
            json.endObject()
        }
        json.endArray()
    }

    private func write(_ column: FileAnalysis.Column, _ index: Int, _ json: inout JSONWriter) {
        let planned: ImportPlan.Column? = record.details.plan.columns.first { $0.index == index }
        json.beginObject()
        json.field("index", index)
        json.field("header", column.header)
        json.field("name", column.header)
        json.field("samples", Array(column.samples.prefix(5)))
        json.field("filled", column.filled)
        json.field("field", planned?.field)
        json.key("confidence")
        if planned != nil, let confidence = record.details.confidence[index] {
            json.raw(FixedDecimal(units: Int64((confidence * 100).rounded()), scale: 2).description.utf8)
        } else {
            json.null()
        }
        json.field("date_format", planned?.dateFormat)
        json.field("number_format", planned?.numberFormat)
        json.key("multiplier")
        if let multiplier = planned?.multiplier { json.integer(multiplier) } else { json.null() }
        json.endObject()
    }

    /// The mapped columns whose days or numbers can be read in two ways and of which nobody has said which.
    func questions(_ analysis: FileAnalysis, _ fields: [FieldModel]) -> [ImportSuggestion.Question] {
        var questions: [ImportSuggestion.Question] = []
        for column in record.details.plan.columns where column.dateFormat == nil && column.numberFormat == nil {
            guard let field = fields.first(where: { $0.name == column.field }), column.index < analysis.columns.count else { continue }
            var copy: ImportPlan.Column = column
            ImportSuggestion.settleFormats(of: field.description, in: analysis.columns[column.index], for: &copy, asking: &questions)
        }
        return questions
    }

    private func missing(_ fields: [FieldModel]) -> [String] {
        let plan: ImportPlan = record.details.plan
        let filled: Set<String> = Set(plan.columns.map(\.field)).union(plan.fixed.keys)
        return fields.filter { field in
            field.description.mustBeGiven && field.type != .boolean && field.description.defaultValue.isEmpty && !filled.contains(field.name)
        }.map(\.name)
    }

    private func write(_ plan: ImportPlan, _ json: inout JSONWriter) {
        json.key("plan")
        json.beginObject()
        texts("mapping", plan.columns.map { ($0.header, $0.field) }, &json)
        texts("date_formats", plan.columns.compactMap { column in column.dateFormat.map { (column.header, $0) } }, &json)
        texts("number_formats", plan.columns.compactMap { column in column.numberFormat.map { (column.header, $0) } }, &json)
        json.key("multipliers")
        json.beginObject()
        for column in plan.columns {
            if let multiplier = column.multiplier { json.field(column.header, multiplier) }
        }
        json.endObject()
        json.key("translations")
        json.beginObject()
        for column in plan.columns {
            guard let translations = column.translations else { continue }
            texts(column.header, translations.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, &json)
        }
        json.endObject()
        texts("fixed", plan.fixed.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, &json)
        json.field("mode", plan.mode.rawValue)
        json.field("match", plan.matchField)
        json.field("bad_rows", plan.badRows.rawValue)
        json.field("unknown_references", plan.unknownReferences.rawValue)
        json.field("create_missing", plan.createMissing)
        json.field("empty_texts", plan.emptyTexts)
        json.field("empty_cells_clear", plan.emptyCellsClear)
        json.field("currency", plan.currency)
        json.endObject()
    }

    private func texts(_ name: String, _ pairs: [(String, String)], _ json: inout JSONWriter) {
        json.key(name)
        json.beginObject()
        for (key, value) in pairs { json.field(key, value) }
        json.endObject()
    }
}
