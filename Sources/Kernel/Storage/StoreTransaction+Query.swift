import FoundationEssentials
import PluginAPI

/// One page of a list.
struct ListRequest: Sendable {
    var entity: EntityModel
    var filter: Filter = .everything
    var sort: Sort
    /// 1 to 500.
    var limit = 50
    /// Where the page before ended, as its answer said.
    var cursor: String?
    /// The fields to read; all that are visible when nil.
    var fields: Set<String>?
    var withLabels = true
}

extension StoreTransaction {
    func blank(_ entity: String) throws -> RecordData { blank(try registry.require(entity)) }

    /// An empty record with its defaults.
    func blank(_ entity: EntityModel) -> RecordData {
        var data = RecordData(layout: entity.layout)
        for field in entity.fields where field.description.defaultValue != .null {
            data.values[field.place] = field.description.defaultValue
        }
        return data
    }

    func find(_ entity: String, _ id: RecordID) throws -> RecordData? {
        try find(try registry.require(entity), id)
    }

    /// One record that the user may see, or nil.
    func find(_ entity: EntityModel, _ id: RecordID, right: String = "view") throws -> RecordData? {
        let projection = Projection(entity, fields: nil, actor: actor, registry: registry, withLabels: false)
        let condition = try compiler(entity).condition(.compare("id", .equal, .value(.integer(id.raw))), right: right)
        let sql = "SELECT \(projection.columns) FROM \(quoted(entity.name)) t WHERE \(condition.sql)"
        return try connection.first(sql, condition.arguments) { projection.record($0) }
    }

    /// One record; throws `notFound` when there is none that the user may see.
    func require(_ entity: EntityModel, _ id: RecordID) throws -> RecordData {
        guard let record = try find(entity, id) else { throw StoreTransaction.missing(entity, id) }
        return record
    }

    static func missing(_ entity: EntityModel, _ id: RecordID) -> CRMError {
        CRMError(.notFound, "there is no \(entity.title.lowercased()) \(id)", hint: "It may have been deleted, or you may not see it.")
    }

    func all(_ entity: String, where filter: Filter, sort: [Sort], limit: Int) throws -> [RecordData] {
        let model = try registry.require(entity)
        let projection = Projection(model, fields: nil, actor: actor, registry: registry, withLabels: false)
        let compiler = compiler(model)
        let condition = try compiler.condition(filter)
        var order = try sort.map { step -> String in
            let (expression, mayBeNull) = try compiler.order(step, labels: [:])
            let direction = step.descending ? " DESC" : ""
            return (mayBeNull ? "\(expression) IS NULL, " : "") + expression + direction
        }
        order.append("t.\"id\"")
        let sql = """
            SELECT \(projection.columns) FROM \(quoted(model.name)) t WHERE \(condition.sql)
            ORDER BY \(order.joined(separator: ", ")) LIMIT \(max(0, limit))
            """
        return try connection.all(sql, condition.arguments) { projection.record($0) }
    }

    func count(_ entity: String, where filter: Filter) throws -> Int {
        try count(try registry.require(entity), where: filter)
    }

    func count(_ entity: EntityModel, where filter: Filter, right: String = "view") throws -> Int {
        let condition = try compiler(entity).condition(filter, right: right)
        let sql = "SELECT count(*) FROM \(quoted(entity.name)) t WHERE \(condition.sql)"
        return Int(try connection.integer(sql, condition.arguments) ?? 0)
    }

    /// Hands over the rows of one page and gives the cursor of the next, or nil when there is none. Pages follow the key
    /// (the sorted value, then the id), never an offset: a page deep in the list costs what the first one does. Rows
    /// without a value come last either way.
    func page(_ request: ListRequest, _ each: (any Row, Projection) throws -> Void) throws -> String? {
        let projection = Projection(
            request.entity, fields: request.fields, actor: actor, registry: registry, withLabels: request.withLabels)
        let compiler = compiler(request.entity)
        let condition = try compiler.condition(request.filter)
        let order = try compiler.order(request.sort, labels: projection.labels)
        var cursor = try request.cursor.map { try PageCursor(decoding: $0, sort: request.sort, entity: request.entity.name) }
        let limit = min(max(request.limit, 1), 500)
        var delivered = 0
        var last: PageCursor?
        var more = false
        let direction = request.sort.descending ? " DESC" : ""
        let after = request.sort.descending ? "<" : ">"
        let keyColumn = projection.columns.isEmpty ? 2 : StoreTransaction.columnCount(projection)

        // Rows with a value, then rows without: two ranges of the index instead of one sort of the table.
        for isNullRange in order.mayBeNull ? [false, true] : [false] {
            if cursor?.isNull == true, !isNullRange { continue }
            var sql = "SELECT \(projection.columns), \(order.expression) FROM \(quoted(request.entity.name)) t\(projection.joins) WHERE \(condition.sql)"
            var arguments = condition.arguments
            if order.mayBeNull { sql += " AND \(order.expression) IS \(isNullRange ? "" : "NOT ")NULL" }
            if let cursor, cursor.isNull == isNullRange {
                if isNullRange || request.sort.field == "id" {
                    sql += " AND t.\"id\" \(after) ?"
                    arguments.append(.integer(cursor.id))
                } else {
                    sql += " AND (\(order.expression), t.\"id\") \(after) (?, ?)"
                    arguments += [cursor.value, .integer(cursor.id)]
                }
            }
            let key = request.sort.field == "id" || isNullRange ? "" : "\(order.expression)\(direction), "
            sql += " ORDER BY \(key)t.\"id\"\(direction) LIMIT \(limit - delivered + 1)"
            try connection.query(sql, arguments) { row in
                if delivered == limit {
                    more = true
                    return false
                }
                try each(row, projection)
                delivered += 1
                if delivered == limit {
                    last = PageCursor(row: row, column: keyColumn, isText: compiler.isText(request.sort, labels: projection.labels), sort: request.sort, entity: request.entity.name)
                }
                return true
            }
            cursor = nil
            if more { break }
            // The first range filled the page to the last row: whether the second holds anything decides on a next page.
            if delivered == limit, order.mayBeNull, !isNullRange {
                let rest = "SELECT 1 FROM \(quoted(request.entity.name)) t\(projection.joins) WHERE \(condition.sql) AND \(order.expression) IS NULL LIMIT 1"
                more = try connection.integer(rest, condition.arguments) != nil
                break
            }
        }
        return more ? last?.encoded : nil
    }

    private static func columnCount(_ projection: Projection) -> Int {
        var count = 2
        for item in projection.items { count += item.field.columns.count + (item.labelColumn == nil ? 0 : 1) }
        return count
    }

    /// The labels of records, by id; those that the user may not see are left out.
    func labels(_ entityName: String, _ ids: some Collection<Int64>) throws -> [Int64: String] {
        guard !ids.isEmpty, let entity = registry.entity(entityName) else { return [:] }
        let label = Projection.label(of: entity, alias: "t", actor: actor)
        let scope = QueryCompiler.visibility(of: entity, alias: "t", right: "view", actor: actor).map { " AND " + $0 } ?? ""
        var labels: [Int64: String] = [:]
        let list = Set(ids).sorted().map(String.init).joined(separator: ", ")
        try connection.query("SELECT t.\"id\", \(label) FROM \(quoted(entityName)) t WHERE t.\"id\" IN (\(list))\(scope)", []) { row in
            labels[row.integer(0)] = row.text(1)
            return true
        }
        return labels
    }

    /// The label of one record, or nil.
    func label(_ entity: String, _ id: Int64) throws -> String? { try labels(entity, [id])[id] }

    /// The record that a text names: an id, or the value of the label or of a unique field, without regard to case.
    /// Throws `invalid` with the count when several bear the name.
    func resolve(_ entityName: String, _ text: String) throws -> Int64? {
        let entity = try registry.require(entityName)
        let name = text.trimmed
        if let id = Int64(name) {
            if try count(entity, where: .compare("id", .equal, .value(.integer(id)))) == 1 { return id }
        }
        let fields = entity.fields.filter {
            $0.isStored && $0.type == .text && ($0.description.isUnique || $0.name == entity.labelField)
                && actor.mask($0.name, of: entityName) != .hidden
        }
        guard !fields.isEmpty else { return nil }
        let scope = QueryCompiler.visibility(of: entity, alias: "t", right: "view", actor: actor).map { " AND " + $0 } ?? ""
        let match = fields.map { "lower(t.\(quoted($0.name))) = ?" }.joined(separator: " OR ")
        let ids = try connection.all(
            "SELECT t.\"id\" FROM \(quoted(entityName)) t WHERE (\(match))\(scope) ORDER BY t.\"id\" LIMIT 3",
            fields.map { _ in .text(name.lowercased()) }
        ) { $0.integer(0) }
        if ids.count > 1 {
            throw CRMError(.invalid, "several \(entity.pluralTitle.lowercased()) are called \(name)", hint: "Give the id.")
        }
        return ids.first
    }
}

extension QueryCompiler {
    /// Whether the values that an order goes by are texts.
    func isText(_ sort: Sort, labels: [String: String]) -> Bool {
        guard let field = entity.field(sort.field) else { return false }
        switch field.type {
        case .text, .choice, .day, .json, .references: return true
        case .reference: return labels[field.name] != nil
        default: return false
        }
    }
}

/// Where a page ended: the sorted value and the id of its last row. Opaque to callers.
struct PageCursor {
    var value: SQLValue
    var id: Int64
    private var order: String

    var isNull: Bool { value == .null }

    init(row: any Row, column: Int, isText: Bool, sort: Sort, entity: String) {
        id = row.integer(0)
        value = row.isNull(column) ? .null : isText ? .text(row.text(column)) : .integer(row.integer(column))
        order = PageCursor.order(sort, entity)
    }

    private static func order(_ sort: Sort, _ entity: String) -> String { entity + (sort.descending ? "-" : "+") + sort.field }

    var encoded: String {
        let kind: String
        switch value {
        case .text(let text): kind = "t" + text
        case .integer(let number): kind = "i" + String(number)
        default: kind = "n"
        }
        let text = order + "\n" + String(id) + "\n" + kind
        return Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Reads a cursor; throws `malformed` unless it came from a list of the same entity in the same order.
    init(decoding text: String, sort: Sort, entity: String) throws {
        let bad = CRMError(
            .malformed, "the cursor does not belong to this list", hint: "Begin again without a cursor.",
            problems: [Problem(field: "cursor", "is not a cursor of this list")])
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        while base64.utf8.count % 4 != 0 { base64 += "=" }
        guard let data = Data(base64Encoded: base64), let plain = String(validating: Array(data), as: UTF8.self) else { throw bad }
        let parts = plain.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == PageCursor.order(sort, entity), let id = Int64(parts[1]) else { throw bad }
        self.id = id
        order = String(parts[0])
        switch parts[2].first {
        case "t": value = .text(String(parts[2].dropFirst()))
        case "i":
            guard let number = Int64(parts[2].dropFirst()) else { throw bad }
            value = .integer(number)
        case "n": value = .null
        default: throw bad
        }
    }
}

extension String {
    /// Without space at either end.
    var trimmed: String {
        var view = self[...]
        while let first = view.first, first.isWhitespace { view.removeFirst() }
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }
}
