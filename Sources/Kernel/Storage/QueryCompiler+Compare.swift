import PluginAPI

extension QueryCompiler {
    func compare(_ name: String, _ comparison: Comparison, _ operand: Operand) throws -> Fragment {
        let field: FieldModel
        if name == Filter.formulaName, case .value(.text(let text)) = operand { return try condition(formula: text) }
        if name == Filter.markName, entity.field(name) == nil, case .value(.text(let text)) = operand {
            guard let mark = entity.mark(text) else {
                throw CRMError(
                    .invalid, "\(entity.pluralTitle.lowercased()) have no mark \(text.prefix(60))", problems: [Problem(field: name, "names no mark")])
            }
            // A mark whose condition names something hidden is carried by nothing that this user sees.
            let carried: Fragment = (try? compile(mark.filter)) ?? .never
            return comparison == .notEqual ? Fragment("NOT coalesce((" + carried.sql + "), 1 = 0)", carried.arguments) : carried
        }
        if name == "id" {
            guard case .value(.integer(let id)) = operand else { throw mismatch(name, "a whole number") }
            return Fragment("t.\"id\" \(try symbol(comparison, name)) ?", [.integer(id)])
        } else {
            field = try visible(name)
            if !field.isStored { return .never }
        }
        let column = self.column(field)
        if comparison == .contains || comparison == .startsWith {
            guard case .value(.text(let text)) = operand, field.type == .text else {
                if case .references = field.type, case .value(.integer(let id)) = operand { return Self.member(Fragment(column), id) }
                throw mismatch(name, "text")
            }
            return Fragment(dialect.like(column), [.text(likePattern(text, anywhere: comparison == .contains))])
        }
        let value = try resolve(operand, for: field)
        switch (field.type, value) {
        case (_, .null) where comparison == .equal: return try compile(.empty(name))
        case (_, .null) where comparison == .notEqual: return try compile(.not(.empty(name)))
        case (.moment, .day(let day)): return dayOnMoment(column, comparison, day)
        case (.money, .money(let money)):
            let other = comparison == .notEqual
            let sql = "(\(column) \(try symbol(comparison, name)) ? \(other ? "OR" : "AND") \(self.column(field, suffix: "_currency")) \(other ? "<>" : "=") ?)"
            return Fragment(other ? "coalesce(\(sql), 1 = 1)" : sql, [.integer(money.minor), .text(money.currency.code)])
        case (.references, .integer(let id)):
            let inside = Self.member(Fragment(column), id)
            return comparison == .equal ? inside : Fragment("NOT coalesce(\(inside.sql), 1 = 0)", inside.arguments)
        case (.text, .text(let text)) where field.description.isUnique && (comparison == .equal || comparison == .notEqual):
            return Fragment("lower(\(column)) \(try symbol(comparison, name)) lower(?)", [.text(text)])
        case (.text, .text(let text)) where field.description.format == .email && text != text.lowercased():
            // E-mail addresses are stored in lower case.
            return try compare(name, comparison, .value(.text(text.lowercased())))
        default:
            if comparison == .notEqual { return Fragment("coalesce(\(column) <> ?, 1 = 1)", [value.column]) }
            return Fragment("\(column) \(try symbol(comparison, name)) ?", [value.column])
        }
    }

    /// One of several values: one condition with a list where the values are compared as they are stored.
    func oneOf(_ name: String, _ operands: [Operand]) throws -> Fragment {
        guard operands.count > 1 else { return try operands.first.map { try compare(name, .equal, $0) } ?? .never }
        let field = name == "id" ? nil : try visible(name)
        switch field?.type {
        case .reference, .choice, .integer, .boolean, .decimal, .day, nil:
            if field?.isStored == false { return .never }
            let values = try operands.map { operand in
                guard let field else {
                    guard case .value(.integer(let id)) = operand else { throw mismatch(name, "a whole number") }
                    return SQLValue.integer(id)
                }
                return try resolve(operand, for: field).column
            }
            let marks = repeatElement("?", count: values.count).joined(separator: ", ")
            return Fragment("\(field.map { column($0) } ?? "t.\"id\"") IN (\(marks))", values)
        default:
            let parts = try operands.map { try compare(name, .equal, $0) }
            return Fragment("(" + parts.map(\.sql).joined(separator: " OR ") + ")", parts.flatMap(\.arguments))
        }
    }

    /// Whether a stored list of ids (`[1,2]`) holds an id.
    static func member(_ column: Fragment, _ id: Int64) -> Fragment {
        Fragment("(',' || replace(replace(\(column.sql), '[', ''), ']', '') || ',') LIKE ?", column.arguments + [.text("%,\(id),%")])
    }

    func dayOnMoment(_ column: String, _ comparison: Comparison, _ day: Day) -> Fragment {
        let start = SQLValue.integer(calendar.start(of: day).milliseconds)
        let end = SQLValue.integer(calendar.start(of: day.adding(days: 1)).milliseconds)
        switch comparison {
        case .notEqual: return Fragment("coalesce(\(column) < ? OR \(column) >= ?, 1 = 1)", [start, end])
        case .less: return Fragment(column + " < ?", [start])
        case .lessOrEqual: return Fragment(column + " < ?", [end])
        case .greater: return Fragment(column + " >= ?", [end])
        case .greaterOrEqual: return Fragment(column + " >= ?", [start])
        default: return Fragment("(\(column) >= ? AND \(column) < ?)", [start, end])
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
        case .currentUser:
            guard field.target == "user" else { throw mismatch(field.name, field.type.word) }
            return .integer(actor.userID ?? 0)
        case .today(let days):
            guard field.type == .moment || field.type == .day else { throw mismatch(field.name, field.type.word) }
            return .day(calendar.day(of: now).adding(days: days))
        case .now(let seconds):
            guard field.type == .moment else { throw mismatch(field.name, field.type.word) }
            return .moment(now.adding(seconds: Double(seconds)))
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
}

extension Value {
    var isDay: Bool { if case .day = self { true } else { false } }
    var isInteger: Bool { if case .integer = self { true } else { false } }
}
