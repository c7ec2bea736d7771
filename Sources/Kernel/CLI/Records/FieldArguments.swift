import PluginAPI

/// Field values given as `--field value`, `--set field=value` or in a JSON file, put together as one JSON object.
struct FieldArguments: Sendable {
    let fields: [FieldInfo]

    static func specs(_ fields: [FieldInfo]) -> [OptionSpec] {
        fields.map { field in
            let value: OptionSpec.Value =
                switch field.kind {
                case .boolean: .boolean
                case .references: .many(field.placeholder)
                default: .one(field.placeholder)
                }
            return OptionSpec(field.option, value, help(field))
        }
    }

    static let common: [OptionSpec] = [
        OptionSpec("set", .many("field=value"), "A field by its name, also one that is named like another option."),
        OptionSpec("file", short: "f", .one("file"), "A JSON object with field values; - reads standard input."),
    ]

    /// The words behind a field's option: its label, rules and options.
    static func help(_ field: FieldInfo) -> String {
        var notes: [String] = []
        if field.mustBeGiven { notes.append("required") }
        if field.isUnique { notes.append("unique") }
        switch field.kind {
        case .choice where field.options.count > 5: notes.append("one of " + field.options.map(\.key).joined(separator: ", "))
        case .reference: notes.append(field.target.readable.lowercased() + " by id or name")
        case .references: notes.append(field.target.readable.lowercased() + " by id or name, several separated by commas")
        case .moment: notes.append("such as 2026-11-22T09:30:00Z")
        case .money: notes.append("such as 1250.00 or \"1250.00 EUR\"")
        default: break
        }
        if let condition = field.shownWhen, !condition.values.isEmpty {
            notes.append("with --\(condition.field.dashed) \(condition.values.joined(separator: " or "))")
        }
        if let length = field.maxLength, length < 1000 { notes.append("at most \(length) characters") }
        if !field.fallback.isNull, !field.fallback.scalar.isEmpty { notes.append("else \(field.fallback.scalar)") }
        var text = field.help.isEmpty ? field.label : field.help
        while text.hasSuffix(".") { text.removeLast() }
        return text + (notes.isEmpty ? "." : "; " + notes.joined(separator: "; ") + ".")
    }

    /// The object to send.
    func object(_ read: ReadArguments, unknown: (String) throws -> FieldInfo) throws -> JSONValue {
        var object = JSONValue.object([])
        if let path = read.value("file") { object = try document(path) }
        for field in fields where read.has(field.option) {
            object.set(field.name, FieldInput.node(read.all(field.option), for: field))
        }
        for text in read.all("set") {
            guard let equals = text.firstIndex(of: "=") else {
                throw UsageError("not a field and its value: \(text)", hint: "Write it as --set field=value.")
            }
            let field = try unknown(String(text[..<equals]))
            object.set(field.name, FieldInput.node([String(text[text.index(after: equals)...])], for: field))
        }
        return object
    }

    private func document(_ path: String) throws -> JSONValue {
        var bytes = try InputFile.read(path)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        let place = path == "-" ? "standard input" : path
        let node: JSONValue
        do {
            node = try JSONValue(parsing: bytes)
        } catch let error as CRMError {
            throw CRMError(.malformed, "\(place): \(error.message)", hint: error.hint)
        }
        guard node.members != nil else {
            throw CRMError(.malformed, "\(place) holds no JSON object", hint: "Write it as {\"field\": value, …}.")
        }
        return node
    }
}
