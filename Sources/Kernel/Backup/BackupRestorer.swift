import FoundationEssentials
import Glibc
import PluginAPI

/// Brings a backup that was found sound into an empty deployment of either engine.
struct BackupRestorer: Sendable {
    let path: String
    let manifest: BackupManifest

    // MARK: Tables

    /// Makes all tables and fills them, in one transaction: all of it is there or nothing. `replacing` drops what is there first.
    func fill(_ engine: any Engine, replacing: Bool, at now: Moment) async throws {
        let dialect: any Dialect = engine.dialect
        try checkNames()
        try await engine.write { connection in
            if replacing { try Self.clear(connection, dialect) }
            try makeTables(connection, dialect)
            try readRows(connection)
            for table in manifest.tables { try number(table, connection, dialect) }
            // What follows from the rest is made anew at the next start; types of columns stand in it in the engine's words.
            if manifest.head.engine != dialect.kind {
                try connection.execute("UPDATE \"tenon_plugin\" SET \"outline\" = NULL WHERE \"enabled\" = 1")
            }
            try KernelTables.prepare(connection, dialect)
            try connection.execute(
                """
                INSERT INTO "tenon_audit" ("entity", "record", "version", "at", "via", "action", "changes") \
                VALUES ('backup', 0, 0, ?, 'restore', 'restored', ?)
                """,
                [.integer(now.milliseconds), .text(JSONValue.fields(["made_at": .array([.null, .string(manifest.head.madeAt)])]).text())])
        }
    }

    /// A backup may come from anywhere, and its names become part of statements: they are plain ones, as all names here are.
    private func checkNames() throws {
        for table in manifest.tables {
            for name in [table.name] + table.key + table.columns.map(\.name) {
                let isPlain: Bool = !name.isEmpty && name.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
                }
                guard isPlain else { throw CRMError(.malformed, "the backup has a table or column with the name \(name.prefix(100)), which no deployment has") }
            }
        }
    }

    /// Whether a database holds a deployment.
    static func isEmpty(_ connection: any Connection) throws -> Bool { try connection.columns(of: "tenon_meta").isEmpty }

    /// Drops all tables of a deployment.
    private static func clear(_ connection: any Connection, _ dialect: any Dialect) throws {
        let existing: Set<String> = try dialect.tables(connection)
        guard existing.contains("tenon_owner") else { return }
        let owned: [String] = try connection.all("SELECT \"name\" FROM \"tenon_owner\" WHERE \"kind\" = 'table' ORDER BY \"name\"") { $0.text(0) }
        for name in owned { try dialect.dropSearch(connection, table: name) }
        try dialect.dropSearch(connection, table: Note.table)
        for name in Set(owned).union(KernelTables.all(dialect).map(\.name)).sorted() where existing.contains(name) {
            try connection.execute("DROP TABLE \(quoted(name))")
        }
    }

    private func makeTables(_ connection: any Connection, _ dialect: any Dialect) throws {
        let own: [TablePlan] = KernelTables.all(dialect)
        for plan in own { try connection.execute(plan.creation) }
        let plans: [String: TablePlan] = Dictionary(own.map { ($0.name, $0) }) { first, _ in first }
        for table in manifest.tables {
            if let plan = plans[table.name] {
                let known: Set<String> = Set(plan.columns.map(\.name))
                if let strange = table.columns.first(where: { !known.contains($0.name) }) { throw Self.newer("\(table.name).\(strange.name)") }
            } else if table.plugin == Composition.kernel, table.name.hasPrefix("tenon_") {
                throw Self.newer(table.name)
            } else {
                try connection.execute(plan(of: table, dialect).creation)
            }
        }
    }

    private static func newer(_ name: String) -> CRMError {
        CRMError(.refused, "this release has no \(name)", hint: "The backup was made by a newer release: restore it with that one or a later one.")
    }

    /// The table of an entity: indexes come when its plugin next starts.
    private func plan(of table: BackupManifest.Table, _ dialect: any Dialect) -> TablePlan {
        var plan = TablePlan(table.name)
        for column in table.columns {
            switch column.name {
            case "id": plan.idColumn(dialect)
            case "version", "created_at", "updated_at": plan.column(column.name, dialect.integerType + " NOT NULL")
            case "rank": plan.column(column.name, dialect.integerType + " NOT NULL DEFAULT 0")
            default: plan.column(column.name, column.kind.definition(dialect))
            }
        }
        return plan
    }

    private func readRows(_ connection: any Connection) throws {
        let tables: [String: BackupManifest.Table] = Dictionary(manifest.tables.map { ($0.name, $0) }) { first, _ in first }
        let reader = try TarReader(path)
        while let entry = try reader.next() {
            if connection.isShared, entry.name.hasPrefix("files/imports/"),
                let (kind, id) = SharedImportFiles.Kind.read(String(entry.name.dropFirst("files/imports/".count)))
            {
                // Any server of the database goes on with it.
                try SharedImportFiles.store(try reader.whole(), kind, of: id, connection)
                continue
            }
            guard let table = BackupManifest.Part.table(entry.name).flatMap({ tables[$0] }) else { continue }
            var batch = RowBatch(table)
            for line in try reader.whole().split(separator: UInt8(ascii: "\n")) {
                try batch.add(try JSONValue(parsing: Array(line)), connection)
            }
            try batch.flush(connection)
        }
    }

    /// No id is given a second time, not even one whose record was deleted before the backup.
    private func number(_ table: BackupManifest.Table, _ connection: any Connection, _ dialect: any Dialect) throws {
        guard let last = table.lastID else { return }
        let greatest: Int64 = try connection.integer("SELECT max(\"id\") FROM \(quoted(table.name))") ?? 0
        try dialect.setLastNumber(connection, of: table.name, to: max(last, greatest))
    }

    /// Rows that are stored together: one statement for many.
    private struct RowBatch {
        private let table: BackupManifest.Table
        private let most: Int
        private var arguments: [SQLValue] = []
        private var count = 0

        init(_ table: BackupManifest.Table) {
            self.table = table
            // libpq gives a connection up where a statement's arguments take 30,000 bytes to describe, four each.
            most = max(1, min(200, 4_000 / max(1, table.columns.count)))
        }

        mutating func add(_ line: JSONValue, _ connection: any Connection) throws {
            guard let values = line.array, values.count == table.columns.count else {
                throw CRMError(.malformed, "a row of \(table.name) in the backup has not the columns of its table")
            }
            for (value, column) in zip(values, table.columns) { arguments.append(Self.value(value, column.kind)) }
            count += 1
            if count == most { try flush(connection) }
        }

        mutating func flush(_ connection: any Connection) throws {
            guard count > 0 else { return }
            let columns: String = table.columns.map { quoted($0.name) }.joined(separator: ", ")
            let marks: String = "(" + repeatElement("?", count: table.columns.count).joined(separator: ", ") + ")"
            let rows: String = repeatElement(marks, count: count).joined(separator: ", ")
            try connection.execute("INSERT INTO \(quoted(table.name)) (\(columns)) VALUES \(rows)", arguments)
            arguments.removeAll(keepingCapacity: true)
            count = 0
        }

        private static func value(_ json: JSONValue, _ kind: ColumnKind) -> SQLValue {
            guard case .object = json else { return SQLValue(archived: json) }
            let digits: [UInt8] = Array((json["hex"]?.text ?? "").utf8)
            func digit(_ byte: UInt8) -> UInt8 { byte < 58 ? byte &- 48 : (byte | 0x20) &- 87 }
            return .blob(stride(from: 0, to: digits.count - 1, by: 2).map { digit(digits[$0]) << 4 | digit(digits[$0 + 1]) })
        }
    }

    // MARK: Files

    /// Writes the files below a folder, for their owner alone, and brings them to the disk.
    func placeFiles(in folder: String) throws {
        let reader = try TarReader(path)
        let wanted: Set<String> = Set(manifest.files.map(\.path))
        while let entry = try reader.next() {
            guard entry.name.hasPrefix("files/") else { continue }
            let name = String(entry.name.dropFirst("files/".count))
            let parts: [Substring] = name.split(separator: "/", omittingEmptySubsequences: false)
            // A backup may come from anywhere: no name gets out of the folders that are meant.
            guard wanted.contains(name), parts.count > 1, BackupTables.folders.contains(String(parts[0])),
                parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
            else { throw CRMError(.malformed, "the backup has a file with the name \(name.prefix(200)), which no deployment has") }
            let target: String = folder + "/" + name
            try FileManager.default.createDirectory(
                atPath: folder + "/" + parts.dropLast().joined(separator: "/"), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try place(reader, target)
        }
    }

    private func place(_ reader: TarReader, _ target: String) throws {
        func failure() -> CRMError { CRMError(.unavailable, "could not write \(target): \(String(cString: strerror(errno)).lowercased())") }
        let file: Int32 = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        while true {
            let piece: [UInt8] = try reader.read(1 << 18)
            if piece.isEmpty { break }
            var rest: ArraySlice<UInt8> = piece[...]
            while !rest.isEmpty {
                let count: Int = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { throw failure() }
            }
        }
        guard fsync(file) == 0 else { throw failure() }
    }
}
