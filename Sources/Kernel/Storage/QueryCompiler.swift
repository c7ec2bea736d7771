import PluginAPI

/// Turns filters and orders into SQL for one entity and one user. Every condition includes what the user may see.
struct QueryCompiler {
    let entity: EntityModel
    let registry: Registry
    let actor: Actor
    let dialect: any Dialect
    let now: Moment
    let calendar: DeploymentCalendar
    let currency: Currency

    typealias Fragment = SQLFragment

    /// The condition under which rows of an entity are within reach of a right; nil when all are.
    static func visibility(
        of entity: EntityModel, alias: String, right: String = "view", actor: Actor, dialect: any Dialect
    ) -> Fragment? {
        guard let owners = actor.owners(right, on: entity.name) else { return nil }
        return dialect.among("\(alias).\(quoted(entity.ownerField?.name ?? "created_by"))", owners)
    }

    /// The whole condition: a filter within what the user may see.
    func condition(_ filter: Filter, right: String = "view") throws -> Fragment {
        let asked = try compile(filter)
        let scope = QueryCompiler.visibility(of: entity, alias: "t", right: right, actor: actor, dialect: dialect)
        return scope.map { $0 + " AND " + asked } ?? asked
    }

    func compile(_ filter: Filter) throws -> Fragment {
        switch filter {
        case .all(let filters): return try join(filters, " AND ", whenEmpty: .always)
        case .any(let filters): return try join(filters, " OR ", whenEmpty: .never)
        case .not(let inner):
            let fragment = try compile(inner)
            return Fragment("NOT coalesce((" + fragment.sql + "), 1 = 0)", fragment.arguments)
        case .compare(let name, let comparison, let operand): return try compare(name, comparison, operand)
        case .oneOf(let name, let operands):
            return try oneOf(name, operands)
        case .empty(let name):
            if name == "id" { return .never }
            let field = try visible(name)
            let column = self.column(field)
            switch field.type {
            case .text, .choice: return Fragment("(\(column) IS NULL OR \(column) = '')")
            case .references: return Fragment("(\(column) IS NULL OR \(column) = '[]')")
            default: return Fragment(column + " IS NULL")
            }
        case .search(let text):
            let (columns, words) = looked(for: text)
            guard !columns.isEmpty, !words.isEmpty else { return .never }
            let all: [String] = entity.searchFields.map(\.name)
            return join(words.map { dialect.match(table: entity.name, columns: columns, of: all, text: $0) }, " AND ")
        }
    }

    /// The fields that are searched for this user, and the words that each record must have.
    private func looked(for text: String) -> (columns: [String], words: [String]) {
        let columns = entity.searchFields.map(\.name).filter { actor.mask($0, of: entity.name) != .hidden }
        return (columns, text.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    /// The indexes that a filter's search can be led by, one after the other, when rows are wanted in the order of their ids, and the rest of the filter.
    /// Nil where there is none, and for whoever sees their own records only: these may be few, and the hits many.
    func hits(_ filter: Filter, _ connection: any Connection) throws -> (sources: [SearchSource], rest: Filter)? {
        guard QueryCompiler.visibility(of: entity, alias: "t", actor: actor, dialect: dialect) == nil else { return nil }
        var parts: [Filter] = filter.conjuncts
        for (place, part) in parts.enumerated() {
            guard case .search(let text) = part else { continue }
            let (columns, words) = looked(for: text)
            let all: [String] = entity.searchFields.map(\.name)
            guard !columns.isEmpty, !words.isEmpty,
                let sources = try dialect.hits(connection, table: entity.name, columns: columns, of: all, words: words)
            else { return nil }
            parts.remove(at: place)
            return (sources, .all(parts))
        }
        return nil
    }

    private func join(_ filters: [Filter], _ separator: String, whenEmpty: Fragment) throws -> Fragment {
        filters.isEmpty ? whenEmpty : join(try filters.map(compile), separator)
    }

    private func join(_ parts: [Fragment], _ separator: String) -> Fragment {
        if parts.count == 1 { return parts[0] }
        return Fragment("(" + parts.map(\.sql).joined(separator: separator) + ")", parts.flatMap(\.arguments))
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

    /// The expression by which rows are sorted and whether it may be null. A link is sorted by what it says, so its label is
    /// needed: nil for other fields.
    func order(_ sort: Sort, label: String?) throws -> (expression: String, mayBeNull: Bool) {
        if sort.field == "id" { return ("t.\"id\"", false) }
        let field = try visible(sort.field)
        if !field.isStored { return ("NULL", true) }
        if let label { return ("lower(\(label))", true) }
        let column = self.column(field)
        switch field.type {
        case .text where field.maxLength > QueryCompiler.longestKey:
            // A page's end is told by the value, and the beginning of a long text says enough.
            return ("lower(substr(\(column), 1, \(QueryCompiler.longestKey)))", true)
        case .text: return ("lower(\(column))", true)
        default: return (column, !(field.name == "created_at" || field.name == "updated_at"))
        }
    }

    private static let longestKey = 200
}

extension Filter {
    /// The conditions that must all hold.
    fileprivate var conjuncts: [Filter] {
        if case .all(let parts) = self { return parts.flatMap(\.conjuncts) }
        return [self]
    }
}

/// A piece of SQL with what it is sent.
struct SQLFragment {
    var sql: String
    var arguments: [SQLValue]

    init(_ sql: String, _ arguments: [SQLValue] = []) {
        self.sql = sql
        self.arguments = arguments
    }

    static let always = SQLFragment("1 = 1")
    static let never = SQLFragment("1 = 0")

    static func + (left: SQLFragment, right: SQLFragment) -> SQLFragment {
        SQLFragment(left.sql + right.sql, left.arguments + right.arguments)
    }
    static func + (left: SQLFragment, right: String) -> SQLFragment { SQLFragment(left.sql + right, left.arguments) }
    static func + (left: String, right: SQLFragment) -> SQLFragment { SQLFragment(left + right.sql, right.arguments) }
}

extension SQLFragment {
    /// How many rows at most. Small counts stand in the text: a server that plans a statement once for whatever it is sent takes
    /// it for a tenth of the rows otherwise, finds that dear, and plans it anew each time, which takes longer than the rows do.
    ///
    /// - Parameter isSearch: whether the rows are found by a text. How many have it decides how they are best read, so that such a
    ///   statement is planned anew.
    static func limit(_ count: Int, isSearch: Bool = false) -> SQLFragment {
        (0...200).contains(count) && !isSearch
            ? SQLFragment(" LIMIT \(count)") : SQLFragment(" LIMIT ?", [.integer(Int64(max(0, count)))])
    }
}

extension Filter {
    /// Whether a text is looked for anywhere in it.
    var isSearch: Bool {
        switch self {
        case .search: true
        case .all(let filters), .any(let filters): filters.contains(where: \.isSearch)
        case .not(let filter): filter.isSearch
        default: false
        }
    }
}
