import FoundationEssentials
import PluginAPI

/// What was taken out of a deployment when a plugin was uninstalled: a folder of plain files that anything can read.
///
/// - `manifest.json`: what is in it, with `plugin.json`, custom fields, settings, rights and saved views
/// - `records/<entity>.jsonl`: a record a line, as stored
/// - `links/<entity>.<field>.jsonl`: what pointed at these records
/// - `history.jsonl`: their audit trail
/// - `notes.jsonl`, `continuations.jsonl`: the notes on them, and whose timelines go on in whose
struct PluginArchive: Codable, Sendable {
    struct Table: Codable, Sendable {
        var name: String
        var path: String
        var rows: Int
    }
    struct Field: Codable, Sendable {
        var entity: String
        var name: String
        var definition: CustomFieldDefinition
        var removed: Bool
    }
    struct Link: Codable, Sendable {
        var entity: String
        var field: String
        /// The columns that the values stand in: an amount has two.
        var columns: [String]
        var rows: Int
    }
    struct Setting: Codable, Sendable {
        var key: String
        var value: String
    }
    struct Grants: Codable, Sendable {
        var role: Int64
        var name: String
        /// The part of the role's document that speaks of these entities.
        var document: String
    }
    struct View: Codable, Sendable {
        var user: Int64?
        var entity: String
        var title: String
        var query: String
        var shared: Int64
        var position: Int64
    }

    static let format = 1

    var format = PluginArchive.format
    var plugin: String
    var version: String
    /// `plugin.json` of what was uninstalled.
    var manifest: String
    var madeAt: String
    var tables: [Table] = []
    var fields: [Field] = []
    var links: [Link] = []
    var settings: [Setting] = []
    var grants: [Grants] = []
    var views: [View] = []

    enum CodingKeys: String, CodingKey {
        case format, plugin, version, manifest, tables, fields, links, settings, grants, views
        case madeAt = "made_at"
    }

    /// Reads what an archive says of itself.
    init(folder: String) throws {
        guard let bytes = FileManager.default.contents(atPath: folder + "/manifest.json") else {
            throw CRMError(.notFound, "there is no archive in \(folder)", hint: "Name the folder that `tenon plugin uninstall` told.")
        }
        do { self = try PayloadCoding.decode(PluginArchive.self, from: Array(bytes)) } catch {
            throw CRMError(.malformed, "the archive's manifest.json cannot be read", cause: error)
        }
        guard format <= Self.format else {
            throw CRMError(.refused, "the archive has format \(format), and this release knows format \(Self.format)")
        }
    }

    init(plugin: String, version: String, manifest: String, madeAt: String) {
        self.plugin = plugin
        self.version = version
        self.manifest = manifest
        self.madeAt = madeAt
    }
}

/// Writes an archive within the transaction that drops what it holds.
struct ArchiveWriter {
    let folder: String
    let connection: any Connection

    /// Writes all of a plugin's belongings.
    func write(_ belongings: Belongings, _ archive: PluginArchive, paths: [String: String]) throws -> PluginArchive {
        var archive: PluginArchive = archive
        for part in ["", "/records", "/links"] {
            try FileManager.default.createDirectory(
                atPath: folder + part, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        for table in belongings.tableNames {
            let rows: Int = try lines("records/" + table, "SELECT * FROM \(quoted(table)) ORDER BY \"id\"", columns(table))
            archive.tables.append(.init(name: table, path: paths[table] ?? table, rows: rows))
        }
        for field in belongings.fields + belongings.pointers {
            archive.fields.append(
                .init(
                    entity: field.entity, name: field.name, definition: try CustomFieldDefinition(json: field.definition),
                    removed: field.isRemoved))
        }
        let pointers: [(String, String, [String])] = belongings.pointers.map { ($0.entity, $0.name, [$0.name]) }
        for (entity, field, columns) in pointers + belongings.links.map({ ($0.entity, $0.field, [$0.field]) }) {
            let list: String = (["id"] + columns).map(quoted).joined(separator: ", ")
            let rows: Int = try lines(
                "links/\(entity).\(field)", "SELECT \(list) FROM \(quoted(entity)) WHERE \(quoted(field)) IS NOT NULL ORDER BY \"id\"",
                ["id"] + columns)
            archive.links.append(.init(entity: entity, field: field, columns: columns, rows: rows))
        }
        try addPapers(belongings, to: &archive)
        let names: [String] = belongings.tableNames
        let audit: [String] = ["entity", "record", "version", "at", "user_id", "via", "action", "changes"]
        let marks: String = names.map { _ in "?" }.joined(separator: ", ")
        _ = try lines(
            "history", "SELECT \(audit.map(quoted).joined(separator: ", ")) FROM \"tenon_audit\" WHERE \"entity\" IN (\(marks)) ORDER BY \"id\"",
            audit, names.map(SQLValue.text))
        let notes: [String] = ["id", "entity", "record", "at", "user_id", "via", "text", "edited_at"]
        _ = try lines(
            "notes", "SELECT \(notes.map(quoted).joined(separator: ", ")) FROM \"tenon_note\" WHERE \"entity\" IN (\(marks)) ORDER BY \"id\"",
            notes, names.map(SQLValue.text))
        let going: [String] = ["entity", "record", "source_entity", "source", "as_one", "at"]
        let ends: String = "\"entity\" IN (\(marks)) OR \"source_entity\" IN (\(marks))"
        _ = try lines(
            "continuations", "SELECT \(going.map(quoted).joined(separator: ", ")) FROM \"tenon_continuation\" WHERE \(ends)", going,
            (names + names).map(SQLValue.text))
        let manifest = try LineFile(folder + "/manifest.json")
        try manifest.add(try PayloadCoding.encode(archive))
        try manifest.close()
        return archive
    }

    private func addPapers(_ belongings: Belongings, to archive: inout PluginArchive) throws {
        archive.settings = try connection.all(
            "SELECT \"key\", \"value\" FROM \"tenon_setting\" WHERE \"plugin\" = ? ORDER BY \"key\"", [.text(belongings.plugin)]
        ) { .init(key: $0.text(0), value: $0.text(1)) }
        for role in try Belongings.roles(connection) {
            var document = RoleDocument()
            let whole = RoleDocument(tolerating: role.grants)
            for table in belongings.tableNames {
                document.entities[table] = whole.entities[table]
                document.masks[table] = whole.masks[table]
            }
            guard !document.entities.isEmpty || !document.masks.isEmpty else { continue }
            archive.grants.append(.init(role: role.id, name: role.name, document: document.text))
        }
        for table in belongings.tableNames {
            archive.views += try connection.all(
                "SELECT \"user_id\", \"entity\", \"title\", \"query\", \"shared\", \"position\" FROM \"tenon_view\" WHERE \"entity\" = ? ORDER BY \"id\"",
                [.text(table)]
            ) {
                .init(
                    user: $0.optionalInteger(0), entity: $0.text(1), title: $0.text(2), query: $0.text(3), shared: $0.integer(4),
                    position: $0.integer(5))
            }
        }
    }

    /// The columns in the order in which the table has them.
    private func columns(_ table: String) throws -> [String] {
        // The set of columns has no order; reading them by name gives each its place.
        let names: [String] = try connection.columns(of: table).sorted()
        return ["id"] + names.filter { $0 != "id" }
    }

    /// Writes the rows of a query, a JSON object a line. Gives how many.
    private func lines(_ name: String, _ sql: String, _ columns: [String], _ arguments: [SQLValue] = []) throws -> Int {
        let file = try LineFile(folder + "/" + name + ".jsonl")
        let list: String = columns.map(quoted).joined(separator: ", ")
        let text: String = sql.replacing("SELECT *", with: "SELECT " + list, maxReplacements: 1)
        try connection.query(text, arguments) { row in
            let members: [JSONValue.Member] = columns.enumerated().map { .init(name: $1, value: row.value($0).archived) }
            try file.add(Array(JSONValue.object(members).text().utf8))
            return true
        }
        try file.close()
        return file.count
    }
}
