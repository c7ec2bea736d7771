/// The names of indexes: `<table>__<column>__<column>__index`, `…__unique`, or `…__filled` where only rows with a value are in it.
/// Names of tables and columns have no double underscore, so that no two indexes share a name and the columns can be read from it.
enum IndexName {
    /// Engines cut longer names, and two of them may then be the same.
    private static let longest = 60

    static func plain(_ table: String, _ columns: [String]) -> String { make(table, columns, "index") }
    static func filled(_ table: String, _ column: String) -> String { make(table, [column], "filled") }
    static func unique(_ table: String, _ columns: [String]) -> String { make(table, columns, "unique") }

    /// The columns of a unique index by its name; nil when it is not one, or its name had to be shortened.
    static func uniqueColumns(_ name: String) -> [String]? {
        let parts: [String] = split(name)
        guard parts.count >= 3, parts.last == "unique" else { return nil }
        return Array(parts.dropFirst().dropLast())
    }

    private static func make(_ table: String, _ columns: [String], _ suffix: String) -> String {
        let name: String = ([table] + columns + [suffix]).joined(separator: "__")
        guard name.utf8.count > longest else { return name }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(name.prefix(longest - 24)) + "_" + String(hash, radix: 36) + "__" + suffix
    }

    private static func split(_ name: String) -> [String] {
        var parts: [String] = [""]
        var rest: Substring = name[...]
        while let first = rest.first {
            if rest.hasPrefix("__") {
                parts.append("")
                rest = rest.dropFirst(2)
            } else {
                parts[parts.count - 1].append(first)
                rest = rest.dropFirst()
            }
        }
        return parts
    }
}
