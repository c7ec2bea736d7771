import PluginAPI

/// A figure for one combination of values and one span of days.
struct Tally: Sendable {
    /// A value for each field, null where the field is empty.
    var keys: [Value]
    /// Which of the spans.
    var span: Int
    var figure: Aggregate
}

extension StoreTransaction {
    /// Count and sum for each combination of the values of some fields, for each span of days and each currency, over the
    /// records that the user may see. One query, whatever is asked.
    /// - Parameters:
    ///   - spans: one after the other without gaps, the earliest first; none for no split over time.
    ///   - date: the field that places a record in them.
    ///   - most: more rows than these are refused.
    func tally(
        _ entity: EntityModel, _ measure: Measure, by fields: [FieldModel] = [], over spans: [DaySpan] = [], of date: String? = nil,
        where filter: Filter, most: Int = 20_000
    ) throws -> [Tally] {
        let compiler = compiler(entity)
        var conditions = [filter]
        var measured: FieldModel?
        switch measure {
        case .sum(let name), .average(let name):
            measured = try compiler.measured(name)
            conditions.append(.not(.empty(name)))
        default: break
        }
        var select = fields.map { field -> String in
            let column = compiler.column(field)
            switch field.type {
            case .text, .choice: return "nullif(\(column), '')"
            default: return column
            }
        }
        var arguments: [SQLValue] = []
        if let date, let first = spans.first, let last = spans.last {
            let column = compiler.column(try compiler.visible(date))
            conditions.append(DaySpan(first: first.first, end: last.end).filter(on: date))
            // From the latest on: most of what is looked at is young.
            let steps = spans.indices.dropFirst().reversed().map { "WHEN \(column) >= ? THEN \($0)" }.joined(separator: " ")
            select.append(steps.isEmpty ? "0" : "CASE \(steps) ELSE 0 END")
            let isMoment = try compiler.visible(date).type == .moment
            arguments = spans.dropFirst().reversed().map { span in
                isMoment ? .integer(compiler.calendar.start(of: span.first).milliseconds) : Value.day(span.first).column
            }
        } else {
            select.append("0")
        }
        select.append(Aggregate.columns(measured, compiler))
        let condition = try compiler.condition(.all(conditions))
        let groups = (1...fields.count + 2).map(String.init).joined(separator: ", ")
        let sql = "SELECT \(select.joined(separator: ", ")) FROM \(quoted(entity.name)) t WHERE \(condition.sql) GROUP BY \(groups)"
        var rows: [Tally] = []
        try connection.query(sql, arguments + condition.arguments) { row in
            let keys = fields.enumerated().map { place, field in row.isNull(place) ? Value.null : field.read(row, at: place) }
            rows.append(Tally(keys: keys, span: Int(row.integer(fields.count)), figure: Aggregate(row, at: fields.count + 1)))
            return rows.count <= most
        }
        guard rows.count <= most else {
            let names = fields.map(\.label).joined(separator: " and ").lowercased()
            throw CRMError(
                .invalid, "\(names) has too many different values to group by", hint: "Group by something with few values.",
                problems: [Problem(field: "group", "has too many different values")])
        }
        return rows
    }
}
