import PluginAPI

/// Some names belong to the kernel: what every record has, what lists are asked with, what addresses begin with.
enum ReservedNamesCheck: CompositionCheck {
    /// What every record has, and the parameters of lists.
    static let fields: Set<String> = [
        "id", "version", "created_at", "created_by", "updated_at", "updated_by", "rank", "sort", "limit", "cursor", "q", "count",
        "columns", "view",
    ]
    private static let paths: Set<String> = [
        "api", "admin", "assets", "board", "changes", "custom-fields", "dashboard", "dashboards", "fields", "healthz", "hooks", "imports", "jobs",
        "login", "logout",
        "metrics", "notifications", "openapi", "plugins", "preferences", "profile", "readyz", "schema", "search", "session",
        "settings", "tokens", "views", "crashes", "traces", "events", "lookup", "explain", "mail", "serve", "init", "token", "user", "role", "plugin", "doctor", "completion", "help", "backup",
    ]

    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            let functions: [PluginProblem] = part.contributions.functions.filter { FormulaFunction.isTaken($0.name) }.map {
                PluginProblem(part.id, "function \($0.name) is one of the language itself", hint: "Give it another name.")
            }
            return part.contributions.entities.filter { !$0.isForeign }.flatMap { problems(of: $0.schema, part.id) } + functions
        }
    }

    private static func problems(of schema: Schema, _ plugin: String) -> [PluginProblem] {
        var problems: [PluginProblem] = []
        if schema.name.hasPrefix("tenon_") || schema.name.hasPrefix("sqlite_") || schema.name.hasPrefix("pg_") {
            problems.append(PluginProblem(plugin, "entity \(schema.name) has a name that belongs to the kernel"))
        }
        if paths.contains(schema.path) {
            problems.append(PluginProblem(plugin, "path \(schema.path) belongs to the kernel", hint: "Set another with path(_:)."))
        }
        let kinds: [String: FieldKind] = Dictionary(schema.fields.map { ($0.name, $0.description.kind) }) { first, _ in first }
        for field in schema.fields {
            if let reason = reason(against: field.name, kinds) {
                problems.append(PluginProblem(plugin, "field \(schema.name).\(field.name) \(reason)"))
            }
        }
        return problems
    }

    static func reason(against name: String, _ kinds: [String: FieldKind]) -> String? {
        if fields.contains(name) { return "has a name that belongs to the kernel" }
        if name.hasSuffix("_currency"), kinds[String(name.dropLast("_currency".count))] == .money {
            return "has the name of the currency beside an amount"
        }
        if name.hasSuffix("_label") {
            switch kinds[String(name.dropLast("_label".count))] {
            case .reference, .references: return "has the name of the label beside a reference"
            default: break
            }
        }
        return nil
    }
}
