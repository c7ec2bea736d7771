import PluginAPI

/// A plan made from a file alone, how sure it is, and what only a person can say.
struct ImportSuggestion: Sendable {
    struct Question: Hashable, Sendable {
        enum Subject: String, Hashable, Sendable { case dateFormat, numberFormat }
        var subject: Subject
        /// The column's place, counted from 0.
        var column: Int
        var header: String
        /// Names of formats, the likelier first.
        var options: [String]
        /// Values of the column that could be either.
        var examples: [String] = []
    }

    var plan: ImportPlan
    /// By column: how sure the field is, from 0 to 1.
    var confidence: [Int: Double] = [:]
    var questions: [Question] = []
    /// Columns that fill nothing.
    var unused: [String] = []
    /// Required fields without a default that nothing fills.
    var missing: [String] = []

    /// `fields`: those that the user may write.
    init(entity: Schema, fields: [FieldDescription], analysis: FileAnalysis) {
        plan = ImportPlan(entity: entity.name)
        let targets: [ImportField] = fields.map { ImportField($0) }
        let names: [String] = [entity.name, entity.title, entity.path, entity.pluralTitle]
        let suggestions: [MappingGuess.Suggestion] = MappingGuess.suggest(
            columns: analysis.importColumns, fields: targets, entityNames: names)
        var byName: [String: FieldDescription] = [:]
        for field in fields { byName[field.name] = field }
        for suggestion in suggestions where !ProblemFile.isOwn(analysis.columns[suggestion.column].header) {
            guard let field = byName[suggestion.field] else { continue }
            let column: FileAnalysis.Column = analysis.columns[suggestion.column]
            var planned = ImportPlan.Column(index: suggestion.column, header: column.header, field: field.name)
            Self.settleFormats(of: field, in: column, for: &planned, asking: &questions)
            plan.columns.append(planned)
            confidence[suggestion.column] = suggestion.confidence
        }
        if analysis.columns.contains(where: { $0.nulls > 0 }) { plan.emptyTexts = FileAnalysis.nullTexts.sorted() }
        unused = analysis.columns.indices.filter { confidence[$0] == nil }.map { analysis.columns[$0].header }
        let filled: Set<String> = Set(plan.columns.map(\.field))
        missing = fields.filter { $0.mustBeGiven && $0.defaultValue.isEmpty && !filled.contains($0.name) }.map(\.name)
        // A unique field that the file fills is the natural way to find a record again.
        plan.matchField = fields.first { $0.isUnique && filled.contains($0.name) }?.name
    }

    /// Takes over the formats that the column shows, and asks where it shows two. Also used when a person maps a
    /// column to another field.
    static func settleFormats(
        of field: FieldDescription, in column: FileAnalysis.Column, for planned: inout ImportPlan.Column,
        asking questions: inout [Question]
    ) {
        switch ImportKind(field) {
        case .date, .moment:
            switch column.dates {
            case .decided(let format):
                planned.dateFormat = format.name
            case .ambiguous(let formats):
                planned.dateFormat = nil
                questions.append(Question(
                    subject: .dateFormat, column: planned.index, header: column.header, options: formats.map(\.name),
                    examples: column.unclearDates))
            case .empty, .none:
                planned.dateFormat = DateFormat.iso.name
            }
        case .number, .money:
            switch column.numbers {
            case .decided(let format):
                planned.numberFormat = format.name
            case .ambiguous(let formats):
                planned.numberFormat = nil
                questions.append(Question(
                    subject: .numberFormat, column: planned.index, header: column.header, options: formats.map(\.name)))
            case .empty, .none:
                planned.numberFormat = NumberFormat.decimalPoint.name
            }
        default:
            break
        }
    }
}

extension ImportKind {
    init(_ field: FieldDescription) {
        self = switch field.kind {
        case .text:
            switch field.format {
            case .email: .email
            case .phone: .phone
            case .url: .link
            case .plain, .multiline, .color: .text
            @unknown default: .text
            }
        case .integer, .decimal: .number
        case .boolean: .boolean
        case .money: .money
        case .day: .date
        case .moment: .moment
        case .reference, .references: .reference
        case .choice: .choice
        case .json: .text
        @unknown default: .text
        }
    }
}

extension ImportField {
    init(_ field: FieldDescription) {
        self.init(field.name, label: field.label, aliases: field.aliases, kind: ImportKind(field))
    }
}
