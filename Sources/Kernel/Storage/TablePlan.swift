/// What a table should look like. Bringing a database there only ever adds: tables, columns, indexes. An index that is no
/// longer wanted goes, since it can be made again from the data; a column stays with its data.
struct TablePlan: Sendable, Equatable {
    struct Column: Sendable, Equatable {
        let name: String
        /// Type and constraints.
        let definition: String
    }

    struct Index: Sendable, Equatable {
        let name: String
        let sql: String
    }

    let name: String
    var columns: [Column] = []
    /// The columns of a key other than an id of its own.
    var primaryKey: [String] = []
    /// What the engine says behind the columns: how rows are kept.
    var tail = ""
    var indexes: [Index] = []

    init(_ name: String) { self.name = name }

    mutating func column(_ name: String, _ definition: String) {
        columns.append(Column(name: name, definition: definition))
    }

    /// The identity of a table's rows, given by the engine and never used twice.
    mutating func idColumn(_ dialect: any Dialect) {
        column("id", String(dialect.idColumn.dropFirst("\"id\" ".count)))
    }

    /// An index over columns; left out when one over the same columns is there.
    mutating func index(_ columns: [String]) {
        let name: String = IndexName.plain(self.name, columns)
        let list: String = columns.map(quoted).joined(separator: ", ")
        add(Index(name: name, sql: "CREATE INDEX \(quoted(name)) ON \(quoted(self.name)) (\(list))"))
    }

    /// An index over a column that rows may leave empty: it holds the other rows only, so that those cost nothing.
    mutating func index(sparse column: String) {
        let name: String = IndexName.filled(self.name, column)
        add(Index(
            name: name,
            sql: "CREATE INDEX \(quoted(name)) ON \(quoted(self.name)) (\(quoted(column))) WHERE \(quoted(column)) IS NOT NULL"))
    }

    /// A unique index. Terms are SQL over the columns; rows outside the condition do not count.
    mutating func unique(_ columns: [String], terms: [String]? = nil, where condition: String = "") {
        let name: String = IndexName.unique(self.name, columns)
        let list: String = (terms ?? columns.map(quoted)).joined(separator: ", ")
        let tail: String = condition.isEmpty ? "" : " WHERE " + condition
        add(Index(name: name, sql: "CREATE UNIQUE INDEX \(quoted(name)) ON \(quoted(self.name)) (\(list))\(tail)"))
    }

    private mutating func add(_ index: Index) {
        if !indexes.contains(where: { $0.name == index.name }) { indexes.append(index) }
    }

    var creation: String {
        var lines: [String] = columns.map { "    " + quoted($0.name) + " " + $0.definition }
        if !primaryKey.isEmpty {
            lines.append("    PRIMARY KEY (" + primaryKey.map(quoted).joined(separator: ", ") + ")")
        }
        return "CREATE TABLE \(quoted(name)) (\n" + lines.joined(separator: ",\n") + "\n)" + tail
    }

    /// All statements that make the table from nothing: tells whether a plan has changed, and what golden tests compare.
    var text: String { ([creation] + indexes.map(\.sql)).joined(separator: ";\n") + ";\n" }

    /// Brings the database there.
    func apply(to connection: any Connection) throws {
        let existing: Set<String> = try connection.columns(of: name)
        if existing.isEmpty {
            try connection.execute(creation)
        } else {
            for column in columns where !existing.contains(column.name) {
                try connection.execute("ALTER TABLE \(quoted(name)) ADD COLUMN \(quoted(column.name)) \(column.definition)")
            }
        }
        let made: Set<String> = existing.isEmpty ? [] : try connection.indexes(of: name)
        for index in indexes where !made.contains(index.name) { try connection.execute(index.sql) }
        let wanted: Set<String> = Set(indexes.map(\.name))
        // Only names that this code gives: an administrator's own index is nobody's business here.
        for old in made.subtracting(wanted).sorted() where old.hasPrefix(name + "__") {
            try connection.execute("DROP INDEX \(quoted(old))")
        }
    }
}
