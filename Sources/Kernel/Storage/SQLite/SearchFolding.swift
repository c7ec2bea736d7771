/// Texts without regard to case, letter by letter, as the search index of SQLite takes them.
enum SearchFolding {
    /// Letters that are the same in capitals are the same: among them the two forms of a small sigma.
    static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.isASCII { return Unicode.Scalar(lower(UInt8(truncatingIfNeeded: scalar.value))) }
        let capital: Unicode.Scalar = single(scalar.properties.uppercaseMapping) ?? scalar
        return single(capital.properties.lowercaseMapping) ?? scalar
    }

    static func folded(_ text: String) -> String {
        var view = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { view.append(folded(scalar)) }
        return String(view)
    }

    private static func single(_ text: String) -> Unicode.Scalar? {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }

    /// Whether a text has a word in it that is folded already.
    static func has(_ text: UnsafeBufferPointer<UInt8>, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
        if finds(text, word) { return true }
        guard text.contains(where: { $0 >= 0x80 }) else { return false }
        var other: String = folded(String(decoding: text, as: UTF8.self))
        return other.withUTF8 { finds($0, word) }
    }

    /// The same where only the letters that ASCII has are folded.
    private static func finds(_ text: UnsafeBufferPointer<UInt8>, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = word.first else { return true }
        guard text.count >= word.count else { return false }
        for start in 0...(text.count - word.count) where lower(text[start]) == first {
            var length = 1
            while length < word.count, lower(text[start + length]) == word[length] { length += 1 }
            if length == word.count { return true }
        }
        return false
    }
}
