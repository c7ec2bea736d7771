import FoundationEssentials
import PluginAPI

/// The tables of imports: one row an import, and one row for each record that it touched, so that it can be taken back.
enum ImportLedger {
    enum Action: String, Sendable { case created, updated }

    /// What an import did to one record.
    struct Touch: Sendable {
        var row: Int
        var entity: String
        var record: RecordID
        var action: Action
        var version: Int64
        /// For an update: the fields that changed, with the value before and the value written.
        var before: [FieldChange]
        /// Its place in the ledger.
        var id: Int64 = 0
    }

    private static let columns: String =
        "id, entity, user_id, file_name, state, options, total, done, created, updated, failed, created_at, finished_at, error"

    static func add(_ record: ImportRecord, _ connection: any Connection) throws -> Int64 {
        try connection.execute(
            """
            INSERT INTO tenon_import (entity, user_id, file_name, state, options, total, done, created, updated, failed, created_at)
            VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?)
            """,
            [
                .text(record.entity), record.userID.map(SQLValue.integer) ?? .null, .text(record.fileName),
                .text(record.state.rawValue), .text(try encode(record.details)), .integer(Int64(record.counts.total)),
                .integer(record.createdAt.milliseconds),
            ])
        return try connection.integer("SELECT max(id) FROM tenon_import") ?? 0
    }

    static func update(_ record: ImportRecord, _ connection: any Connection) throws {
        try connection.execute(
            """
            UPDATE tenon_import SET state = ?, options = ?, total = ?, done = ?, created = ?, updated = ?, failed = ?,
            finished_at = ?, error = ? WHERE id = ?
            """,
            [
                .text(record.state.rawValue), .text(try encode(record.details)), .integer(Int64(record.counts.total)),
                .integer(Int64(record.counts.done)), .integer(Int64(record.counts.created)),
                .integer(Int64(record.counts.updated)), .integer(Int64(record.counts.failed)),
                record.finishedAt.map { .integer($0.milliseconds) } ?? .null, record.error.map(SQLValue.text) ?? .null,
                .integer(record.id),
            ])
    }

    static func find(_ id: Int64, _ connection: any Connection) throws -> ImportRecord? {
        try connection.first("SELECT \(columns) FROM tenon_import WHERE id = ?", [.integer(id)], record)
    }

    /// The latest imports first; those of one user unless it is nil.
    static func list(user: Int64?, limit: Int, _ connection: any Connection) throws -> [ImportRecord] {
        let condition: String = user == nil ? "" : " WHERE user_id = ?"
        let arguments: [SQLValue] = (user.map { [.integer($0)] } ?? []) + [.integer(Int64(limit))]
        return try connection.all(
            "SELECT \(columns) FROM tenon_import\(condition) ORDER BY id DESC LIMIT ?", arguments, record)
    }

    static func busy(_ connection: any Connection) throws -> [ImportRecord] {
        try connection.all(
            "SELECT \(columns) FROM tenon_import WHERE state IN ('checking', 'running', 'reverting') ORDER BY id", [], record)
    }

    static func remove(_ id: Int64, _ connection: any Connection) throws {
        try connection.execute("DELETE FROM tenon_import_row WHERE import_id = ?", [.integer(id)])
        try connection.execute("DELETE FROM tenon_import WHERE id = ?", [.integer(id)])
    }

    static func add(_ touch: Touch, to id: Int64, _ connection: any Connection) throws {
        // As it would be encoded: most rows make a record, which has nothing before it.
        let before: String =
            touch.before.isEmpty ? #"{"changes":[],"entity":"\#(touch.entity)"}"# : try encode(TouchDetails(entity: touch.entity, changes: touch.before))
        try connection.post(
            "INSERT INTO tenon_import_row (import_id, row, record, action, version, before) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .integer(id), .integer(Int64(touch.row)), .integer(touch.record.raw), .text(touch.action.rawValue),
                .integer(touch.version), .text(before),
            ])
    }

    /// The rows of the file that an import has stored something of.
    static func rows(of id: Int64, _ connection: any Connection) throws -> Set<Int> {
        Set(try connection.all("SELECT DISTINCT row FROM tenon_import_row WHERE import_id = ?", [.integer(id)]) { Int($0.integer(0)) })
    }

    /// What an import did, the last first.
    static func touches(of id: Int64, _ connection: any Connection) throws -> [Touch] {
        try connection.all(
            "SELECT row, record, action, version, before, id FROM tenon_import_row WHERE import_id = ? ORDER BY id DESC",
            [.integer(id)]
        ) { row in
            let details = try JSONDecoder().decode(TouchDetails.self, from: Data(row.text(4).utf8))
            return Touch(
                row: Int(row.integer(0)), entity: details.entity, record: RecordID(row.integer(1)),
                action: Action(rawValue: row.text(2)) ?? .updated, version: row.integer(3), before: details.changes,
                id: row.integer(5))
        }
    }

    /// Forgets what has been taken back, so that a second beginning goes on behind it. The plus keeps the engine from reading all that
    /// is left of the import for each piece.
    static func forget(_ touches: ArraySlice<Touch>, of id: Int64, _ connection: any Connection) throws {
        guard let first = touches.first, let last = touches.last else { return }
        try connection.execute(
            "DELETE FROM tenon_import_row WHERE id BETWEEN ? AND ? AND +import_id = ?", [.integer(last.id), .integer(first.id), .integer(id)])
    }

    /// How much an import did that can be taken back.
    static func countTouches(of id: Int64, _ connection: any Connection) throws -> Int {
        Int(try connection.integer("SELECT count(*) FROM tenon_import_row WHERE import_id = ?", [.integer(id)]) ?? 0)
    }

    private struct TouchDetails: Codable {
        var entity: String
        var changes: [FieldChange]
    }

    private static func record(_ row: any Row) throws -> ImportRecord {
        let details = try JSONDecoder().decode(ImportRecord.Details.self, from: Data(row.text(5).utf8))
        let counts = ImportRecord.Counts(
            total: Int(row.integer(6)), done: Int(row.integer(7)), created: Int(row.integer(8)), updated: Int(row.integer(9)),
            unchanged: details.unchanged, failed: Int(row.integer(10)))
        return ImportRecord(
            id: row.integer(0), entity: row.text(1), userID: row.optionalInteger(2), fileName: row.text(3),
            state: ImportState(rawValue: row.text(4)) ?? .failed, details: details, counts: counts,
            createdAt: Moment(milliseconds: row.integer(11)),
            finishedAt: row.optionalInteger(12).map { Moment(milliseconds: $0) }, error: row.optionalText(13))
    }

    private static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

/// One field of a record before and after, in a form that is kept.
struct FieldChange: Codable, Hashable, Sendable {
    var field: String
    var old: StoredValue
    var new: StoredValue

    /// The fields in which two versions of a record differ, beside those that every change sets.
    static func between(_ old: RecordData, _ new: RecordData, of entity: EntityModel) -> [FieldChange] {
        entity.fields.compactMap { field in
            guard !field.isSystem, old[field.name] != new[field.name] else { return nil }
            return FieldChange(field: field.name, old: StoredValue(old[field.name]), new: StoredValue(new[field.name]))
        }
    }
}

/// A value as a tagged text, exact for every kind.
struct StoredValue: Codable, Hashable, Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }

    init(from decoder: any Decoder) throws {
        let text: String = try decoder.singleValueContainer().decode(String.self)
        let rest: String = String(text.dropFirst())
        switch text.first {
        case "t": value = .text(rest)
        case "i": value = Int64(rest).map(Value.integer) ?? .null
        case "b": value = .boolean(rest == "1")
        case "d":
            let parts: [Substring] = rest.split(separator: "/")
            guard parts.count == 2, let units = Int64(parts[0]), let scale = Int(parts[1]) else { value = .null; return }
            value = .decimal(FixedDecimal(units: units, scale: scale))
        case "m":
            guard let currency = Currency(rest.prefix(3)), let minor = Int64(rest.dropFirst(3)) else { value = .null; return }
            value = .money(Money(minor: minor, currency))
        case "y": value = Int32(rest).map { .day(Day(number: $0)) } ?? .null
        case "z": value = Int64(rest).map { .moment(Moment(milliseconds: $0)) } ?? .null
        case "l": value = .list(rest.split(separator: ",").compactMap { Int64($0) }.map { RecordID($0) })
        default: value = .null
        }
    }

    func encode(to encoder: any Encoder) throws {
        let text: String = switch value {
        case .null: "n"
        case .text(let text): "t" + text
        case .integer(let number): "i\(number)"
        case .boolean(let flag): flag ? "b1" : "b0"
        case .decimal(let number): "d\(number.units)/\(number.scale)"
        case .money(let money): "m\(money.currency.code)\(money.minor)"
        case .day(let day): "y\(day.number)"
        case .moment(let moment): "z\(moment.milliseconds)"
        case .list(let ids): "l" + ids.map(\.description).joined(separator: ",")
        }
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
