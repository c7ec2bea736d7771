import PluginAPI

extension QueryCompiler {
    /// A field's column. One that was worked out by way of links is empty where the user may not see the records on the way:
    /// only then does the column become a longer expression, with the ids of owners written out.
    func column(_ field: FieldModel, suffix: String = "") -> String { column(field, of: entity, alias: "t", suffix: suffix) }

    func columns(_ field: FieldModel) -> [String] {
        field.type == .money ? [column(field), column(field, suffix: "_currency")] : [column(field)]
    }

    private func column(_ field: FieldModel, of entity: EntityModel, alias: String, suffix: String) -> String {
        let column: String = alias == "t" && suffix.isEmpty ? field.ownColumn : "\(alias).\(quoted(field.name + suffix))"
        guard field.formula != nil, !actor.isElevated, let ways = registry.fieldFormulas.ways[entity.name]?[field.name] else { return column }
        let conditions: [String] = ways.compactMap { way in sight(way[...], from: alias, depth: 0) }
        return conditions.isEmpty ? column : "CASE WHEN \(conditions.joined(separator: " AND ")) THEN \(column) END"
    }

    /// The condition that all records on the way are within sight; nil when they always are.
    private func sight(_ way: ArraySlice<FormulaUses.Read.Step>, from alias: String, depth: Int) -> String? {
        guard let step = way.first, let target = registry.entity(step.entity)?.field(step.field)?.target,
            let next = registry.entity(target)
        else { return nil }
        let inner = "\(alias)v\(depth)"
        let rest: String? = sight(way.dropFirst(), from: inner, depth: depth + 1)
        let owners: [Int64]? = actor.owners("view", on: target)
        guard owners != nil || rest != nil else { return nil }
        var conditions: [String] = ["\(inner).\"id\" = \(alias).\(quoted(step.field))"]
        if let owners {
            let list: String = owners.isEmpty ? "NULL" : owners.map(String.init).joined(separator: ", ")
            conditions.append("\(inner).\(quoted(next.ownerField?.name ?? "created_by")) IN (\(list))")
        }
        if let rest { conditions.append(rest) }
        return "(\(alias).\(quoted(step.field)) IS NULL OR EXISTS (SELECT 1 FROM \(quoted(target)) \(inner) WHERE \(conditions.joined(separator: " AND "))))"
    }

    /// A field of a record, by way of links: a query of its own for each row. What lies beyond a record that the user may
    /// not see is empty.
    func column(by steps: [FormulaUses.Read.Step], suffix: String = "") throws -> Fragment {
        var owner: EntityModel = entity
        var alias = "t"
        var joins: Fragment?
        for (index, step) in steps.enumerated() {
            guard let field = owner.field(step.field) else {
                throw CRMError(.invalid, "\(owner.title.lowercased()) has no field \(step.field)")
            }
            guard index < steps.count - 1 else {
                let column = Fragment(self.column(field, of: owner, alias: alias, suffix: suffix))
                return joins.map { pieced("(SELECT \(column) \($0))") } ?? column
            }
            guard case .reference(let target) = field.type, let next = registry.entity(target) else {
                throw CRMError(.invalid, "\(step.field) is not a link")
            }
            let link = "g\(index).\"id\" = \(alias).\(quoted(step.field))"
            let scope: Fragment? = Self.visibility(of: next, alias: "g\(index)", actor: actor, dialect: dialect)
            let condition: Fragment = scope.map { pieced("\(link) AND \($0)") } ?? Fragment(link)
            // The first record is the query's own table, later ones are joined to it.
            joins = joins.map { Self.joined($0, quoted(target), "g\(index)", condition) }
                ?? pieced("FROM \(quoted(target)) g\(String(index)) WHERE \(condition)")
            owner = next
            alias = "g\(index)"
        }
        throw CRMError(.invalid, "a field is missing")
    }

    /// `FROM a g0 WHERE …` with another table: its condition joins the others.
    private static func joined(_ query: Fragment, _ table: String, _ alias: String, _ condition: Fragment) -> Fragment {
        let parts: [Substring] = query.sql.split(separator: " WHERE ", maxSplits: 1)
        guard parts.count == 2 else { return query }
        return Fragment(
            "\(parts[0]), \(table) \(alias) WHERE \(parts[1]) AND \(condition.sql)", query.arguments + condition.arguments)
    }
}
