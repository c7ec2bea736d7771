/// One thing that is wrong with one row: where, and a lower-case fact about it.
struct RowFault: Codable, Hashable, Sendable {
    /// The physical line on which the row starts.
    var row: Int
    /// The column's header; nil when the row as a whole is at fault.
    var column: String?
    var field: String?
    var message: String

    /// The fault in words, for the file of bad rows.
    var text: String {
        guard let name = column ?? field else { return message }
        return "\(name): \(message)"
    }
}
