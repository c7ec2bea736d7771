import PluginAPI

/// Brings the database to what a plugin needs. Additive steps are derived from the registry; named steps run once each. All
/// of one plugin's steps are one transaction, so that a failure leaves nothing behind.
struct SchemaMigrator {
    let dialect: any Dialect
    let registry: Registry

    /// One plugin's part of the schema as text. While it is what is recorded, there is nothing to do.
    func plan(of plugin: String) -> String {
        entities(of: plugin).map { entity in
            let table = EntityTable(entity, dialect)
            return table.plan.text + "-- search: " + table.searchColumns.joined(separator: ", ") + dialect.searchForm + "\n"
        }.joined()
    }

    /// The plans as they were last carried out, by plugin: one query for a start of any number of plugins.
    static func recordedPlans(_ connection: any Connection) throws -> [String: String] {
        let pairs: [(String, String)] = try connection.all("SELECT \"plugin\", \"plan\" FROM \"tenon_schema\"") { ($0.text(0), $0.text(1)) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The named steps that were carried out, as `plugin/name`.
    static func recordedSteps(_ connection: any Connection) throws -> Set<String> {
        Set(try connection.all("SELECT \"plugin\", \"name\" FROM \"tenon_migration\"") { $0.text(0) + "/" + $0.text(1) })
    }

    /// Makes tables, columns and indexes of a plugin. Call within the write transaction of all its steps.
    func apply(_ plugin: String, renames: [Contributions.RenameEntry], _ connection: any Connection) throws {
        try rename(renames, connection)
        for entity in entities(of: plugin) {
            let table = EntityTable(entity, dialect)
            let plan: TablePlan = table.plan
            try plan.apply(to: connection)
            try dialect.prepareSearch(connection, table: entity.name, columns: table.searchColumns)
            try recordOwners(of: plan, entity, connection)
        }
        try connection.execute("DELETE FROM \"tenon_schema\" WHERE \"plugin\" = ?", [.text(plugin)])
        try connection.execute(
            "INSERT INTO \"tenon_schema\" (\"plugin\", \"plan\") VALUES (?, ?)", [.text(plugin), .text(plan(of: plugin))])
    }

    /// Runs the named steps that have not run yet, in order.
    func run(
        _ steps: [Contributions.MigrationEntry], of plugin: String, done: Set<String>, at now: Moment,
        _ connection: any Connection, _ transaction: () throws -> StoreTransaction
    ) throws {
        let missing: [Contributions.MigrationEntry] = steps.filter { !done.contains(plugin + "/" + $0.name) }
        guard !missing.isEmpty else { return }
        let transaction: StoreTransaction = try transaction()
        for step in missing {
            try transaction.calling(.of(plugin, .migration, step.name)) { try step.body(transaction.transaction(for: plugin)) }
            try record(step.name, of: plugin, at: now, connection)
        }
    }

    /// Notes that a step was carried out.
    func record(_ step: String, of plugin: String, at now: Moment, _ connection: any Connection) throws {
        try connection.execute(
            "INSERT INTO \"tenon_migration\" (\"plugin\", \"name\", \"at\") VALUES (?, ?, ?)",
            [.text(plugin), .text(step), .integer(now.milliseconds)])
    }

    private func entities(of plugin: String) -> [EntityModel] { registry.entities.filter { $0.plugin == plugin } }

    /// A column whose old name is there and whose new one is not. The currency beside an amount goes with it.
    private func rename(_ renames: [Contributions.RenameEntry], _ connection: any Connection) throws {
        for rename in renames {
            let existing: Set<String> = try connection.columns(of: rename.entity)
            for suffix in ["", "_currency"] where existing.contains(rename.from + suffix) && !existing.contains(rename.to + suffix) {
                try connection.execute(
                    "ALTER TABLE \(quoted(rename.entity)) RENAME COLUMN \(quoted(rename.from + suffix)) TO \(quoted(rename.to + suffix))")
                try connection.execute(
                    "DELETE FROM \"tenon_owner\" WHERE \"kind\" = 'column' AND \"parent\" = ? AND \"name\" = ?",
                    [.text(rename.entity), .text(rename.from + suffix)])
            }
        }
    }

    private func recordOwners(of plan: TablePlan, _ entity: EntityModel, _ connection: any Connection) throws {
        var owners: [(kind: String, name: String, plugin: String)] = [("table", plan.name, entity.plugin)]
        let fields: [FieldModel] = entity.fields.filter { !$0.isSystem }
        for field in fields {
            owners.append(("column", field.name, field.plugin))
            if field.type == .money { owners.append(("column", field.currencyColumn, field.plugin)) }
        }
        owners += plan.indexes.map { ("index", $0.name, entity.plugin) }
        try connection.execute(
            "DELETE FROM \"tenon_owner\" WHERE \"kind\" = 'index' AND \"parent\" = ?", [.text(plan.name)])
        for owner in owners {
            try connection.execute(
                "INSERT INTO \"tenon_owner\" (\"kind\", \"name\", \"parent\", \"plugin\") VALUES (?, ?, ?, ?) "
                    + "ON CONFLICT (\"kind\", \"parent\", \"name\") DO UPDATE SET \"plugin\" = excluded.\"plugin\"",
                [.text(owner.kind), .text(owner.name), .text(plan.name), .text(owner.plugin)])
        }
    }
}
