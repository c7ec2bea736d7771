import GRDB
import PluginAPI

/// How SQLite spells what engines spell differently. Search is FTS5 with trigrams (SQLite 3.34 or newer): any substring of
/// three characters or more, without regard to case.
struct SQLiteDialect: Dialect {
    let kind = DialectKind.sqlite
    let idColumn = "\"id\" INTEGER PRIMARY KEY AUTOINCREMENT"
    let integerType = "INTEGER"
    let textType = "TEXT"
    let blobType = "BLOB"
    let keyOnlyTail = " WITHOUT ROWID"
    let rowsPerInsert = 1
    let clock = "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"

    private func searchTable(_ table: String) -> String { "tenon_search_" + table }

    /// What the index does not have yet.
    func tail(_ connection: any Connection, _ table: String) -> SQLiteSearchTail {
        SQLiteSearchTail(connection, table: table, index: searchTable(table))
    }

    /// Texts stand in the index with a space before them, so that every word has one: two letters at a word's beginning are three
    /// with it, and found from the index, too.
    static func indexed(_ column: String) -> String { "(' ' || " + column + ")" }

    func prepareSearch(_ connection: any Connection, table: String, columns: [String]) throws {
        let name = searchTable(table)
        let list = columns.map(quoted).joined(separator: ", ")
        let made = "CREATE VIRTUAL TABLE \(quoted(name)) USING fts5(\(list), tokenize = 'trigram', columnsize = 0)"
        // One that an earlier release made otherwise is made anew as well.
        let existing: String? = try connection.first("SELECT sql FROM sqlite_master WHERE name = ?", [.text(name)]) { $0.text(0) }
        guard existing != made || columns.isEmpty else { return }
        if existing != nil { try connection.execute("DROP TABLE \(quoted(name))") }
        guard !columns.isEmpty else { return }
        try connection.execute(made)
        let texts = columns.map { SQLiteDialect.indexed(quoted($0)) }.joined(separator: ", ")
        try connection.execute("INSERT INTO \(quoted(name)) (rowid, \(list)) SELECT \"id\", \(texts) FROM \(quoted(table))")
    }

    func dropSearch(_ connection: any Connection, table: String) throws {
        try connection.execute("DROP TABLE IF EXISTS \(quoted(searchTable(table)))")
    }

    func index(
        _ connection: any Connection, table: String, columns: [String], id: Int64, texts: [String?], isNew: Bool
    ) throws {
        let values = texts.map { text in text.map { SQLValue.text(" " + $0) } ?? .null }
        if isNew { return try tail(connection, table).take(id, values, columns) }
        // Nothing where it is not in the index yet.
        let sets = columns.map { quoted($0) + " = ?" }.joined(separator: ", ")
        try connection.execute("UPDATE \(quoted(searchTable(table))) SET \(sets) WHERE rowid = ?", values + [.integer(id)])
    }

    func unindex(_ connection: any Connection, table: String, id: Int64) throws {
        try connection.execute("DELETE FROM \(quoted(searchTable(table))) WHERE rowid = ?", [.integer(id)])
    }

    func match(table: String, columns: [String], of all: [String], text: String) -> SQLFragment {
        // The index reads a phrase up to a zero byte, and would miss the closing quote; no text has one.
        guard !text.utf8.contains(0) else { return .never }
        if let phrase = phrase(text) {
            let name = quoted(searchTable(table))
            let found = SQLFragment("SELECT rowid FROM \(name) WHERE \(name) MATCH ?", [.text(scope(columns, of: all) + phrase)])
            let newest = SQLFragment("SELECT s.\"id\" FROM \(quoted(table)) s WHERE s.\"id\" > \(SQLiteSearchTail.begin(searchTable(table))) AND ")
            return "t.\"id\" IN (" + found + " UNION ALL " + newest + SQLiteSearchTail.has(text, columns, row: "s") + ")"
        }
        // No index has a single letter: look at the beginnings of the texts' words instead.
        let beginning: String = likePattern(text, anywhere: false)
        let parts = columns.flatMap { [like("t." + quoted($0)), like("t." + quoted($0))] }
        let patterns = columns.flatMap { _ in [SQLValue.text(beginning), SQLValue.text("% " + beginning)] }
        return SQLFragment("(" + parts.joined(separator: " OR ") + ")", patterns)
    }

    func hits(
        _ connection: any Connection, table: String, columns: [String], of all: [String], words: [String]
    ) throws -> [SearchSource]? {
        let phrases: [String] = words.compactMap(phrase)
        guard phrases.count == words.count, !words.contains(where: { $0.utf8.contains(0) }) else { return nil }
        let name = quoted(searchTable(table))
        let rarest: [SQLiteTrigrams.Choice?] = try SQLiteTrigrams(connection, index: searchTable(table)).rarest(in: words)
        let asked: [String] = zip(rarest, phrases).map { choice, phrase in
            guard let choice else { return phrase }
            return "NEAR(" + choice.pieces.compactMap(self.phrase).joined(separator: " ") + ", \(choice.span - 1))"
        }
        let texts: String = columns.map { "t." + quoted($0) }.joined(separator: ", ")
        var condition = SQLFragment("\(name) MATCH ?", [.text(scope(columns, of: all) + "(" + asked.joined(separator: " AND ") + ")")])
        for (word, choice) in zip(words, rarest) where choice != nil {
            condition = condition + SQLFragment(" AND tenon_has(?, \(texts))", [.text(SearchFolding.folded(word))])
        }
        let indexed = SearchSource(table: name, id: name + ".rowid", condition: condition)
        return [indexed] + (try tail(connection, table).source(columns, words: words).map { [$0] } ?? [])
    }

    /// Nothing where it is all of them: the index would look at each list's entries for their columns.
    private func scope(_ columns: [String], of all: [String]) -> String {
        columns.count == all.count ? "" : "{" + columns.map(quoted).joined(separator: " ") + "} : "
    }

    /// What the index is asked for a word; nil for a single letter. Two letters are found where a word begins.
    private func phrase(_ word: String) -> String? {
        switch word.unicodeScalars.count {
        case ...1: nil
        case 2: "\" " + word.replacing("\"", with: "\"\"") + "\""
        default: "\"" + word.replacing("\"", with: "\"\"") + "\""
        }
    }

    func among(_ column: String, _ numbers: [Int64]) -> SQLFragment {
        switch numbers.count {
        case 0: .never
        case 1: SQLFragment(column + " = ?", [.integer(numbers[0])])
        default:
            SQLFragment(
                column + " IN (SELECT value FROM json_each(?))", [.text("[" + numbers.map(String.init).joined(separator: ",") + "]")])
        }
    }

    func like(_ column: String) -> String { "lower(" + column + ") LIKE lower(?) ESCAPE '\\'" }

    func calculated(_ number: SQLFragment) -> SQLFragment { number }

    /// SQLite goes on with floating-point numbers where whole ones overflow.
    func whole(_ number: SQLFragment) -> SQLFragment {
        pieced("CASE typeof(\(number)) WHEN 'integer' THEN \(number) END")
    }

    func dayNumber(_ day: SQLFragment) -> SQLFragment { pieced("CAST(julianday(\(day)) - 2440587.5 AS INTEGER)") }

    func uniqueViolation(_ error: any Error) -> [String]? {
        guard let error = error as? DatabaseError, error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE else { return nil }
        // "UNIQUE constraint failed: table.column, table.column" or, for an index over terms, "… failed: index 'name'"
        let text = error.message ?? ""
        guard let colon = text.firstIndex(of: ":") else { return [] }
        if let start = text.firstRange(of: "index '")?.upperBound { return IndexName.uniqueColumns(String(text[start...].dropLast())) ?? [] }
        return text[text.index(after: colon)...].split(separator: ",").map {
            let name = $0.split(separator: ".").last ?? $0
            return String(name.filter { $0 != " " })
        }
    }

    func isTemporary(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_IOERR].contains(error.resultCode)
    }

    func isFull(_ error: any Error) -> Bool { (error as? DatabaseError)?.resultCode == .SQLITE_FULL }
}

/// A LIKE pattern for a text taken literally.
func likePattern(_ text: String, anywhere: Bool) -> String {
    var pattern = anywhere ? "%" : ""
    for character in text {
        if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
        pattern.append(character)
    }
    return pattern + "%"
}
