import ArgumentParser
import PluginAPI

struct FieldsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fields",
        abstract: "Custom fields: made at run time, used like any other.",
        discussion: """
            EXAMPLES:
              tenon fields list users
              tenon fields add users shirt_size --type choice --option s --option m --option l
              tenon fields remove users shirt_size
            """,
        subcommands: [List.self, Add.self, Remove.self])

    private static func entity(_ word: String, _ session: Session) async throws -> EntityInfo {
        try entity(word, try await session.client.schema())
    }

    private static func entity(_ word: String, _ schema: SchemaInfo) throws -> EntityInfo {
        if let entity = schema.entity(word) { return entity }
        throw UsageError(
            "there are no records called \(word)",
            hint: Suggestion.hint(for: word, among: schema.entities.map(\.path), otherwise: "`tenon records` names them."))
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the fields of records, the custom ones marked.",
            discussion: "EXAMPLES:\n  tenon fields list\n  tenon fields list users")
        @Argument(help: "The records, by name or plural; the custom fields of all of them unless given.") var records: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let schema = try await session.client.schema()
            let entity = try records.map { try FieldsCommand.entity($0, schema) }
            let query = entity.map { [APIRequest.QueryItem("entity", $0.name)] } ?? []
            let response = try await session.client.send(.get("custom-fields", query: query))
            var table = TextTable("Records", "Field", "Label", "Type", "Rules", "Made by")
            if let entity {
                for field in entity.fields where !field.isSystem && !field.isCustom {
                    table.add(entity.path, field.name, field.label, field.kind.rawValue, FieldsCommand.rules(field), "plugin")
                }
            }
            for node in try APIClient.document(response)["data"].elements {
                let field = FieldInfo(node)
                let path: String = schema.entity(named: node["entity"].scalar)?.path ?? node["entity"].scalar
                let formula: String = node["formula"].scalar
                let type: String = formula.isEmpty ? field.kind.rawValue : node["result"].scalar
                let rules: String = formula.isEmpty ? FieldsCommand.rules(field) : "= \(formula)\(FieldsCommand.trouble(node["status"]))"
                table.add(path, field.name, field.label, type, rules, "administrator")
            }
            session.print(table, empty: "no custom fields; `tenon fields add` makes one", json: response)
        }
    }

    /// How a formula field does, where not all is well.
    private static func trouble(_ status: JSONValue?) -> String {
        switch status["state"].scalar {
        case "broken": return "; broken: \(status["problem"].scalar)"
        case "filling": return "; filling in \(status["done"].scalar) of \(status["total"].scalar)"
        default: return status["failing"].scalar == "0" ? "" : "; nothing for \(status["failing"].scalar): \(status["reason"].scalar)"
        }
    }

    private static func rules(_ field: FieldInfo) -> String {
        var rules: [String] = []
        if field.isRequired { rules.append("required") }
        if field.isUnique { rules.append("unique") }
        if !field.target.isEmpty { rules.append("to \(field.target)") }
        if !field.options.isEmpty { rules.append(field.options.map(\.key).joined(separator: "|")) }
        return rules.joined(separator: ", ")
    }

    struct Add: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add a field to records, at once and without a restart.",
            discussion: """
                EXAMPLES:
                  tenon fields add users shirt_size --label 'Shirt size' --type choice --option s --option m --option l
                  tenon fields add teams budget --type money
                  tenon fields add users greeting --formula '"Dear " & name'
                """)
        @Argument(help: "The records, by name or plural.") var records: String
        @Argument(help: "The field's name: lower case, words joined by underscores.") var name: String
        @Option(help: "The words that people see; the name made readable unless given.") var label: String?
        @Option(help: ArgumentHelp("text, integer, boolean, decimal, money, day, moment, choice, reference, references or formula.", valueName: "type"))
        var type = "text"
        @Option(help: ArgumentHelp("One option of a choice; may be repeated.", valueName: "key")) var option: [String] = []
        @Option(help: ArgumentHelp("The records that a reference points at.", valueName: "records")) var target: String?
        @Option(help: ArgumentHelp("Decimal places of a decimal.", valueName: "count")) var scale: Int?
        @Option(help: ArgumentHelp("The formula of a calculated field; its type follows from it.", valueName: "text")) var formula: String?
        @Option(help: "A sentence of help.") var note: String?
        @Flag(help: "Every record must have a value.") var required = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let entity = try await FieldsCommand.entity(records, session)
            var body = JSONValue.fields(["entity": .string(entity.name), "name": .string(name), "type": .string(formula == nil ? type : "formula")])
            if let formula { body.set("formula", .string(formula)) }
            if let label { body.set("label", .string(label)) }
            if !option.isEmpty { body.set("options", .array(option.map { .string($0) })) }
            if let target { body.set("target", .string(try await FieldsCommand.entity(target, session).name)) }
            if let scale { body.set("scale", .integer(Int64(scale))) }
            if let note { body.set("help", .string(note)) }
            if required { body.set("required", .boolean(true)) }
            let response = try await session.client.send(.send("POST", "custom-fields", body: body))
            session.report("added field \(name) to \(entity.pluralTitle.lowercased())", json: response)
        }
    }

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove a custom field. Its values are hidden, and come back if the field is added again.",
            discussion: "EXAMPLES:\n  tenon fields remove users shirt_size")
        @Argument(help: "The records, by name or plural.") var records: String
        @Argument(help: "The field's name.") var name: String
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let entity = try await FieldsCommand.entity(records, session)
            let query = [APIRequest.QueryItem("entity", entity.name)]
            let fields = try await session.client.read(.get("custom-fields", query: query))["data"].elements
            guard let field = fields.first(where: { $0["name"].scalar == name.underscored }) else {
                throw CRMError(
                    .notFound, "\(entity.pluralTitle.lowercased()) have no custom field \(name)",
                    hint: Suggestion.hint(for: name, among: fields.map { $0["name"].scalar }, otherwise: "`tenon fields list \(entity.path)` names the fields."))
            }
            try session.confirm("Remove the field \(name) of \(entity.pluralTitle.lowercased())?")
            let response = try await session.client.send(.send("DELETE", "custom-fields", field["id"].scalar))
            session.report("removed field \(name) of \(entity.pluralTitle.lowercased()); its values are kept", json: response)
        }
    }
}
