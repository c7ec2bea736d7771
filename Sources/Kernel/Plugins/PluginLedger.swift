import PluginAPI

/// What a deployment has on record about plugins and custom fields: read once at a start, written with each change.
struct PluginLedger: Sendable {
    struct Row: Sendable, Equatable {
        var isEnabled = false
        /// The version whose tables are in place.
        var version = ""
        var state = PluginState.disabled
        var reason = ""
        var changedAt: Moment?
        var changedBy: Int64?
        /// What an administrator has let it do; stays while it is switched off. Nil where nobody was ever asked.
        var approved: PluginManifest.Capabilities?
        /// What runs, and nothing else, while it is switched on.
        var copy: PluginCopy?
        /// What it added when it last ran, so that it need not be loaded to be switched off or uninstalled.
        var outline: PluginOutline?
        /// The version that takes over at the next start.
        var pending: Pending?
        /// The version that could not take over.
        var setback: Setback?
    }

    /// An upgrade that somebody asked for.
    struct Pending: Sendable, Equatable, Codable {
        var copy: PluginCopy
        var version: String
        /// As `plugin.json` writes it.
        var approved: String
        var by: Int64?
        /// Whether a start has begun with it: found so by the next one, it ended the process.
        var wasTried = false
    }

    /// An upgrade that was given up.
    struct Setback: Sendable, Equatable, Codable {
        var copy: PluginCopy
        var version: String
        var reason: String
        var hint: String
        var at: Int64
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
        let list: String = Self.columns.map(quoted).joined(separator: ", ")
        try connection.query("SELECT \(list) FROM \"tenon_plugin\"", []) { row in
            rows[row.text(0)] = Self.row(row)
            return true
        }
        fields = try Self.fields(connection)
        plans = try SchemaMigrator.recordedPlans(connection)
        steps = try SchemaMigrator.recordedSteps(connection)
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
}

extension PluginLedger {
    private static let columns: [String] = [
        "id", "enabled", "version", "state", "reason", "enabled_at", "enabled_by", "approved", "manifest", "checksum", "outline", "pending",
        "setback",
    ]

    private static func row(_ row: StoredRow) -> Row {
        var found = Row()
        found.isEnabled = row.integer(1) != 0
        found.version = row.text(2)
        found.state = PluginState(rawValue: row.text(3)) ?? .disabled
        found.reason = row.text(4)
        found.changedAt = row.optionalInteger(5).map { Moment(milliseconds: $0) }
        found.changedBy = row.optionalInteger(6)
        found.approved = row.optionalText(7).flatMap { PluginManifest.Capabilities(stored: $0) }
        if let manifest = row.optionalText(8), let checksum = row.optionalText(9) {
            found.copy = PluginCopy(manifest: manifest, checksum: checksum)
        }
        // What an earlier release wrote and this one cannot read is made anew when the plugin next runs.
        found.outline = row.optionalText(10).flatMap { try? PluginOutline(stored: $0) }
        found.pending = row.optionalText(11).flatMap { try? PayloadCoding.decode(Pending.self, from: Array($0.utf8)) }
        found.setback = row.optionalText(12).flatMap { try? PayloadCoding.decode(Setback.self, from: Array($0.utf8)) }
        return found
    }

    static func write(_ id: String, _ row: Row, _ connection: any Connection) throws {
        func json(_ value: (some Encodable)?) throws -> SQLValue {
            try value.map { .text(String(decoding: try PayloadCoding.encode($0), as: UTF8.self)) } ?? .null
        }
        let names: String = columns.map(quoted).joined(separator: ", ")
        let marks: String = columns.map { _ in "?" }.joined(separator: ", ")
        let sets: String = columns.dropFirst().map { "\(quoted($0)) = excluded.\(quoted($0))" }.joined(separator: ", ")
        try connection.execute(
            "INSERT INTO \"tenon_plugin\" (\(names)) VALUES (\(marks)) ON CONFLICT (\"id\") DO UPDATE SET \(sets)",
            [
                .text(id), .integer(row.isEnabled ? 1 : 0), .text(row.version), .text(row.state.rawValue), .text(row.reason),
                row.changedAt.map { .integer($0.milliseconds) } ?? .null, row.changedBy.map(SQLValue.integer) ?? .null,
                row.approved.map { .text($0.json.text()) } ?? .null, row.copy.map { .text($0.manifest) } ?? .null,
                row.copy.map { .text($0.checksum) } ?? .null, row.outline.map { .text($0.stored) } ?? .null, try json(row.pending),
                try json(row.setback),
            ])
    }
}

/// A row of the database, under a name that ``PluginLedger/Row`` does not hide.
private typealias StoredRow = any Row
