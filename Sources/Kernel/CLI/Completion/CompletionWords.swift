import ArgumentParser
import PluginAPI

/// The words that may come next on a command line, for shells.
enum CompletionWords {
    /// The candidates for the last of the words, which may be empty or begun.
    static func next(_ words: [String]) async -> [String] {
        let begun = words.last ?? ""
        let (options, before) = (try? ClientOptions.extract(from: Array(words.dropLast()))) ?? (ClientOptions(), [])
        let plain = before.filter { !$0.hasPrefix("-") }
        return await candidates(before: before, plain: plain, begun: begun, options).filter { $0.hasPrefix(begun) }.sorted()
    }

    private static func candidates(before: [String], plain: [String], begun: String, _ options: ClientOptions) async -> [String] {
        guard let noun = plain.first else {
            if begun.hasPrefix("-") { return names(ClientOptions.specs) }
            let declared = CommandTree.root.children.filter { $0.isShown }.map(\.name)
            return declared + (await schema(options)?.entities.map(\.path) ?? [])
        }
        if let command = CommandTree.root.child(noun) {
            var tree = command
            for word in plain.dropFirst() {
                guard let child = tree.child(word) else { break }
                tree = child
            }
            if !begun.hasPrefix("-"), !tree.children.isEmpty, plain.count == 1 {
                let shared = tree.type is any RecordSharing.Type ? RecordCommand.verbs.map(\.name) : []
                return tree.children.map(\.name) + shared
            }
            if begun.hasPrefix("-") { return OptionNames.of(tree.type) + names(ClientOptions.specs) }
            if tree.type is any RecordSharing.Type { return [] }
            return noun == "completion" ? ["bash", "zsh", "fish"] : []
        }
        guard let entity = await schema(options)?.entity(noun) else { return [] }
        guard let verb = plain.dropFirst().first else { return RecordCommand.verbs(of: entity).map(\.name) + entity.actions.map(\.name) }
        if verb == "panel", plain.count == 3, !begun.hasPrefix("-") { return entity.panels.map(\.name) }
        let values = values(before.last ?? "", entity, verb)
        if values.isEmpty, verb == "board", plain.count == 2, !begun.hasPrefix("-") { return entity.boards.map(\.name) }
        if values.isEmpty, begun.hasPrefix("-") { return names(specs(verb, entity) + ClientOptions.specs) }
        return values
    }

    private static func names(_ specs: [OptionSpec]) -> [String] {
        specs.filter { !$0.name.contains(".") }.map { "--" + $0.name }
    }

    private static func specs(_ verb: String, _ entity: EntityInfo) -> [OptionSpec] {
        switch verb {
        case "list": RecordListing.specs + RecordFilter.specs(entity)
        case "export": RecordExport.specs + RecordFilter.specs(entity)
        case "show": RecordPage.specs
        case "board" where !entity.boards.isEmpty: RecordBoard.specs + RecordFilter.specs(entity)
        case "timeline": RecordTimeline.specs
        case "merge": RecordMerge.specs
        case "duplicates": []
        case "notes": RecordNotes.listSpecs
        case "note": RecordNotes.writeSpecs
        case "panel": []
        case "add": FieldArguments.specs(entity.editable) + RecordWriting.addSpecs
        case "edit": FieldArguments.specs(entity.editable) + RecordWriting.editSpecs
        case "import": RecordImport.specs
        default: FieldArguments.specs(entity.action(verb)?.fields ?? []) + FieldArguments.common
        }
    }

    /// The values of an option that has a fixed set of them.
    private static func values(_ option: String, _ entity: EntityInfo, _ verb: String) -> [String] {
        guard option.hasPrefix("--") else { return [] }
        let name = String(option.dropFirst(2)).underscored
        switch name {
        case "sort": return entity.fields.flatMap { [$0.name, "-" + $0.name] }
        case "columns", "match": return entity.fields.map(\.name)
        case "mode" where verb == "import": return ["create", "update", "both"]
        case "format" where verb == "export": return ["csv", "json"]
        default: break
        }
        let field = entity.action(verb)?.fields.first { $0.name == name } ?? entity.field(name)
        switch field?.kind {
        case .choice: return field?.options.map(\.key) ?? []
        case .boolean: return ["true", "false"]
        case .reference where field?.target == "user": return ["me"]
        default: return []
        }
    }

    private static func schema(_ options: ClientOptions) async -> SchemaInfo? {
        try? await Session.run(options) { try await $0.client.schema() }
    }
}

/// The long options of a declared command, read from its help.
enum OptionNames {
    static func of(_ type: any ParsableCommand.Type) -> [String] {
        let help = TenonCommand.helpMessage(for: type)
        return help.split(whereSeparator: { " ,\n[]()`<>".contains($0) }).map(String.init).filter { $0.hasPrefix("--") && $0.count > 2 }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
