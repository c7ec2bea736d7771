import PluginAPI

/// What a deployment has on record about plugins and custom fields: read once at a start, written with each change.
struct PluginLedger: Sendable {
    struct Row: Sendable, Equatable {
        var isEnabled: Bool
        var version: String
        var state: PluginState
        var reason: String
        var changedAt: Moment?
        var changedBy: Int64?
        /// What an administrator has let it do; stays while it is switched off. Nil where nobody was ever asked.
        var approved: PluginManifest.Capabilities?
    }

    struct StoredField: Sendable {
        var field: CustomField
        var isRemoved: Bool
    }

    var rows: [String: Row] = [:]
    var fields: [StoredField] = []
    /// Whether plugins were ever chosen for this deployment: a new one takes all that come with the product.
    var isComposed = false
    /// The schemas carried out, and the named steps as `plugin/name`.
    var plans: [String: String] = [:]
    var steps: Set<String> = []

    var customFields: [CustomField] { fields.filter { !$0.isRemoved }.map(\.field) }

    init(_ connection: any Connection) throws {
        isComposed = try connection.integer("SELECT 1 FROM \"tenon_meta\" WHERE \"key\" = 'composed'") != nil
        try connection.query(
            "SELECT \"id\", \"enabled\", \"version\", \"state\", \"reason\", \"enabled_at\", \"enabled_by\", \"approved\" FROM \"tenon_plugin\"", []
        ) { row in
            rows[row.text(0)] = Row(
                isEnabled: row.integer(1) != 0, version: row.text(2), state: PluginState(rawValue: row.text(3)) ?? .disabled,
                reason: row.text(4), changedAt: row.optionalInteger(5).map { Moment(milliseconds: $0) }, changedBy: row.optionalInteger(6),
                approved: row.optionalText(7).map(Self.capabilities))
            return true
        }
        fields = try Self.fields(connection)
        plans = try SchemaMigrator.recordedPlans(connection)
        steps = try SchemaMigrator.recordedSteps(connection)
    }

    private static func capabilities(_ text: String) -> PluginManifest.Capabilities {
        (try? JSONValue(parsing: Array(text.utf8))).map { .init(stored: $0) } ?? .init()
    }

    static func fields(_ connection: any Connection) throws -> [StoredField] {
        try connection.all(
            "SELECT \"id\", \"entity\", \"name\", \"definition\", \"removed_at\" FROM \"tenon_custom_field\" ORDER BY \"id\""
        ) { row in
            let field = CustomField(
                id: row.integer(0), entity: row.text(1), name: row.text(2), definition: try CustomFieldDefinition(json: row.text(3)))
            return StoredField(field: field, isRemoved: !row.isNull(4))
        }
    }

    static func markComposed(_ connection: any Connection) throws {
        try connection.execute("INSERT INTO \"tenon_meta\" (\"key\", \"value\") VALUES ('composed', '1')")
    }

    static func write(_ id: String, _ row: Row, _ connection: any Connection) throws {
        try connection.execute(
            """
            INSERT INTO "tenon_plugin" ("id", "enabled", "version", "state", "reason", "enabled_at", "enabled_by", "approved")
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("id") DO UPDATE SET "enabled" = excluded."enabled",
            "version" = excluded."version", "state" = excluded."state", "reason" = excluded."reason",
            "enabled_at" = excluded."enabled_at", "enabled_by" = excluded."enabled_by",
            "approved" = excluded."approved"
            """,
            [
                .text(id), .integer(row.isEnabled ? 1 : 0), .text(row.version), .text(row.state.rawValue), .text(row.reason),
                row.changedAt.map { .integer($0.milliseconds) } ?? .null, row.changedBy.map(SQLValue.integer) ?? .null,
                row.approved.map { .text($0.json.text()) } ?? .null,
            ])
    }
}
