import PluginAPI

extension StoreTransaction {
    /// Count and sum over the records that meet a condition and that the user may see; a figure for each currency. Records
    /// without a value do not count.
    func aggregate(_ entity: EntityModel, _ measure: Measure, where filter: Filter) throws -> [Aggregate] {
        switch measure {
        case .count:
            return [Aggregate(currency: nil, count: try count(entity, where: filter), sum: 0)]
        case .sum(let name), .average(let name):
            let field = try compiler(entity).measured(name)
            let query = "SELECT \(Aggregate.columns(field, compiler(entity))) FROM \(quoted(entity.name)) t WHERE "
                + (try compiler(entity).condition(.all([filter, .not(.empty(name))]))) + " GROUP BY 1 ORDER BY 2 DESC"
            return try connection.all(query.sql, query.arguments) { Aggregate($0, at: 0) }
        }
    }

    /// Count and sum for each value of a field, the largest groups first. For reports by a reference, a choice or text.
    func group(_ entity: EntityModel, by name: String, _ measure: Measure, where filter: Filter, limit: Int = 500) throws -> [(key: Value, figure: Aggregate)] {
        let compiler = compiler(entity)
        let field = try compiler.visible(name)
        var measured: FieldModel?
        if case .sum(let name) = measure { measured = try compiler.measured(name) }
        let query = "SELECT t.\(quoted(name)), \(Aggregate.columns(measured, compiler)) FROM \(quoted(entity.name)) t WHERE "
            + (try compiler.condition(filter)) + " GROUP BY 1, 2 ORDER BY 4 DESC, 3 DESC LIMIT ?"
        return try connection.all(query.sql, query.arguments + [.integer(Int64(limit))]) { row in
            (key: row.isNull(0) ? .null : field.type == .money ? .integer(row.integer(0)) : field.read(row, at: 0), figure: Aggregate(row, at: 1))
        }
    }
}

extension QueryCompiler {
    /// A field that adds up.
    func measured(_ name: String) throws -> FieldModel {
        let field = try visible(name)
        guard field.isNumeric, field.isStored else {
            throw CRMError(.invalid, "\(name) does not add up", problems: [Problem(field: name, "is not a number")])
        }
        return field
    }
}
