import PluginAPI

/// Texts as they are compared: what people write in many ways, brought to one.
enum MatchText {
    // MARK: Letters

    /// Letters with marks, by the plain ones that stand for them.
    private static let plain: [Unicode.Scalar: String] = {
        let groups: [(String, String)] = [
            ("a", "àáâãäåāăąǎ"), ("ae", "æ"), ("c", "çćĉċč"), ("d", "ďđð"), ("e", "èéêëēĕėęě"), ("g", "ĝğġģ"), ("h", "ĥħ"),
            ("i", "ìíîïĩīĭįıǐ"), ("j", "ĵ"), ("k", "ķ"), ("l", "ĺļľŀł"), ("n", "ñńņňŉŋ"), ("o", "òóôõöøōŏőǒ"), ("oe", "œ"), ("r", "ŕŗř"),
            ("s", "śŝşšș"), ("ss", "ß"), ("t", "ţťŧț"), ("th", "þ"), ("u", "ùúûüũūŭůűųǔ"), ("w", "ŵ"), ("y", "ýÿŷ"), ("z", "źżž"),
        ]
        var plain: [Unicode.Scalar: String] = [:]
        for (letter, marked) in groups { for scalar in marked.unicodeScalars { plain[scalar] = letter } }
        return plain
    }()

    /// Small letters and digits without marks; everything else becomes a space, or nothing where it stands within a word.
    static func folded(_ text: String) -> String {
        if let folded = foldedPlain(text) { return folded }
        var folded = ""
        for scalar in text.lowercased().unicodeScalars {
            if scalar.isASCII {
                switch scalar {
                case "a"..."z", "0"..."9": folded.unicodeScalars.append(scalar)
                // O'Hara, S.A., A/S: what stands within a word or a legal form.
                case "'", ".", "`", "/": continue
                default: folded.append(" ")
                }
            } else if let letters = plain[scalar] {
                folded += letters
            } else if scalar.properties.isDiacritic || scalar == "’" {
                continue
            } else if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                folded.unicodeScalars.append(scalar)
            } else {
                folded.append(" ")
            }
        }
        return folded
    }

    /// The same for a text of plain letters only, by bytes: most are, and this runs for every record that is compared.
    private static func foldedPlain(_ text: String) -> String? {
        var text = text
        return text.withUTF8 { bytes -> String? in
            guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
            return String(unsafeUninitializedCapacity: bytes.count) { letters in
                var count = 0
                for byte in bytes {
                    guard let letter = folded(byte) else { continue }
                    letters[count] = letter
                    count += 1
                }
                return count
            }
        }
    }

    /// A plain letter as it is compared; nil for what is left out.
    private static func folded(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
        case UInt8(ascii: "'"), UInt8(ascii: "."), UInt8(ascii: "`"), UInt8(ascii: "/"): nil
        default: UInt8(ascii: " ")
        }
    }

    // MARK: Names

    private static let legalForms: Set<String> = [
        "gmbh", "mbh", "ggmbh", "ag", "kg", "kgaa", "ohg", "ug", "gbr", "ev", "eg", "ek", "se", "haftungsbeschrankt", "ltd", "limited", "llc", "llp",
        "lp", "inc", "incorporated", "corp", "corporation", "co", "plc", "pty", "sa", "sas", "sarl", "srl", "spa", "sl", "bv", "nv", "ab",
        "as", "aps", "oy", "oyj", "kft", "zrt", "doo", "dd", "sro", "spzoo", "zoo", "sp", "z", "oo", "lda", "ltda", "cie",
    ]
    /// In most of Europe's languages a house calls itself something that begins with `compa`.
    private static func isLegalForm(_ word: String) -> Bool { legalForms.contains(word) || word.hasPrefix("compa") }

    private static let connectors: Set<String> = ["and", "und", "et", "y", "e", "the", "der", "die", "das"]

    /// The words of a name: without legal forms at the end, articles, connectors and single letters, as long as others remain.
    /// `ue` and `ü` are the same.
    static func words(_ name: String) -> [String] {
        var words: [String] = plainWords(name) ?? folded(name).split(separator: " ").map(String.init)
        while words.count > 1, let last = words.last, isLegalForm(last) || isConnector(last) { words.removeLast() }
        if words.contains(where: isTelling) { words.removeAll { !isTelling($0) } }
        for place in words.indices {
            if let word = withoutUmlauts(words[place]) { words[place] = word }
        }
        return words
    }

    private static func isConnector(_ word: String) -> Bool { word.utf8.count <= 3 && connectors.contains(word) }
    private static func isTelling(_ word: String) -> Bool { !isConnector(word) && word.unicodeScalars.dropFirst().first != nil }

    /// A text of plain letters only, folded and cut into words in one walk over its bytes.
    private static func plainWords(_ name: String) -> [String]? {
        var name = name
        return name.withUTF8 { bytes -> [String]? in
            guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count + 1) { word in
                var words: [String] = []
                var count = 0
                func end() {
                    if count > 0 { words.append(String(decoding: word[..<count], as: UTF8.self)) }
                    count = 0
                }
                for byte in bytes {
                    guard let letter = folded(byte) else { continue }
                    guard letter != UInt8(ascii: " ") else { end(); continue }
                    word[count] = letter
                    count += 1
                }
                end()
                return words
            }
        }
    }

    /// A word with `a` for `ae` and so on; nil when it has no such letters.
    private static func withoutUmlauts(_ word: String) -> String? {
        var word = word
        return word.withUTF8 { bytes -> String? in
            func isMark(_ place: Int) -> Bool {
                guard place > 0, bytes[place] == UInt8(ascii: "e") else { return false }
                let previous: UInt8 = bytes[place - 1]
                return previous == UInt8(ascii: "a") || previous == UInt8(ascii: "o") || previous == UInt8(ascii: "u")
            }
            guard bytes.indices.contains(where: isMark) else { return nil }
            var rest: [UInt8] = []
            for place in bytes.indices where !isMark(place) { rest.append(bytes[place]) }
            return String(decoding: rest, as: UTF8.self)
        }
    }

    // MARK: Telephone numbers

    /// A telephone number: the country's code where it is given, and the rest without the leading zero of calls within a
    /// country. Nil for what has too few digits to be anybody's.
    struct Phone: Hashable, Sendable {
        var country: String?
        var number: String

        /// Whether both may be the same line: a number without a country is compared by the rest.
        func matches(_ other: Phone) -> Bool {
            number == other.number && (country == nil || other.country == nil || country == other.country)
        }
    }

    static func phone(_ text: String) -> Phone? {
        // An extension is another desk of the same line.
        let line = text.lowercased().split(separator: "x", maxSplits: 1)[safe: 0].map { String($0.prefix { $0 != "e" && $0 != "#" && $0 != ";" }) } ?? ""
        // (0) within an international number is only dialled at home.
        let home = line.utf8.contains(UInt8(ascii: "(")) ? line.replacing("(0)", with: "") : line
        var digits: String = home.filter { $0.isASCII && $0.isNumber }
        var isInternational: Bool = home.trimmed.hasPrefix("+")
        if !isInternational, digits.hasPrefix("00") {
            isInternational = true
            digits.removeFirst(2)
        }
        var country: String?
        if isInternational {
            country = String(digits.prefix(countryLength(digits)))
            digits.removeFirst(country?.count ?? 0)
        } else if digits.count == 11, digits.hasPrefix("1") {
            (country, digits) = ("1", String(digits.dropFirst()))
        }
        let number = String(digits.drop { $0 == "0" })
        return number.count >= 6 ? Phone(country: country, number: number) : nil
    }

    private static let twoDigits: Set<String> = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "54", "55",
        "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ]

    private static func countryLength(_ digits: String) -> Int {
        if digits.hasPrefix("1") || digits.hasPrefix("7") { return 1 }
        return min(digits.count, twoDigits.contains(String(digits.prefix(2))) ? 2 : 3)
    }

    // MARK: Addresses

    static func email(_ text: String) -> String { text.trimmed.lowercased() }

    /// A web address without what does not tell it from others.
    static func url(_ text: String) -> String {
        var rest = text.trimmed.lowercased()[...]
        for start in ["https://", "http://"] where rest.hasPrefix(start) { rest = rest.dropFirst(start.count) }
        if rest.hasPrefix("www.") { rest = rest.dropFirst(4) }
        while rest.last == "/" { rest.removeLast() }
        return String(rest)
    }
}

extension Array {
    /// The element at a place, or nil when there is none.
    fileprivate subscript(safe place: Int) -> Element? { indices.contains(place) ? self[place] : nil }
}
