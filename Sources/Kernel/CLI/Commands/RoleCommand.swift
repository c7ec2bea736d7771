import ArgumentParser
import PluginAPI

struct RoleCommand: RecordSharing {
    static let configuration = CommandConfiguration(
        commandName: "role",
        abstract: "Roles and what they may do.",
        discussion: """
            Roles are records, too: list, show, edit and the others work as everywhere, also as `tenon roles`.

            EXAMPLES:
              tenon role list
              tenon role print sales_agent
              tenon role explain --user anna@example.com --entity team --right edit
            """,
        subcommands: [Print.self, Explain.self])

    struct Print: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "print",
            abstract: "Print the rights of roles as a table: whose records each right reaches.",
            discussion: "EXAMPLES:\n  tenon role print\n  tenon role print sales_agent --entity team")
        @Argument(help: "A role by its key or name; all of them unless given.") var role: String?
        @Option(help: ArgumentHelp("Only these records, by their name or plural.", valueName: "records")) var entity: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("roles", "matrix"))
            if session.options.json { return session.terminal.print(json: response.body) }
            let document = try APIClient.document(response)
            let schema = try await session.client.schema()
            let wanted = try entity.map { word -> EntityInfo in
                guard let entity = schema.entity(word) else {
                    throw UsageError("there are no records called \(word)", hint: Suggestion.hint(for: word, among: schema.entities.map(\.path), otherwise: "`tenon records` names them."))
                }
                return entity
            }
            let roles = document["roles"].elements.filter { entry in
                role.map { [entry["key"].scalar, entry["name"].scalar.lowercased()].contains($0.lowercased()) || entry["key"].scalar == $0.underscored } ?? true
            }
            guard !roles.isEmpty else {
                let keys = document["roles"].elements.map { $0["key"].scalar }
                throw CRMError(.notFound, "there is no role \(role ?? "")", hint: Suggestion.hint(for: role ?? "", among: keys, otherwise: "`tenon role list` names them."))
            }
            for entry in roles { print(entry, wanted.map { [$0] } ?? schema.entities, document["rights"].strings, session) }
        }

        private func print(_ role: JSONValue, _ entities: [EntityInfo], _ rights: [String], _ session: Session) {
            let style = session.style
            session.terminal.print(style(.bold, role["name"].scalar) + style(.dim, "  " + role["key"].scalar))
            if role["everything"].bool == true { return session.terminal.print("  may do everything\n") }
            let shown = entities.filter { entity in
                entities.count == 1 || (role["entities"][entity.name]?.members ?? []).contains { !$0.value.isNull }
            }
            func actions(_ entity: EntityInfo) -> String {
                (role["entities"][entity.name]?.members ?? []).filter { !rights.contains($0.name) && !$0.value.isNull }
                    .map { "\($0.name) \($0.value.scalar)" }.joined(separator: ", ")
            }
            let hasActions = shown.contains { !actions($0).isEmpty }
            var columns = [TextTable.Column(title: "Records")]
            columns += rights.map { TextTable.Column(title: $0.readable, canShrink: false) }
            if hasActions { columns.append(TextTable.Column(title: "Actions")) }
            var table = TextTable(columns)
            for entity in shown {
                var cells = [TextTable.Cell(entity.pluralTitle)]
                cells += rights.map { right in
                    let scope = role["entities"][entity.name][right].scalar
                    return TextTable.Cell(scope.isEmpty ? "–" : scope, scope.isEmpty ? .dim : scope == "all" ? .good : .warning)
                }
                if hasActions { cells.append(TextTable.Cell(actions(entity), .dim)) }
                table.add(cells)
            }
            if !table.rows.isEmpty { session.terminal.write(Array(table.text(style: style, width: session.terminal.width).utf8)) }
            for mask in role["masks"]?.members ?? [] {
                for field in mask.value.members ?? [] {
                    session.terminal.print("  \(mask.name).\(field.name) is \(field.value.scalar.readable.lowercased())")
                }
            }
            let specials = role["specials"].strings.map { $0.readable.lowercased() }
            if !specials.isEmpty { session.terminal.print("  may also " + specials.joined(separator: ", ")) }
            session.terminal.print()
        }
    }

    struct Explain: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain",
            abstract: "Say which role gives or denies a user a right, and how far it reaches.",
            discussion: """
                EXAMPLES:
                  tenon role explain --user anna@example.com --entity team
                  tenon role explain --user anna@example.com --entity team --right edit --record 3
                """)
        @Option(help: ArgumentHelp("The user, by id or e-mail address.", valueName: "user")) var user: String
        @Option(help: ArgumentHelp("The records, by name or plural.", valueName: "records")) var entity: String
        @Option(help: ArgumentHelp("One right, such as view or edit, or an action.", valueName: "right")) var right: String?
        @Option(help: ArgumentHelp("One record, by its id.", valueName: "id")) var record: Int64?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            var query = [APIRequest.QueryItem("user", user)]
            let schema = try await session.client.schema()
            query.append(APIRequest.QueryItem("entity", schema.entity(entity)?.name ?? entity))
            if let right { query.append(APIRequest.QueryItem("right", right)) }
            if let record { query.append(APIRequest.QueryItem("record", String(record))) }
            let response = try await session.client.send(.get("access", "explain", query: query))
            let document = try APIClient.document(response)
            var table = TextTable("Records", "Right", "Reaches", "Because")
            for line in document["data"].elements {
                let scope = line["scope"].scalar
                let allowed = line["allowed"].bool ?? !scope.isEmpty
                table.add([
                    TextTable.Cell(line["entity"].scalar), TextTable.Cell(line["right"].scalar),
                    TextTable.Cell(allowed ? (scope.isEmpty ? "yes" : scope) : "no", allowed ? .good : .bad),
                    // The first line is the answer, which stands in the columns before.
                    TextTable.Cell(line["because"].strings.dropFirst().joined(separator: " ")),
                ])
            }
            session.print(table, empty: "nothing grants this user any right", json: response)
        }
    }
}
