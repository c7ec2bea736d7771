/// What a column holds, whatever the engine calls it.
enum ColumnKind: String, Codable, Sendable {
    case integer, text, blob

    /// Its type in a table that is made.
    func definition(_ dialect: any Dialect) -> String {
        switch self {
        case .integer: dialect.integerType
        case .text: dialect.textType
        case .blob: dialect.blobType
        }
    }
}

/// What is wrong with the search index of a table.
struct SearchFaults: Sendable, Equatable {
    /// Records that the index does not have.
    var missing: [Int64] = []
    /// Entries of records that are not there.
    var orphans: [Int64] = []
    /// Entries with other words than the record.
    var different: [Int64] = []
    /// What else is wrong, in words; empty for nothing.
    var other = ""

    /// So many of each kind are named at most.
    static let most = 20

    var isEmpty: Bool { missing.isEmpty && orphans.isEmpty && different.isEmpty && other.isEmpty }
}
