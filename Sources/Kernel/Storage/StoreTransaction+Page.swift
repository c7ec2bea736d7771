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
    /// Hands over the rows of one page and gives the cursor of the next, or nil when there is none.
    func page(_ request: ListRequest, _ each: (any Row, Projection) throws -> Void) throws -> String? {
        let query = try PageQuery(request, self)
        return try query.run(query.projection.rows, connection) { row in try each(row, query.projection) }
    }
}

/// The question for one page. Pages follow the key (the sorted value, then the id), never an offset: a page deep in the list costs what the
/// first one does. Rows without a value come last either way.
struct PageQuery {
    /// Rows with a value, or without, or of one part of a search index.
    private struct Range {
        let source: SearchSource?
        let condition: SQLFragment
        let hasValue: Bool

        var id: String { source?.id ?? "t.\"id\"" }
    }

    let projection: Projection
    private let request: ListRequest
    private let key: (expression: String, mayBeNull: Bool)
    private let ranges: [Range]
    private let from: PageCursor?

    init(_ request: ListRequest, _ tx: StoreTransaction) throws {
        let entity = request.entity
        projection = try tx.projection(entity, fields: request.fields, withLabels: request.withLabels, sort: request.sort)
        guard let key = projection.key else { throw CRMError(.internalError, "a list without an order") }
        self.key = key
        self.request = request
        let compiler: QueryCompiler = tx.compiler(entity)
        // A search newest first follows the index, and ends when the page is full, however many more there are.
        let found: (sources: [SearchSource], rest: Filter)? = request.sort.field == "id" ? try compiler.hits(request.filter, tx.connection) : nil
        let condition: SQLFragment = try compiler.condition(found?.rest ?? request.filter)
        if let sources = found?.sources {
            let inOrder: [SearchSource] = request.sort.descending ? sources.reversed() : sources
            ranges = inOrder.map { Range(source: $0, condition: $0.leading(condition), hasValue: true) }
        } else {
            // Rows with a value, then rows without: two ranges of the index instead of one sort of the table.
            ranges = (key.mayBeNull ? [true, false] : [true]).map { Range(source: nil, condition: condition, hasValue: $0) }
        }
        from = try request.cursor.map { try PageCursor(decoding: $0, sort: request.sort, entity: entity.name) }
    }

    /// Hands over the rows, as a way to read the projection gives them, and gives the cursor of the next page, or nil when there is none.
    ///
    /// - Parameter isLast: whether nothing is asked after it but what may be of a moment later.
    func run(_ reading: Projection.Reading, _ connection: any Connection, isLast: Bool = false, _ each: (any Row) throws -> Void) throws -> String? {
        let limit = min(max(request.limit, 1), 500)
        var delivered = 0
        var end: PageCursor?
        for range in ranges {
            if range.hasValue, from?.isNull == true { continue }
            var query = reading.select(from: range.source) + " WHERE " + range.condition
            if key.mayBeNull { query = query + " AND \(key.expression) IS \(range.hasValue ? "NOT " : "")NULL" }
            if let from, from.isNull != range.hasValue {
                query = query + " AND " + request.sort.after(from, key.expression, id: range.id, hasValue: range.hasValue)
            }
            query = query + request.sort.clause(key.expression, id: range.id, hasValue: range.hasValue)
            query = query + .limit(limit + 1, isSearch: request.filter.isSearch)
            let arguments = reading.arguments + query.arguments
            var hasMore = false
            if isLast, !(range.hasValue && key.mayBeNull) { connection.nextIsLast() }
            try connection.query(query.sql, arguments) { row in
                hasMore = delivered == limit
                if hasMore { return false }
                try each(row)
                delivered += 1
                if delivered == limit { end = PageCursor(row: row, column: reading.keyColumn, sort: request.sort, entity: request.entity.name) }
                return true
            }
            if hasMore { return end?.encoded }
        }
        return nil
    }
}

extension Sort {
    /// The order of a page by an expression, and by id among equals.
    fileprivate func clause(_ expression: String, id: String, hasValue: Bool) -> String {
        let direction = descending ? " DESC" : ""
        let first = field == "id" || !hasValue ? "" : expression + direction + ", "
        return " ORDER BY " + first + id + direction
    }

    /// The condition for what comes after the end of a page.
    fileprivate func after(_ end: PageCursor, _ expression: String, id: String, hasValue: Bool) -> SQLFragment {
        let sign = descending ? "<" : ">"
        if field == "id" || !hasValue { return SQLFragment("\(id) \(sign) ?", [.integer(end.id)]) }
        return SQLFragment("(\(expression), \(id)) \(sign) (?, ?)", [end.value, .integer(end.id)])
    }
}

/// Where a page ended: the sorted value and the id of its last row. Opaque to callers.
struct PageCursor {
    var value: SQLValue
    var id: Int64
    private var order: String

    var isNull: Bool { value == .null }

    init(row: any Row, column: Int, sort: Sort, entity: String) {
        id = row.integer(0)
        value = row.value(column)
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
        return Secrets.base64(Array(text.utf8))
    }

    static var stranger: CRMError {
        CRMError(
            .malformed, "the cursor does not belong to this list", hint: "Begin again without a cursor.",
            problems: [Problem(field: "cursor", "is not a cursor of this list")])
    }

    /// Reads a cursor; throws `malformed` unless it came from a list of the same entity in the same order.
    init(decoding text: String, sort: Sort, entity: String) throws {
        let bad = PageCursor.stranger
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
