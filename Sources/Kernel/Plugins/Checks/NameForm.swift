/// The written forms of names.
enum NameForm {
    /// `start_date`: begins with a letter, single underscores, at most 40 characters.
    static func isSnakeCase(_ name: String) -> Bool { isWords(name, joinedBy: UInt8(ascii: "_")) }

    /// `mark-done`.
    static func isDashed(_ name: String) -> Bool { isWords(name, joinedBy: UInt8(ascii: "-")) }

    /// `plugin.some_name`: words with dots between them.
    static func isKey(_ name: String) -> Bool {
        let parts: [Substring] = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count > 1 && parts.allSatisfy { isSnakeCase(String($0)) || isDashed(String($0)) }
    }

    private static func isWords(_ name: String, joinedBy joint: UInt8) -> Bool {
        let bytes: [UInt8] = Array(name.utf8)
        guard let first = bytes.first, first >= 97, first <= 122, bytes.last != joint, bytes.count <= 40 else { return false }
        var previous: UInt8 = first
        for byte in bytes.dropFirst() {
            let isWord: Bool = byte >= 97 && byte <= 122 || byte >= 48 && byte <= 57
            guard isWord || byte == joint && previous != joint else { return false }
            previous = byte
        }
        return true
    }
}
