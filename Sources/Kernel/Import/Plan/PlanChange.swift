import PluginAPI

extension ImportPlan {
    /// Takes over what a person decided, from a JSON object; everything that it does not name stays as it is. Columns that
    /// get a new field also get the formats that the file shows.
    mutating func apply(_ json: JSONValue, analysis: FileAnalysis, fields: [FieldDescription]) throws {
        guard let members = json.members else { throw CRMError(.malformed, "the plan must be a JSON object") }
        if json["mapping_only"]?.bool == true { columns = [] }
        var problems: [Problem] = []
        // The mapping first: formats and multipliers are told by column.
        for member in members where member.name == "mapping" || member.name == "map" {
            try map(member.value, analysis: analysis, fields: fields, &problems)
        }
        for member in members {
            switch member.name {
            case "mapping", "map", "mapping_only", "dry_run", "wait", "encoding", "delimiter": break
            case "date_order": setOrder(member.value, analysis, &problems)
            default: try set(member.name, member.value, fields: fields, &problems)
            }
        }
        if !problems.isEmpty {
            throw CRMError(.invalid, "the import plan is not valid", hint: "See the fields named.", problems: problems)
        }
    }

    private mutating func map(
        _ json: JSONValue, analysis: FileAnalysis, fields: [FieldDescription], _ problems: inout [Problem]
    ) throws {
        for (header, value) in try Self.members(json, "mapping") {
            guard let index = analysis.columns.firstIndex(where: { $0.header == header }) else {
                problems.append(Problem(field: "mapping", "the file has no column \(header)"))
                continue
            }
            columns.removeAll { $0.index == index }
            guard let name = value.text, !name.isEmpty else { continue }
            guard let field = fields.first(where: { $0.name == name }) else {
                problems.append(Problem(field: "mapping", "\(name) is not a field that an import can fill"))
                continue
            }
            // The latest word counts: another column that filled the field gives it up.
            columns.removeAll { $0.field == name }
            fixed[name] = nil
            var column = Column(index: index, header: header, field: name)
            var questions: [ImportSuggestion.Question] = []
            ImportSuggestion.settleFormats(of: field, in: analysis.columns[index], for: &column, asking: &questions)
            columns.append(column)
        }
        columns.sort { $0.index < $1.index }
    }

    private mutating func set(
        _ name: String, _ value: JSONValue, fields: [FieldDescription], _ problems: inout [Problem]
    ) throws {
        switch name {
        case "date_formats", "number_formats", "multipliers", "translations":
            for (header, setting) in try Self.members(value, name) {
                guard let at = columns.firstIndex(where: { $0.header == header }) else {
                    problems.append(Problem(field: name, "the column \(header) fills no field"))
                    continue
                }
                if let message = columns[at].set(name, setting) { problems.append(Problem(field: name, message)) }
            }
        case "date_format":
            guard let text = value.text, DateFormat(name: text) != nil else {
                problems.append(Problem(field: name, "is not a known way of writing days"))
                return
            }
            let days: Set<String> = Set(fields.filter { $0.kind == .day || $0.kind == .moment }.map(\.name))
            for at in columns.indices where days.contains(columns[at].field) { columns[at].dateFormat = text }
        case "fixed", "defaults":
            for (field, text) in try Self.members(value, name) {
                if let text = text.text ?? text.bool.map(String.init) {
                    columns.removeAll { $0.field == field }
                    fixed[field] = text
                } else {
                    fixed[field] = nil
                }
            }
        case "mode":
            let text: String = value.text == "both" ? Mode.createOrUpdate.rawValue : value.text ?? ""
            choose(Mode(rawValue: text), of: Mode.allCases.map(\.rawValue), name, &problems) { mode = $0 }
        case "bad_rows":
            choose(BadRows(rawValue: value.text ?? ""), of: BadRows.allCases.map(\.rawValue), name, &problems) { badRows = $0 }
        case "skip_errors":
            badRows = value.bool == true ? .skip : .refuseAll
        case "unknown_references":
            let known: [String] = UnknownReferences.allCases.map(\.rawValue)
            choose(UnknownReferences(rawValue: value.text ?? ""), of: known, name, &problems) { unknownReferences = $0 }
        case "create_missing":
            createMissing = value.array?.compactMap(\.text) ?? value.text?.split(separator: ",").map { String($0).trimmed } ?? []
        case "match":
            matchField = value.text.flatMap { $0.isEmpty ? nil : $0 }
        case "empty_texts":
            emptyTexts = (value.array ?? []).compactMap(\.text)
        case "empty_cells_clear":
            emptyCellsClear = value.bool ?? false
        case "currency":
            currency = value.text.flatMap { $0.isEmpty ? nil : $0 }
            if let currency, Currency(currency) == nil { problems.append(Problem(field: name, "is not a currency")) }
        default:
            problems.append(Problem(field: name, "is not known"))
        }
    }

    /// One answer for all columns of which it is not known whether the day or the month comes first.
    private mutating func setOrder(_ value: JSONValue, _ analysis: FileAnalysis, _ problems: inout [Problem]) {
        guard let wanted = [DateFormat.dayFirst, .monthFirst].first(where: { $0.name == value.text })?.order else {
            problems.append(Problem(field: "date_order", "must be day-first or month-first"))
            return
        }
        for at in columns.indices where columns[at].dateFormat == nil && columns[at].index < analysis.columns.count {
            guard case .ambiguous(let formats) = analysis.columns[columns[at].index].dates else { continue }
            columns[at].dateFormat = formats.first { $0.order == wanted }?.name
        }
    }

    private func choose<T>(
        _ choice: T?, of known: [String], _ name: String, _ problems: inout [Problem], _ take: (T) -> Void
    ) {
        if let choice { take(choice) } else { problems.append(Problem(field: name, "must be one of \(known.joined(separator: ", "))")) }
    }

    private static func members(_ json: JSONValue, _ name: String) throws -> [(String, JSONValue)] {
        guard let members = json.members else { throw CRMError(.malformed, "\(name) must be a JSON object") }
        return members.map { ($0.name, $0.value) }
    }
}

extension ImportPlan.Column {
    /// Sets one thing of a column; what is wrong with it, or nil.
    fileprivate mutating func set(_ name: String, _ value: JSONValue) -> String? {
        switch name {
        case "date_formats":
            guard let text = value.text, DateFormat(name: text) != nil else { return "is not a known way of writing days" }
            dateFormat = text
        case "number_formats":
            guard let text = value.text, NumberFormat(rawValue: text) != nil else { return "is not a known way of writing numbers" }
            numberFormat = text
        case "multipliers":
            guard let factor = value.int, factor > 0 else { return "must be a whole number above 0" }
            multiplier = factor
        default:
            guard let members = value.members else { return "must be a JSON object" }
            var texts: [String: String] = [:]
            for member in members { texts[member.name] = member.value.text }
            translations = texts
        }
        return nil
    }
}
