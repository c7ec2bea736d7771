import FoundationEssentials
import PluginAPI

/// The crashes on record, and the plugins that are kept out because of them.
enum CrashLedger {
    /// So many crashes within the window put a plugin into quarantine.
    static let limit: Int64 = 3
    /// In milliseconds; a crash at its very edge counts.
    static let window: Int64 = 10 * 60 * 1000
    /// How many crashes stay on record.
    private static let kept = 500

    /// Takes the reports in that earlier processes left, and gives the plugins that must not be loaded. To be called before any
    /// plugin is.
    static func takeIn(_ folder: ReportFolder, _ engine: any Engine) async throws -> [String: Quarantine] {
        let left = folder.left()
        let findings: [(file: String, finding: CrashFinding)] = left.compactMap { file, text in
            guard let report = CrashReport(text), let name = file.split(separator: "/").last else { return nil }
            return (String(name), CrashFinding(report))
        }
        let dialect: any Dialect = engine.dialect
        let quarantined: [String: Quarantine] = try await engine.write { connection in
            try KernelTables.prepare(connection, dialect)
            for (file, finding) in findings { try note(finding, file, connection) }
            return try Quarantine.all(connection)
        }
        for (path, _) in left { try? FileManager.default.removeItem(atPath: path) }
        return quarantined
    }

    /// Puts a crash on record, tells the administrators, and draws the consequence.
    private static func note(_ finding: CrashFinding, _ file: String, _ connection: any Connection) throws {
        // Stored once, also when the file could not be removed the last time.
        guard try connection.integer("SELECT 1 FROM \"tenon_crash\" WHERE \"file\" = ?", [.text(file)]) == nil else { return }
        let at: Moment = finding.report.at
        try connection.execute(
            """
            INSERT INTO "tenon_crash" ("file", "at", "kind", "plugin", "version", "summary", "document", "counts") \
            VALUES (?, ?, ?, ?, ?, ?, ?, 1)
            """,
            [
                .text(file), .integer(at.milliseconds), .text(finding.report.kind.rawValue), finding.plugin.map(SQLValue.text) ?? .null,
                .text(finding.plugin == nil ? "" : finding.report.version), .text(finding.summary), .text(CrashRecord.document(finding)),
            ])
        try connection.execute(
            "DELETE FROM \"tenon_crash\" WHERE \"id\" <= (SELECT max(\"id\") FROM \"tenon_crash\") - \(kept)")
        let who: String = finding.plugin.map { "The plugin \($0) crashed the server" } ?? "The server ended unexpectedly"
        try tell("\(who): \(finding.summary). It was started again.", at, connection)
        guard let plugin = finding.plugin, try Quarantine.all(connection)[plugin] == nil else { return }
        let count: Int64 = try connection.integer(
            "SELECT count(*) FROM \"tenon_crash\" WHERE \"plugin\" = ? AND \"counts\" = 1 AND \"at\" BETWEEN ? AND ?",
            [.text(plugin), .integer(at.milliseconds - window), .integer(at.milliseconds)]) ?? 0
        guard count >= limit else { return }
        let quarantine = Quarantine(
            plugin: plugin, since: at, reason: "it crashed the server \(count) times within ten minutes, the last time by \(finding.summary)")
        try quarantine.write(connection)
        try ChangeLog.note(.composition, connection)
        try tell("The plugin \(plugin) is in quarantine: \(quarantine.reason). Everything else works without it.", at, connection)
    }

    /// Leaves a notice for everyone who may manage plugins.
    private static func tell(_ message: String, _ at: Moment, _ connection: any Connection) throws {
        guard try !connection.columns(of: "user").isEmpty else { return }
        let rights: RightsSnapshot = try RightsLoader.load(connection)
        for user in rights.people.keys.sorted() where rights.isActive(user) && rights.has(.managePlugins, user: user) {
            _ = try Notices.add(connection, user: user, message: message, now: at)
        }
    }

    /// The crashes on record, the latest first.
    static func list(_ connection: any Connection, plugin: String? = nil, limit: Int = 100) throws -> [CrashRecord] {
        let condition: String = plugin == nil ? "" : "WHERE \"plugin\" = ? "
        return try connection.all(
            "SELECT \(CrashRecord.columns) FROM \"tenon_crash\" \(condition)ORDER BY \"id\" DESC LIMIT \(limit)",
            plugin.map { [.text($0)] } ?? [], CrashRecord.init)
    }

    static func find(_ connection: any Connection, _ id: Int64) throws -> CrashRecord? {
        try connection.first("SELECT \(CrashRecord.columns) FROM \"tenon_crash\" WHERE \"id\" = ?", [.integer(id)], CrashRecord.init)
    }
}

/// A plugin that is kept out.
struct Quarantine: Sendable, Equatable {
    let plugin: String
    let since: Moment
    let reason: String

    /// What keeps it out, as it is told wherever plugins are shown.
    var failure: PluginLineup.Failure {
        PluginLineup.Failure(
            state: .quarantined,
            error: CRMError(
                .refused, reason,
                hint: "See `tenon crashes list`. Once it is mended or upgraded, let it in again: tenon plugin release \(plugin)"))
    }

    static func all(_ connection: any Connection) throws -> [String: Quarantine] {
        let rows: [Quarantine] = try connection.all("SELECT \"plugin\", \"since\", \"reason\" FROM \"tenon_quarantine\"") {
            Quarantine(plugin: $0.text(0), since: Moment(milliseconds: $0.integer(1)), reason: $0.text(2))
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.plugin, $0) })
    }

    func write(_ connection: any Connection) throws {
        try connection.execute(
            "INSERT INTO \"tenon_quarantine\" (\"plugin\", \"since\", \"reason\") VALUES (?, ?, ?)",
            [.text(plugin), .integer(since.milliseconds), .text(reason)])
    }

    /// Lets a plugin in again: its crashes so far count no more.
    static func release(_ plugin: String, _ connection: any Connection) throws {
        try connection.execute("DELETE FROM \"tenon_quarantine\" WHERE \"plugin\" = ?", [.text(plugin)])
        try connection.execute("UPDATE \"tenon_crash\" SET \"counts\" = 0 WHERE \"plugin\" = ?", [.text(plugin)])
    }
}

/// A crash as stored.
struct CrashRecord: Sendable {
    let id: Int64
    let at: Moment
    let kind: String
    let plugin: String?
    let version: String
    let summary: String
    /// Frames and calls as JSON.
    let document: String

    static let columns = "\"id\", \"at\", \"kind\", \"plugin\", \"version\", \"summary\", \"document\""

    init(_ row: any Row) {
        id = row.integer(0)
        at = Moment(milliseconds: row.integer(1))
        kind = row.text(2)
        plugin = row.optionalText(3)
        version = row.text(4)
        summary = row.text(5)
        document = row.text(6)
    }

    static func document(_ finding: CrashFinding) -> String {
        let bytes: [UInt8] = JSONWriter.object { json in
            json.field("what", finding.report.what)
            json.field("thread", finding.report.thread)
            json.key("frames")
            json.beginArray()
            for frame in finding.frames {
                json.beginObject()
                json.field("owner", frame.owner.rawValue)
                json.field("file", frame.file)
                json.field("function", frame.function)
                json.field("offset", Int64(bitPattern: frame.offset))
                json.endObject()
            }
            json.endArray()
            json.key("calls")
            json.beginArray()
            for call in finding.report.calls {
                json.beginObject()
                json.field("thread", call.thread)
                json.field("milliseconds", call.milliseconds)
                json.field("call", call.words)
                json.endObject()
            }
            json.endArray()
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
