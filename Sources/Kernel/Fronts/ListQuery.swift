import PluginAPI

/// The query of a list as it stands in URLs, saved views and on the command line:
/// `status=3&value.gte=1000&sort=-created_at&limit=50&q=text&cursor=…`.
///
/// `field=value` is equality, several values of one field are alternatives; `field.op=value` compares, `op` being one of
/// eq, ne, lt, lte, gt, gte, contains, starts, in (values separated by commas), empty (true or false), and older (a day or a
/// moment more than so many days ago). `me` stands for the user, `today`, `-14d` and `+3d` for days. `where` is a formula.
struct ListQuery: Sendable {
    var filter: Filter
    var sort: Sort
    var limit: Int
    var cursor: String?
    var search: String?
    var fields: Set<String>?
    var wantsCount: Bool
    /// The fields that the conditions name.
    private(set) var named: Set<String> = []
    /// Whether records that are set aside were asked for as well. Whoever may not see what sets them aside gets them always.
    private var wantsAside = false

    static let reserved: Set<String> = [
        "sort", "limit", "cursor", "q", "fields", "columns", "count", "view", "format", "within", "csrf", "page", "board", "rows", "set_aside",
    ]

    /// The most conditions, and values of one condition: more would be slow to plan.
    private static let most = 200

    /// Reads a query; throws `invalid` with every parameter that does not fit.
    init(_ items: [FrontRequest.QueryItem], entity: EntityModel, transaction: StoreTransaction) throws {
        filter = .everything
        sort = entity.list.sort
        if transaction.actor.mask(sort.field, of: entity.name) == .hidden { sort = Sort(field: "created_at", descending: true) }
        limit = 50
        cursor = nil
        search = nil
        fields = nil
        wantsCount = false
        wantsAside = entity.aside?.namedFields.contains { transaction.actor.mask($0, of: entity.name) == .hidden } ?? false
        var problems: [Problem] = []
        var conditions: [Filter] = []
        var equals: [String: [Operand]] = [:]
        var order: [String] = []
        var hint = ""
        let input = RecordInput(transaction: transaction)
        guard items.count <= ListQuery.most else {
            throw CRMError(.invalid, "the query has more than \(ListQuery.most) parts", hint: "Ask for less at once.")
        }
        for item in items {
            switch item.name {
            case "sort":
                if item.value.isEmpty { continue }
                let descending = item.value.hasPrefix("-")
                sort = Sort(field: descending ? String(item.value.dropFirst()) : item.value, descending: descending)
                if sort.field != "id", (try? transaction.compiler(entity).visible(sort.field)) == nil {
                    problems.append(Problem(field: "sort", "\(sort.field) is not a field of \(entity.pluralTitle.lowercased())"))
                }
            case "limit":
                guard let number = Int(item.value), (1...500).contains(number) else {
                    problems.append(Problem(field: "limit", "must be from 1 to 500"))
                    continue
                }
                limit = number
            case "cursor": cursor = item.value.isEmpty ? nil : item.value
            case "q":
                search = item.value.trimmed.isEmpty ? nil : item.value.trimmed
            case "fields", "columns":
                if item.value.isEmpty { continue }
                let names = item.value.split(separator: ",").map(String.init)
                for name in names where name != "id" && (try? transaction.compiler(entity).visible(name)) == nil {
                    problems.append(Problem(field: item.name, "\(name) is not a field of \(entity.pluralTitle.lowercased())"))
                }
                fields = Set(names)
            case "metric":
                // The records behind a number whose condition a query cannot spell out.
                guard let metric = transaction.registry.metrics.first(where: { $0.body.key == item.value && $0.body.entity == entity.name }) else {
                    problems.append(Problem(field: "metric", "is not a metric over \(entity.pluralTitle.lowercased())"))
                    continue
                }
                conditions.append(metric.body.filter)
                wantsAside = true
            case "where":
                if item.value.trimmed.isEmpty { continue }
                do {
                    _ = try transaction.compiler(entity).condition(formula: item.value)
                    conditions.append(.formula(item.value))
                    named.formUnion(item.value.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
                } catch let error as CRMError where !error.problems.isEmpty {
                    problems += error.problems
                    hint = error.hint
                }
            case Filter.markName where entity.field(Filter.markName) == nil:
                if item.value.isEmpty { continue }
                guard entity.mark(item.value) != nil else {
                    problems.append(Problem(field: item.name, "is not a mark of \(entity.pluralTitle.lowercased())"))
                    continue
                }
                conditions.append(.compare(Filter.markName, .equal, .value(.text(item.value))))
            case "set_aside": wantsAside = wantsAside || item.value == "true" || item.value == "1"
            case "count": wantsCount = item.value == "true" || item.value == "1"
            default:
                if ListQuery.reserved.contains(item.name) { continue }
                do {
                    let parts = item.name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
                    let name = String(parts.first ?? "")
                    // A form sends its empty fields, too.
                    if item.value.isEmpty { continue }
                    named.insert(name)
                    if name.isEmpty {
                        problems.append(Problem(field: item.name, "names no field"))
                    } else if parts.count == 1 {
                        if equals[name] == nil { order.append(name) }
                        equals[name, default: []].append(try ListQuery.operand(name, item.value, entity, input))
                    } else {
                        conditions.append(try ListQuery.condition(name, String(parts[1]), item.value, entity, input))
                    }
                } catch let error as CRMError where !error.problems.isEmpty { problems += error.problems }
            }
        }
        guard problems.isEmpty else {
            throw CRMError(.invalid, "the query does not fit \(entity.pluralTitle.lowercased())", hint: hint, problems: problems)
        }
        for name in order {
            let operands = equals[name] ?? []
            conditions.append(operands.count == 1 ? .compare(name, .equal, operands[0]) : .oneOf(name, operands))
        }
        if let search {
            conditions.append(.search(search))
            if !items.contains(where: { $0.name == "sort" && !$0.value.isEmpty }) { sort = sort.forSearch }
        }
        filter = conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    /// The same without the records that are set aside, unless the query asks for them; `fields` are named besides.
    func leavingAside(_ entity: EntityModel, naming fields: [String] = []) -> ListQuery {
        guard entity.aside != nil, !wantsAside else { return self }
        var query = self
        query.filter = entity.leavingAside(filter, naming: named.union(fields))
        return query
    }

    func request(_ entity: EntityModel) -> ListRequest {
        ListRequest(entity: entity, filter: filter, sort: sort, limit: limit, cursor: cursor, fields: fields)
    }

    private static func operand(_ name: String, _ text: String, _ entity: EntityModel, _ input: RecordInput) throws -> Operand {
        if name == "id" {
            guard let id = Int64(text) else { throw unfit(name, "must be a whole number") }
            return .value(.integer(id))
        }
        let field = try input.transaction.compiler(entity).visible(name)
        if text == "me", field.target == "user" { return .currentUser }
        switch field.type {
        case .day, .moment:
            if text == "today" { return .today(plusDays: 0) }
            if text.hasSuffix("d"), let days = Int(text.dropLast()), (-40_000...40_000).contains(days) { return .today(plusDays: days) }
            if field.type == .moment, let day = Day(text) { return .value(.day(day)) }
            return .value(try input.value(field, text: text))
        case .references(let target):
            guard let id = try input.transaction.resolve(target, text) else { throw unfit(name, "names nothing") }
            return .value(.integer(id))
        case .reference:
            // A record that is not there (any more) is met by nothing; that is an answer, not an error.
            if let id = Int64(text) { return .value(.integer(id)) }
            return .value(try input.value(field, text: text))
        default: return .value(try input.value(field, text: text))
        }
    }

    private static func condition(_ name: String, _ operation: String, _ text: String, _ entity: EntityModel, _ input: RecordInput) throws -> Filter {
        switch operation {
        case "in":
            let texts = text.split(separator: ",")
            guard texts.count <= most else { throw unfit(name + ".in", "has more than \(most) values") }
            return .oneOf(name, try texts.map { try operand(name, String($0).trimmed, entity, input) })
        case "empty":
            _ = try input.transaction.compiler(entity).visible(name)
            guard let flag = RecordInput.boolean(text) else { throw unfit(name + ".empty", "must be true or false") }
            return flag ? .empty(name) : .not(.empty(name))
        case "older":
            let field = try input.transaction.compiler(entity).visible(name)
            guard field.type == .day || field.type == .moment else { throw unfit(name + ".older", "compares days and moments only") }
            guard let days = Int(text), (0...40_000).contains(days) else { throw unfit(name + ".older", "must be a number of days") }
            return .compare(name, .less, .today(plusDays: -days))
        default:
            guard let comparison = Comparison(rawValue: operation) else {
                throw unfit(name + "." + operation, "is not a comparison: use eq, ne, lt, lte, gt, gte, contains, starts, in, empty or older")
            }
            if comparison == .contains || comparison == .startsWith {
                return .compare(name, comparison, .value(.text(text)))
            }
            return .compare(name, comparison, try operand(name, text, entity, input))
        }
    }

    private static func unfit(_ field: String, _ message: String) -> CRMError {
        CRMError(.invalid, "the query does not fit", problems: [Problem(field: field, message)])
    }

    /// A filter as a query, for links from numbers to the lists behind them; nil when a URL cannot say it.
    static func items(_ filter: Filter) -> [FrontRequest.QueryItem]? {
        switch filter {
        case .all(let filters):
            var items: [FrontRequest.QueryItem] = []
            for filter in filters {
                guard let more = self.items(filter) else { return nil }
                items += more
            }
            return items
        case .compare(Filter.formulaName, _, .value(.text(let text))): return [.init(name: "where", value: text)]
        case .compare(let name, let comparison, let operand):
            guard let text = text(operand) else { return nil }
            return [.init(name: comparison == .equal ? name : name + "." + comparison.rawValue, value: text)]
        case .oneOf(let name, let operands):
            let texts = operands.compactMap(text)
            return texts.count == operands.count ? texts.map { .init(name: name, value: $0) } : nil
        case .empty(let name): return [.init(name: name + ".empty", value: "true")]
        case .not(.empty(let name)): return [.init(name: name + ".empty", value: "false")]
        case .search(let text): return [.init(name: "q", value: text)]
        case .any, .not: return nil
        }
    }

    private static func text(_ operand: Operand) -> String? {
        switch operand {
        case .currentUser: "me"
        case .today(let days): days == 0 ? "today" : (days > 0 ? "+" : "") + "\(days)d"
        case .now: nil
        case .value(let value):
            switch value {
            case .null, .list: nil
            case .text(let text): text
            case .integer(let number): String(number)
            case .boolean(let flag): flag ? "true" : "false"
            case .decimal(let number): number.description
            case .money(let money): money.description
            case .day(let day): day.description
            case .moment(let moment): moment.description
            }
        }
    }
}

extension [FrontRequest.QueryItem] {
    /// As a query string, without the question mark.
    var encoded: String {
        map { $0.name.percentEncoded + "=" + $0.value.percentEncoded }.joined(separator: "&")
    }
}

extension String {
    /// Every byte but letters, digits and `-._~` as `%XX` (RFC 3986).
    var percentEncoded: String {
        var bytes: [UInt8] = []
        let hex = Array("0123456789ABCDEF".utf8)
        for byte in utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `%XX` and, in queries, `+` decoded; nil when it is not UTF-8 or an escape is broken.
    func percentDecoded(plusIsSpace: Bool) -> String? {
        guard utf8.contains(where: { $0 == 37 || (plusIsSpace && $0 == 43) }) else { return self }
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            if byte == 37 {
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let first = Character(Unicode.Scalar(high)).hexDigitValue, let second = Character(Unicode.Scalar(low)).hexDigitValue
                else { return nil }
                bytes.append(UInt8(first << 4 | second))
            } else {
                bytes.append(plusIsSpace && byte == 43 ? 32 : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension Sort {
    /// What is found comes in the order of ids where it would come newest first: the search index has that order, so that the first
    /// page is there without the rest.
    var forSearch: Sort { field == "created_at" ? Sort(field: "id", descending: descending) : self }
}
