/// The newest records of a table, which are not in its search index yet.
///
/// An entry in the index costs a creation six pages of forty, and much of its time; some hundred entries at once cost little more. Ids only
/// grow, so the index has all rows up to its greatest id, and what comes after that are the newest: nothing says so but the index itself.
/// Whoever searches looks through their texts (`tenon_has`), which finds what the index would find. Whoever makes one too many of them
/// puts them all into the index.
struct SQLiteSearchTail {
    private let connection: any Connection
    private let table, index: String

    /// The index is brought up to date when so many ids come after it: to look through their rows takes some 50 µs.
    static let most: Int64 = 128

    /// - Parameter index: the name of the index's table.
    init(_ connection: any Connection, table: String, index: String) {
        self.connection = connection
        self.table = table
        self.index = index
    }

    /// The greatest id in the index, as a question; 0 where there is none.
    static func begin(_ index: String) -> String { "(SELECT coalesce(max(id), 0) FROM \(quoted(index + "_content")))" }

    /// The greatest id in the index; 0 where there is none.
    func begin() throws -> Int64 { try connection.integer("SELECT " + SQLiteSearchTail.begin(index)) ?? 0 }

    /// A condition on a row that holds where some of its texts has a word.
    /// - Parameter row: what the row is called.
    static func has(_ word: String, _ columns: [String], row: String) -> SQLFragment {
        // Two letters are found where a word begins. In the index, too, each text has a space before it.
        let isShort: Bool = word.unicodeScalars.count == 2
        let texts: [String] = columns.map { column in
            let text: String = row + "." + quoted(column)
            return isShort ? SQLiteDialect.indexed(text) : text
        }
        return SQLFragment("tenon_has(?, \(texts.joined(separator: ", ")))", [.text(SearchFolding.folded(isShort ? " " + word : word))])
    }

    /// The rows of the tail that have all of some words, by id; nil where there is no tail.
    func source(_ columns: [String], words: [String]) throws -> SearchSource? {
        let begin: Int64 = try begin()
        guard try connection.integer("SELECT max(\"id\") FROM \(quoted(table))") ?? 0 > begin else { return nil }
        var condition = SQLFragment("s.\"id\" > ?", [.integer(begin)])
        for word in words { condition = condition + " AND " + SQLiteSearchTail.has(word, columns, row: "s") }
        return SearchSource(table: quoted(table) + " s", id: "s.\"id\"", condition: condition)
    }

    /// Puts a new record into the index where those are that came after it, as one that was deleted and is back; and the whole tail where it
    /// has become long.
    func take(_ id: Int64, _ texts: [SQLValue], _ columns: [String]) throws {
        let begin: Int64 = try begin()
        if id <= begin {
            try connection.execute(insertion(columns), [.integer(id)] + texts)
        } else if id - begin >= SQLiteSearchTail.most {
            try end(columns, after: begin)
        }
    }

    /// Puts all of the tail into the index.
    func end(_ columns: [String]) throws { try end(columns, after: begin()) }

    private func end(_ columns: [String], after begin: Int64) throws {
        let texts: String = columns.map { SQLiteDialect.indexed(quoted($0)) }.joined(separator: ", ")
        let question = "SELECT \"id\", \(texts) FROM \(quoted(table)) WHERE \"id\" > ? ORDER BY \"id\""
        let insertion: String = insertion(columns)
        // One by one: for a statement of several rows the index would write what it has gathered so far.
        for row in try connection.all(question, [.integer(begin)], { row in (0...columns.count).map { row.value($0) } }) {
            try connection.execute(insertion, row)
        }
    }

    private func insertion(_ columns: [String]) -> String {
        let marks: String = repeatElement("?", count: columns.count + 1).joined(separator: ", ")
        return "INSERT INTO \(quoted(index)) (rowid, \(columns.map(quoted).joined(separator: ", "))) VALUES (\(marks))"
    }
}
