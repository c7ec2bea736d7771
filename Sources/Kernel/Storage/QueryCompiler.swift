import PluginAPI

/// Turns filters and orders into SQL for one entity and one user. Every condition includes what the user may see.
struct QueryCompiler {
    let entity: EntityModel
    let actor: Actor
    let dialect: any Dialect
    let now: Moment
    let calendar: DeploymentCalendar
    let currency: Currency

    struct Fragment {
        var sql: String
        var arguments: [SQLValue]
        static let always = Fragment(sql: "1 = 1", arguments: [])
        static let never = Fragment(sql: "1 = 0", arguments: [])
    }

    /// The condition under which rows of an entity are within reach of a right; nil when all are.
    static func visibility(of entity: EntityModel, alias: String, right: String, actor: Actor) -> String? {
        guard let owners = actor.owners(right, on: entity.name) else { return nil }
        guard !owners.isEmpty else { return "1 = 0" }
        let column = entity.ownerField?.name ?? "created_by"
        return "\(alias).\(quoted(column)) IN (" + owners.map(String.init).joined(separator: ", ") + ")"
    }

    /// The whole condition: a filter within what the user may see.
    func condition(_ filter: Filter, right: String = "view") throws -> Fragment {
        var fragment = try compile(filter)
        if let scope = QueryCompiler.visibility(of: entity, alias: "t", right: right, actor: actor) {
            fragment.sql = "(" + scope + ") AND " + fragment.sql
        }
        return fragment
    }

    private func compile(_ filter: Filter) throws -> Fragment {
        switch filter {
        case .all(let filters): return try join(filters, " AND ", whenEmpty: .always)
        case .any(let filters): return try join(filters, " OR ", whenEmpty: .never)
        case .not(let inner):
            let fragment = try compile(inner)
            return Fragment(sql: "NOT coalesce((" + fragment.sql + "), 1 = 0)", arguments: fragment.arguments)
        case .compare(let name, let comparison, let operand): return try compare(name, comparison, operand)
        case .oneOf(let name, let operands):
            return try compile(.any(operands.map { .compare(name, .equal, $0) }))
        case .empty(let name):
            if name == "id" { return .never }
            let field = try visible(name)
            let column = "t." + quoted(name)
            switch field.type {
            case .text, .choice: return Fragment(sql: "(\(column) IS NULL OR \(column) = '')", arguments: [])
            case .references: return Fragment(sql: "(\(column) IS NULL OR \(column) = '[]')", arguments: [])
            default: return Fragment(sql: column + " IS NULL", arguments: [])
            }
        case .search(let text):
            let columns = entity.searchFields.map(\.name).filter { actor.mask($0, of: entity.name) != .hidden }
            let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
            guard !columns.isEmpty, !words.isEmpty else { return .never }
            var fragment = Fragment(sql: "", arguments: [])
            for word in words {
                let (sql, arguments) = dialect.match(table: entity.name, columns: columns, text: word)
                fragment.sql += (fragment.sql.isEmpty ? "" : " AND ") + sql
                fragment.arguments += arguments
            }
            return fragment
        }
    }

    private func join(_ filters: [Filter], _ separator: String, whenEmpty: Fragment) throws -> Fragment {
        let parts = try filters.map(compile)
        guard let first = parts.first else { return whenEmpty }
        if parts.count == 1 { return first }
        return Fragment(
            sql: "(" + parts.map(\.sql).joined(separator: separator) + ")", arguments: parts.flatMap(\.arguments))
    }

    /// A field that the user may see: a hidden one is as unknown as one that does not exist.
    func visible(_ name: String) throws -> FieldModel {
        guard let field = entity.field(name), actor.mask(name, of: entity.name) != .hidden else {
            throw CRMError(
                .invalid, "\(entity.title.lowercased()) has no field \(name)",
                problems: [Problem(field: name, "is not a field of \(entity.pluralTitle.lowercased())")])
        }
        return field
    }

    private func compare(_ name: String, _ comparison: Comparison, _ operand: Operand) throws -> Fragment {
        let field: FieldModel
        if name == "id" {
            guard case .value(.integer(let id)) = operand else { throw mismatch(name, "a whole number") }
            return Fragment(sql: "t.\"id\" \(try symbol(comparison, name)) ?", arguments: [.integer(id)])
        } else {
            field = try visible(name)
            if !field.isStored { return .never }
        }
        let column = "t." + quoted(name)
        if comparison == .contains || comparison == .startsWith {
            guard case .value(.text(let text)) = operand, field.type == .text else {
                if case .references = field.type, case .value(.integer(let id)) = operand { return member(column, id) }
                throw mismatch(name, "text")
            }
            return Fragment(
                sql: dialect.like(column), arguments: [.text(likePattern(text, anywhere: comparison == .contains))])
        }
        let value = try resolve(operand, for: field)
        switch (field.type, value) {
        case (.moment, .day(let day)): return dayOnMoment(column, comparison, day)
        case (.money, .money(let money)):
            let other = comparison == .notEqual
            let sql = "(\(column) \(try symbol(comparison, name)) ? \(other ? "OR" : "AND") t.\(quoted(field.currencyColumn)) \(other ? "<>" : "=") ?)"
            return Fragment(sql: other ? "coalesce(\(sql), 1 = 1)" : sql, arguments: [.integer(money.minor), .text(money.currency.code)])
        case (.references, .integer(let id)):
            let inside = member(column, id)
            return comparison == .equal ? inside : Fragment(sql: "NOT coalesce(\(inside.sql), 1 = 0)", arguments: inside.arguments)
        case (.text, .text(let text)) where field.description.isUnique && (comparison == .equal || comparison == .notEqual):
            return Fragment(sql: "lower(\(column)) \(try symbol(comparison, name)) lower(?)", arguments: [.text(text)])
        case (.text, .text(let text)) where field.description.format == .email && text != text.lowercased():
            // E-mail addresses are stored in lower case.
            return try compare(name, comparison, .value(.text(text.lowercased())))
        default:
            if comparison == .notEqual { return Fragment(sql: "coalesce(\(column) <> ?, 1 = 1)", arguments: [value.column]) }
            return Fragment(sql: "\(column) \(try symbol(comparison, name)) ?", arguments: [value.column])
        }
    }

    /// Whether a stored list of ids (`[1,2]`) holds an id.
    private func member(_ column: String, _ id: Int64) -> Fragment {
        Fragment(sql: "(',' || replace(replace(\(column), '[', ''), ']', '') || ',') LIKE ?", arguments: [.text("%,\(id),%")])
    }

    private func dayOnMoment(_ column: String, _ comparison: Comparison, _ day: Day) -> Fragment {
        let start = SQLValue.integer(calendar.start(of: day).milliseconds)
        let end = SQLValue.integer(calendar.start(of: day.adding(days: 1)).milliseconds)
        switch comparison {
        case .notEqual: return Fragment(sql: "coalesce(\(column) < ? OR \(column) >= ?, 1 = 1)", arguments: [start, end])
        case .less: return Fragment(sql: column + " < ?", arguments: [start])
        case .lessOrEqual: return Fragment(sql: column + " < ?", arguments: [end])
        case .greater: return Fragment(sql: column + " >= ?", arguments: [end])
        case .greaterOrEqual: return Fragment(sql: column + " >= ?", arguments: [start])
        default: return Fragment(sql: "(\(column) >= ? AND \(column) < ?)", arguments: [start, end])
        }
    }

    private func symbol(_ comparison: Comparison, _ field: String) throws -> String {
        switch comparison {
        case .equal: "="
        case .notEqual: "<>"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .contains, .startsWith: throw mismatch(field, "text")
        }
    }

    private func mismatch(_ field: String, _ word: String) -> CRMError {
        CRMError(.invalid, "the filter on \(field) does not fit", problems: [Problem(field: field, "is compared with something that is not \(word)")])
    }

    /// What an operand comes to for this user now.
    private func resolve(_ operand: Operand, for field: FieldModel) throws -> Value {
        switch operand {
        case .currentUser: return .integer(actor.userID ?? 0)
        case .today(let days):
            let day = calendar.day(of: now).adding(days: days)
            return field.type == .moment ? .moment(calendar.start(of: day)) : .day(day)
        case .now(let seconds): return .moment(now.adding(seconds: Double(seconds)))
        case .value(let value):
            guard field.accepts(value) || (field.type == .moment && value.isDay) || (field.isList && value.isInteger) else {
                throw mismatch(field.name, field.type.word)
            }
            if case .decimal(let number) = value, case .decimal(let scale) = field.type {
                guard let scaled = number.rescaled(to: scale) else { throw mismatch(field.name, "a number with \(scale) decimals") }
                return .decimal(scaled)
            }
            return value
        }
    }

    /// The expression by which rows are sorted and whether it may be null.
    func order(_ sort: Sort, labels: [String: String]) throws -> (expression: String, mayBeNull: Bool) {
        if sort.field == "id" { return ("t.\"id\"", false) }
        let field = try visible(sort.field)
        if !field.isStored { return ("NULL", true) }
        if let label = labels[field.name] { return ("lower(\(label))", true) }
        let column = "t." + quoted(field.name)
        if field.type == .text { return ("lower(\(column))", true) }
        return (column, !(field.name == "created_at" || field.name == "updated_at"))
    }
}

extension Value {
    var isDay: Bool { if case .day = self { true } else { false } }
    var isInteger: Bool { if case .integer = self { true } else { false } }
}

extension FixedDecimal {
    /// The same number with another count of decimals; nil when that would lose something or not fit.
    func rescaled(to target: Int) -> FixedDecimal? {
        var units = units
        var scale = scale
        while scale < target {
            let (product, overflow) = units.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            units = product
            scale += 1
        }
        while scale > target {
            guard units % 10 == 0 else { return nil }
            units /= 10
            scale -= 1
        }
        return FixedDecimal(units: units, scale: scale)
    }
}

extension FieldModel {
    /// Whether a value is of the field's type.
    func accepts(_ value: Value) -> Bool {
        switch (type, value) {
        case (_, .null), (.text, .text), (.json, .text), (.integer, .integer), (.boolean, .boolean), (.decimal, .decimal),
            (.money, .money), (.day, .day), (.moment, .moment), (.reference, .integer), (.references, .list): true
        case (.choice(let options), .text(let key)): options.contains { $0.key == key }
        default: false
        }
    }

    /// Whether it points at several records.
    var isList: Bool { if case .references = type { true } else { false } }
}
