/// An option of a record command. Which ones there are is known only once the deployment told its fields, so these
/// commands cannot be declared at compile time as the others are.
struct OptionSpec: Sendable {
    enum Value: Sendable {
        /// No value: present or not.
        case flag
        case one(String)
        case many(String)
        /// `--active`, `--active false` or `--no-active`.
        case boolean
    }
    var name: String
    var short: Character?
    var value: Value
    var help: String

    init(_ name: String, short: Character? = nil, _ value: Value, _ help: String) {
        self.name = name
        self.short = short
        self.value = value
        self.help = help
    }
}

/// The arguments of a record command, told apart.
struct ReadArguments: Sendable {
    var words: [String] = []
    /// By the option's name, in the order given.
    var values: [String: [String]] = [:]

    func value(_ name: String) -> String? { values[name]?.last }
    func all(_ name: String) -> [String] { values[name] ?? [] }
    func has(_ name: String) -> Bool { values[name] != nil }
}

enum ArgumentReader {
    /// Reads arguments against the options there are. Names may be written with dashes or underscores.
    static func read(_ arguments: [String], options: [OptionSpec], command: String) throws -> ReadArguments {
        var out = ReadArguments()
        var rest = arguments[...]
        let byName = Dictionary(options.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let byShort = Dictionary(options.compactMap { option in option.short.map { ($0, option) } }, uniquingKeysWith: { first, _ in first })

        while let argument = rest.popFirst() {
            if argument == "--" {
                out.words += rest
                break
            }
            guard argument.count > 1, argument.hasPrefix("-"), !isNumber(argument) else {
                out.words.append(argument)
                continue
            }
            var inline: String?
            var name = argument
            if let equals = argument.firstIndex(of: "="), argument.hasPrefix("--") {
                name = String(argument[..<equals])
                inline = String(argument[argument.index(after: equals)...])
            }
            let option: OptionSpec
            if name.hasPrefix("--") {
                let word = String(name.dropFirst(2)).dashed
                if let found = byName[word] {
                    option = found
                } else if word.hasPrefix("no-"), let found = byName[String(word.dropFirst(3))], case .boolean = found.value {
                    out.values[found.name, default: []].append("false")
                    continue
                } else {
                    throw unknown(name, options, command)
                }
            } else {
                guard name.count == 2, let letter = name.last, let found = byShort[letter] else { throw unknown(name, options, command) }
                option = found
            }
            switch option.value {
            case .flag:
                guard inline == nil else { throw UsageError("--\(option.name) takes no value", hint: "See `\(command) --help`.") }
                out.values[option.name] = ["true"]
            case .boolean:
                let next = rest.first.flatMap { FieldInput.boolean($0) == nil ? nil : $0 }
                if inline == nil, next != nil { rest.removeFirst() }
                out.values[option.name, default: []].append(inline ?? next ?? "true")
            case .one, .many:
                guard let value = inline ?? rest.first, inline != nil || !isOption(value, byName) else {
                    throw UsageError("--\(option.name) needs a value", hint: "See `\(command) --help`.")
                }
                if inline == nil { rest.removeFirst() }
                if case .one = option.value, out.values[option.name] != nil {
                    throw UsageError("--\(option.name) is given twice")
                }
                out.values[option.name, default: []].append(value)
            }
        }
        return out
    }

    private static func isNumber(_ text: String) -> Bool {
        text.dropFirst().allSatisfy { $0.isNumber || $0 == "." }
    }

    private static func isOption(_ text: String, _ known: [String: OptionSpec]) -> Bool {
        text.hasPrefix("--") && known[String(text.dropFirst(2).prefix { $0 != "=" }).dashed] != nil
    }

    private static func unknown(_ name: String, _ options: [OptionSpec], _ command: String) -> UsageError {
        let names = options.map { "--" + $0.name }
        return UsageError(
            "there is no option \(name) here", hint: Suggestion.hint(for: name, among: names, otherwise: "See `\(command) --help`."))
    }
}
