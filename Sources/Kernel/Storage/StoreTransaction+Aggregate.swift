import PluginAPI

extension StoreTransaction {
    /// Count and sum over the records that meet a condition and that the user may see; a figure for each currency.
    func aggregate(_ entity: EntityModel, _ measure: Measure, where filter: Filter) throws -> [Aggregate] {
        let condition = try compiler(entity).condition(filter)
        let from = "FROM \(quoted(entity.name)) t WHERE \(condition.sql)"
        switch measure {
        case .count:
            return [Aggregate(currency: nil, count: try count(entity, where: filter), sum: 0)]
        case .sum(let name), .average(let name):
            let field = try compiler(entity).visible(name)
            let column = "t." + quoted(name)
            let currency = field.type == .money ? "t." + quoted(field.currencyColumn) : "NULL"
            let sql = "SELECT \(currency), count(\(column)), coalesce(sum(\(column)), 0) \(from) AND \(column) IS NOT NULL GROUP BY 1 ORDER BY 2 DESC"
            return try connection.all(sql, condition.arguments) { row in
                Aggregate(currency: row.optionalText(0).flatMap { Currency($0) }, count: Int(row.integer(1)), sum: row.integer(2))
            }
        }
    }

    /// Count and sum for each value of a field, the largest groups first. For reports by a reference, a choice or text.
    func group(_ entity: EntityModel, by name: String, _ measure: Measure, where filter: Filter, limit: Int = 500) throws -> [(key: Value, figure: Aggregate)] {
        let compiler = compiler(entity)
        let field = try compiler.visible(name)
        let condition = try compiler.condition(filter)
        var currency = "NULL"
        var sum = "0"
        if case .sum(let measured) = measure {
            let field = try compiler.visible(measured)
            sum = "coalesce(sum(t.\(quoted(measured))), 0)"
            if field.type == .money { currency = "t." + quoted(field.currencyColumn) }
        }
        let sql = """
            SELECT t.\(quoted(name)), \(currency), count(*), \(sum) FROM \(quoted(entity.name)) t WHERE \(condition.sql)
            GROUP BY 1, 2 ORDER BY 4 DESC, 3 DESC LIMIT \(limit)
            """
        return try connection.all(sql, condition.arguments) { row in
            let figure = Aggregate(currency: row.optionalText(1).flatMap { Currency($0) }, count: Int(row.integer(2)), sum: row.integer(3))
            return (key: row.isNull(0) ? .null : field.type == .money ? .integer(row.integer(0)) : field.read(row, at: 0), figure: figure)
        }
    }
}
