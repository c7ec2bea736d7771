import GRDBSQLite

/// SQL functions that SQLite has only for ASCII, and that other engines have for all letters.
enum SQLiteFunctions {
    private static let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS

    static func register(on connection: OpaquePointer) {
        registerLower(on: connection)
        registerHas(on: connection)
    }

    /// Replaces `lower`, by which texts are compared, sorted and kept unique without regard to case.
    private static func registerLower(on connection: OpaquePointer) {
        sqlite3_create_function_v2(
            connection, "lower", 1, flags, nil,
            { context, _, arguments in
                guard let argument = arguments?[0], sqlite3_value_type(argument) != SQLITE_NULL else {
                    sqlite3_result_null(context)
                    return
                }
                guard let start = sqlite3_value_text(argument) else {
                    sqlite3_result_error_nomem(context)
                    return
                }
                let text = UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(argument)))
                SQLiteFunctions.lower(text) { lowered in
                    lowered.withMemoryRebound(to: CChar.self) {
                        sqlite3_result_text(context, $0.baseAddress ?? SQLiteConnection.empty, Int32($0.count), SQLiteConnection.copy)
                    }
                }
            }, nil, nil, nil)
    }

    /// `tenon_has(word, text, …)`: whether any of some texts has a word, without regard to case. The word comes folded (``SearchFolding``).
    private static func registerHas(on connection: OpaquePointer) {
        sqlite3_create_function_v2(
            connection, "tenon_has", -1, flags, nil,
            { context, count, arguments in
                guard let arguments, let word = SQLiteFunctions.text(arguments[0]) else { return sqlite3_result_int(context, 0) }
                let isThere: Bool = (1..<Int(count)).contains { place in
                    SQLiteFunctions.text(arguments[place]).map { SearchFolding.has($0, word) } ?? false
                }
                sqlite3_result_int(context, isThere ? 1 : 0)
            }, nil, nil, nil)
    }

    /// A text where it lies; nil for none.
    private static func text(_ value: OpaquePointer?) -> UnsafeBufferPointer<UInt8>? {
        sqlite3_value_text(value).map { UnsafeBufferPointer(start: $0, count: Int(sqlite3_value_bytes(value))) }
    }

    private static func lower(_ text: UnsafeBufferPointer<UInt8>, _ use: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard text.allSatisfy({ $0 < 0x80 }) else {
            var lowered = String(decoding: text, as: UTF8.self).lowercased()
            lowered.withUTF8(use)
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.count) { buffer in
            for index in 0..<text.count {
                let byte = text[index]
                buffer[index] = byte >= 65 && byte <= 90 ? byte | 0x20 : byte
            }
            use(UnsafeBufferPointer(rebasing: buffer[..<text.count]))
        }
    }
}
