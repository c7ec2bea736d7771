/// Conditions as they are typed, turned into query parameters of the JSON interface.
struct RecordFilter: Sendable {
    let command: RecordCommand

    /// The ways to compare, as in URLs: `value.gte=1000`.
    static let comparisons: [(name: String, summary: String)] = [
        ("eq", "equal"), ("ne", "not equal"), ("lt", "less than"), ("lte", "at most"), ("gt", "greater than"), ("gte", "at least"),
        ("contains", "contains the text"), ("starts", "begins with the text"), ("in", "one of, separated by commas"),
        ("empty", "true or false"), ("older", "more than so many days ago"),
    ]

    /// The signs that may stand between a field and a value, the longer ones first.
    private static let signs: [(sign: String, comparison: String)] = [
        ("<=", "lte"), (">=", "gte"), ("!=", "ne"), ("==", "eq"), ("<", "lt"), (">", "gt"), ("~", "contains"), ("=", ""),
    ]

    /// Options for every field, alone and with every comparison. The latter are not shown in help one by one.
    static func specs(_ entity: EntityInfo) -> [OptionSpec] {
        let conditions = entity.fields.filter { !$0.isHidden || $0.isReadOnly }.flatMap { field -> [OptionSpec] in
            [OptionSpec(field.option, .many(field.placeholder), "")]
                + comparisons.map { OptionSpec("\(field.option).\($0.name)", .many(field.placeholder), "") }
        }
        return conditions + asideSpecs(entity)
    }

    /// Where some records are left out of lists.
    static func asideSpecs(_ entity: EntityInfo) -> [OptionSpec] {
        entity.setsAside ? [OptionSpec("set-aside", .flag, "Records that lists leave out, too.")] : []
    }

    /// All conditions among the arguments.
    func query(_ arguments: ReadArguments) throws -> [APIRequest.QueryItem] {
        var items: [APIRequest.QueryItem] = []
        for field in command.entity.fields {
            for value in arguments.all(field.option) { items.append(equal(field, value)) }
            for comparison in RecordFilter.comparisons {
                for value in arguments.all("\(field.option).\(comparison.name)") {
                    items.append(APIRequest.QueryItem("\(field.name).\(comparison.name)", value))
                }
            }
        }
        for text in arguments.all("where") {
            items.append(RecordFilter.isFormula(text) ? APIRequest.QueryItem("where", text) : try condition(text))
        }
        if let text = arguments.value("search") { items.append(APIRequest.QueryItem("q", text)) }
        if arguments.has("set-aside") { items.append(APIRequest.QueryItem("set_aside", "true")) }
        return items
    }

    /// Whether a text is a formula rather than one plain condition: a plain one has a field, a sign at once, and a value.
    static func isFormula(_ text: String) -> Bool {
        guard let start = text.firstIndex(where: { "<>!=~".contains($0) }) else { return true }
        let field: Substring = text[..<start]
        let value: Substring = text[start...].drop { "<>!=~".contains($0) }
        let isPlain: Bool = field.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == "." }
        return !isPlain || value.first == " " || value.contains { "\"()".contains($0) }
    }

    /// One condition: `status=new`, `value.gte=1000`, `value>=1000`, `name~berg`.
    func condition(_ text: String) throws -> APIRequest.QueryItem {
        guard let start = text.firstIndex(where: { "<>!=~".contains($0) }),
            let (sign, comparison) = RecordFilter.signs.first(where: { text[start...].hasPrefix($0.sign) })
        else {
            throw UsageError("not a condition: \(text)", hint: "Write it as field=value, field.gte=value or field>=value.")
        }
        let value = String(text[text.index(start, offsetBy: sign.count)...]).trimmed
        let parts = String(text[..<start]).trimmed.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let field = try command.field(parts.first ?? "")
        guard parts.count == 2, sign == "=" else {
            guard parts.count == 1 else { throw UsageError("not a condition: \(text)", hint: "Write it as field.gte=value.") }
            if comparison.isEmpty { return equal(field, value) }
            return APIRequest.QueryItem("\(field.name).\(comparison)", value)
        }
        guard RecordFilter.comparisons.contains(where: { $0.name == parts[1] }) else {
            let names = RecordFilter.comparisons.map(\.name)
            throw UsageError(
                "there is no comparison \(parts[1])", hint: "There are \(names.joined(separator: ", ")).")
        }
        return APIRequest.QueryItem("\(field.name).\(parts[1])", value)
    }

    /// Equality with nothing is emptiness.
    private func equal(_ field: FieldInfo, _ value: String) -> APIRequest.QueryItem {
        value.isEmpty ? APIRequest.QueryItem("\(field.name).empty", "true") : APIRequest.QueryItem(field.name, value)
    }

    /// `value` or `-created_at`, the field being known.
    func sort(_ text: String) throws -> String {
        let descending = text.hasPrefix("-")
        let word: String = descending ? String(text.dropFirst()) : text
        if word == "id" { return text }
        return (descending ? "-" : "") + (try command.field(word.trimmed)).name
    }
}
