/// One thing that is wrong with one row: where, and a lower-case fact about it.
struct RowFault: Codable, Hashable, Sendable {
    /// The physical line on which the row starts.
    var row: Int
    /// The column's header; nil when the row as a whole is at fault.
    var column: String?
    var field: String?
    var message: String
    /// The message without what only this row says; nil where it is the same for all.
    var fact: String?
    /// What to do about it, as a sentence.
    var hint: String?
    /// What the cell says.
    var value: String?

    /// The fault in words, for the file of bad rows.
    var text: String {
        guard let name = column ?? field else { return message }
        return "\(name): \(message)"
    }

    /// What rows have in common that are wrong in the same way: quoted texts are each row's own.
    var common: String {
        if let fact { return fact }
        var common: String = ""
        var isQuoted: Bool = false
        for character in message {
            if character == "”" { isQuoted = false }
            if !isQuoted { common.append(character) }
            if character == "“" {
                isQuoted = true
                common += "…"
            }
        }
        return common
    }
}
