import CPostgreSQL

/// The prepared statements of one connection, the most recently used ones kept. The same text may be prepared more than once:
/// for numbers here and texts there.
final class PostgreSQLStatements {
    /// NB: a class, so that noting its use is no second look at a table of long texts.
    final class Statement {
        /// Nil where statements are not kept: then the text is sent each time.
        fileprivate(set) var name: String?
        let text: String
        fileprivate(set) var types: [UInt32]
        fileprivate var used: UInt64

        init(text: String, types: [UInt32] = [], used: UInt64 = 0) {
            self.text = text
            self.types = types
            self.used = used
        }

        /// Whether the arguments are of these types. Nothing is of any type.
        func takes(_ arguments: [SQLValue]) -> Bool {
            zip(types, arguments).allSatisfy { type, argument in argument == .null || type == PostgreSQLStatements.type(of: argument) }
        }
    }

    private static let most = 400
    /// Stands in statements that are not prepared: the server makes one plan for all arguments of a prepared one after some times, and
    /// takes unknown ones for rare and the first rows for near.
    static let plannedAnew = "/* planned anew */ "
    /// False behind a proxy that gives each transaction another connection.
    let isKept: Bool
    private var entries: [StatementText: [Statement]] = [:]
    private var clock: UInt64 = 0
    private var count = 0

    init(isKept: Bool) { self.isKept = isKept }

    static func type(of argument: SQLValue) -> UInt32 {
        switch argument {
        case .null: 0
        case .integer: PostgreSQLType.int8
        case .text: PostgreSQLType.text
        case .blob: PostgreSQLType.bytea
        }
    }

    /// A statement for which nothing has to be asked of the server before it can be sent.
    func known(_ sql: String, _ arguments: [SQLValue]) -> Statement? {
        guard isKept else { return fresh(sql, arguments) }
        guard let found = entries[StatementText(sql)]?.first(where: { $0.takes(arguments) }) else { return nil }
        clock += 1
        found.used = clock
        return found
    }

    /// Prepares a statement that is not known.
    func prepared(_ sql: String, _ arguments: [SQLValue], _ connection: OpaquePointer) throws -> Statement {
        clock += 1
        let made: Statement = fresh(sql, arguments)
        if count >= PostgreSQLStatements.most { try forgetOldest(connection) }
        if !sql.contains(PostgreSQLStatements.plannedAnew) {
            // With its first word, so that whoever looks at the line or the server sees what it is.
            let name = "s\(clock) \(sql.prefix { $0 != " " }.prefix(16))"
            try prepare(name, made, connection, sql)
            made.name = name
        }
        count += 1
        entries[StatementText(sql), default: []].append(made)
        return made
    }

    private func fresh(_ sql: String, _ arguments: [SQLValue]) -> Statement {
        Statement(text: PostgreSQLText.translated(sql), types: arguments.map(PostgreSQLStatements.type), used: clock)
    }

    private func prepare(_ name: String, _ statement: Statement, _ connection: OpaquePointer, _ sql: String) throws {
        let result: OpaquePointer? = PQprepare(connection, name, statement.text, Int32(statement.types.count), statement.types)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw PostgreSQLError(result, on: connection, sql) }
        // What an argument without a value was taken for decides which values fit later.
        guard statement.types.contains(0) else { return }
        let description: OpaquePointer? = PQdescribePrepared(connection, name)
        defer { PQclear(description) }
        guard PQresultStatus(description) == PGRES_COMMAND_OK else { throw PostgreSQLError(description, on: connection, sql) }
        for index in statement.types.indices { statement.types[index] = PQparamtype(description, Int32(index)) }
    }

    private func forgetOldest(_ connection: OpaquePointer) throws {
        let ages = entries.values.flatMap { $0.map(\.used) }.sorted()
        let limit = ages[ages.count / 2]
        for (sql, statements) in entries {
            for statement in statements where statement.used <= limit {
                if let name = statement.name { PQclear(PQexec(connection, "DEALLOCATE \(quoted(name))")) }
            }
            let rest = statements.filter { $0.used > limit }
            count -= statements.count - rest.count
            entries[sql] = rest.isEmpty ? nil : rest
        }
    }
}

/// Arguments as the protocol takes them: whole numbers as eight bytes, texts as they are, so that nothing is cut off at a zero.
struct PostgreSQLArguments {
    private var bytes: [UInt8] = []
    private var places: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32]

    init(_ arguments: [SQLValue]) {
        formats = Array(repeating: 1, count: arguments.count)
        for argument in arguments {
            let start = bytes.count
            switch argument {
            case .null:
                places.append(nil)
                lengths.append(0)
                continue
            case .integer(let number): withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
            case .text(let text): bytes.append(contentsOf: text.utf8)
            case .blob(let blob): bytes.append(contentsOf: blob)
            }
            places.append(start)
            lengths.append(Int32(bytes.count - start))
        }
        // An empty text at the end has a place as well.
        bytes.append(0)
    }

    func withPointers<T>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) -> T
    ) -> T {
        bytes.withUnsafeBytes { buffer in
            let start = buffer.baseAddress
            let pointers: [UnsafePointer<CChar>?] = places.map { place in
                place.flatMap { start?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
            }
            return pointers.withUnsafeBufferPointer { pointers in
                lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        guard let values = pointers.baseAddress, let sizes = lengths.baseAddress, let kinds = formats.baseAddress else {
                            return withUnsafePointer(to: nil as UnsafePointer<CChar>?) { none in
                                withUnsafePointer(to: 0 as Int32) { body(none, $0, $0) }
                            }
                        }
                        return body(values, sizes, kinds)
                    }
                }
            }
        }
    }
}
