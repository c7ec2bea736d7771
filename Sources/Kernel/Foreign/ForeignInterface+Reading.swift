import PluginAPI

extension ForeignInterface {
    /// Reads the part `foreign` of a manifest. All that is wrong with it goes to `problems`, by its path in the file.
    init(_ value: JSONValue, problems: inout [Problem]) {
        var reader = ManifestReader(value, path: "foreign.")
        for (path, object) in reader.objects("functions", path: "foreign.functions") {
            var inner = ManifestReader(object, path: path)
            if let function = Self.function(&inner) { functions.append(function) }
            reader.problems += inner.finish()
        }
        for (path, object) in reader.objects("handlers", path: "foreign.handlers") {
            var inner = ManifestReader(object, path: path)
            if let handler = Self.handler(&inner) { handlers.append(handler) }
            reader.problems += inner.finish()
        }
        if let frees = reader.optionalText("frees") {
            self.frees = frees
            reader.requireIdentifier(frees, "frees")
        }
        if let most = reader.integer("longestText") {
            if Self.longestTexts.contains(most) { longestText = most } else { reader.complain("longestText", "is not from 1 to 1048576") }
        }
        // What could not be read is counted, too: its own problem says more than that nothing is there.
        if reader.problems.isEmpty, functions.isEmpty, handlers.isEmpty { reader.complain("", "has neither functions nor handlers") }
        problems += reader.finish()
    }

    private static func function(_ reader: inout ManifestReader) -> Function? {
        let name: String = reader.text("name")
        if !name.isEmpty, !NameForm.isSnakeCase(name) {
            reader.complain("name", "is not small letters, digits and single underscores, beginning with a letter")
        }
        let symbol: String = reader.optionalText("symbol") ?? name
        if !symbol.isEmpty { reader.requireIdentifier(symbol, "symbol") }
        let parameters: [ForeignType] = reader.texts("parameters").enumerated().compactMap { index, text in
            reader.type(text, "parameters[\(index)]")
        }
        reader.limit(parameters.count, "parameters")
        let returned: String = reader.text("returns")
        let givesNothing: Bool = returned == "nothing" || returned == "void"
        if givesNothing { reader.complain("returns", "is nothing, but a function of formulas must give a value") }
        let result: ForeignType? = returned.isEmpty || givesNothing ? nil : reader.result(returned)
        let summary: String = reader.optionalText("summary") ?? ""
        let mayFail: Bool = reader.flag("mayFail")
        guard let result else { return nil }
        let signature = ForeignSignature(symbol: symbol, parameters: parameters, result: result, mayFail: mayFail)
        return Function(name: name, summary: summary, signature: signature)
    }

    private static func handler(_ reader: inout ManifestReader) -> Handler? {
        let hook: String = reader.text("hook")
        if !hook.isEmpty, !NameForm.isSnakeCase(hook) { reader.complain("hook", "is not the name of a hook") }
        let symbol: String = reader.text("symbol")
        if !symbol.isEmpty { reader.requireIdentifier(symbol, "symbol") }
        var parameters: [(ForeignType, Source)] = []
        for (path, object) in reader.objects("parameters", path: reader.path + "parameters") {
            var inner = ManifestReader(object, path: path)
            if let parameter = Self.parameter(&inner, hook) { parameters.append(parameter) }
            reader.problems += inner.finish()
        }
        reader.limit(parameters.count, "parameters")
        let returned: String = reader.optionalText("returns") ?? "nothing"
        let result: ForeignType? = returned == "nothing" ? nil : reader.result(returned)
        var sets: Place?
        if let field = reader.optionalText("sets") {
            sets = Self.place(field, "sets", by: reader.optionalText("by"), hook, &reader)
            if returned == "nothing" { reader.complain("returns", "is nothing, so that there is no value for \"sets\"") }
        } else if result != nil {
            reader.complain("sets", "is missing: say where the returned value goes, or return \"nothing\"")
        }
        var when = Handler.When.during
        if let text = reader.optionalText("when") {
            if let known = Handler.When(rawValue: text) { when = known } else { reader.complain("when", "is neither \"in\" nor \"after\"") }
        }
        let signature = ForeignSignature(
            symbol: symbol, parameters: parameters.map(\.0), result: result, mayFail: reader.flag("mayFail"))
        return Handler(
            hook: hook, signature: signature, sources: parameters.map(\.1), sets: sets, when: when,
            priority: reader.integer("priority") ?? 0)
    }

    private static func parameter(_ reader: inout ManifestReader, _ hook: String) -> (ForeignType, Source)? {
        let name: String = reader.text("type")
        let type: ForeignType? = name.isEmpty ? nil : reader.type(name, "type")
        let by: String? = reader.optionalText("by")
        let source: Source?
        switch (reader.optionalText("payload"), reader.optionalText("field")) {
        case (let member?, nil):
            source = .payload(member)
            if by != nil { reader.complain("by", "goes with \"field\" only") }
        case (nil, let field?): source = place(field, "field", by: by, hook, &reader).map(Source.field)
        default:
            reader.complain("", "names neither \"payload\" nor \"field\", or both")
            source = nil
        }
        if let type, let source { return (type, source) }
        return nil
    }

    /// `entity.field` of the record whose id the payload has under the name `by`: without it under that of the entity, or of
    /// the record for the hooks that every entity sends.
    private static func place(
        _ text: String, _ key: String, by member: String?, _ hook: String, _ reader: inout ManifestReader
    ) -> Place? {
        let parts: [String] = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy(NameForm.isSnakeCase) else {
            reader.complain(key, "is not written as entity.field")
            return nil
        }
        let usual: String = Composition.recordHooks(of: parts[0]).contains(hook) ? "record" : parts[0]
        return Place(entity: parts[0], field: parts[1], member: member ?? usual)
    }
}

extension ManifestReader {
    /// The objects of a list with the path of each.
    fileprivate mutating func objects(_ key: String, path: String) -> [(path: String, object: JSONValue)] {
        guard let items = value(key, else: .array([]), isRequired: false).array else {
            complain(key, "is not a list")
            return []
        }
        return items.enumerated().map { (path: "\(path)[\($0)].", object: $1) }
    }

    fileprivate mutating func integer(_ key: String) -> Int? {
        let value: JSONValue = value(key, else: .null, isRequired: false)
        if case .null = value { return nil }
        if case .number = value, let number = value.int { return Int(number) }
        complain(key, "is not a whole number")
        return nil
    }

    fileprivate mutating func type(_ name: String, _ key: String) -> ForeignType? {
        if let type = ForeignType(name) { return type }
        let hint: String = name == "void" ? "where nothing is returned, write \"nothing\" or leave it out" : "there are " + ForeignType.all
        complain(key, "is \"\(name)\", which is no type: \(hint)")
        return nil
    }

    fileprivate mutating func result(_ name: String) -> ForeignType? {
        let type: ForeignType? = type(name, "returns")
        if case .money = type?.kind {
            complain("returns", "is \(name), which has no currency: return a number")
            return nil
        }
        return type
    }

    fileprivate mutating func limit(_ count: Int, _ key: String) {
        let most: Int = ForeignSignature.mostParameters
        if count > most { complain(key, "are \(count), and \(most) at most can be passed") }
    }

    fileprivate mutating func requireIdentifier(_ name: String, _ key: String) {
        if !ForeignSignature.isIdentifier(name) { complain(key, "is \"\(name)\", which cannot be the name of a C function") }
    }
}
