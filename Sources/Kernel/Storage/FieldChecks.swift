import PluginAPI

/// The rules that a field's declaration sets for its values. Pure: what needs the database stands in the save path.
extension FieldModel {
    /// What is wrong with a value, or nil.
    func problem(with value: Value) -> String? {
        if value.isEmpty { return description.isRequired && type != .boolean ? "is required" : nil }
        guard accepts(value) else { return "must be " + type.word }
        switch value {
        case .text(let text): return problem(withText: text)
        case .integer(let number): return description.range.flatMap { $0.contains(number) ? nil : outside($0) }
        case .decimal(let number):
            if case .decimal(let scale) = type, number.scale != scale { return "must be a number with at most \(scale) decimals" }
            guard let range = description.range else { return nil }
            guard let low = FixedDecimal(units: range.lowerBound, scale: 0).rescaled(to: number.scale),
                let high = FixedDecimal(units: range.upperBound, scale: 0).rescaled(to: number.scale)
            else { return nil }
            return (low.units...high.units).contains(number.units) ? nil : outside(range)
        case .list(let ids) where ids.count > FieldModel.longestList: return "has more than \(FieldModel.longestList) entries"
        default: return nil
        }
    }

    private static let longestList = 1000

    private func outside(_ range: ClosedRange<Int64>) -> String { "must be from \(range.lowerBound) to \(range.upperBound)" }

    private func problem(withText text: String) -> String? {
        if text.utf8.count > maxLength, text.count > maxLength { return "is longer than \(maxLength) characters" }
        if text.hasByte(where: { $0 < 32 && $0 != 9 && $0 != 10 && $0 != 13 }) {
            return "contains a control character"
        }
        switch description.format {
        case .plain where type == .text:
            return text.hasByte { $0 == 10 || $0 == 13 } ? "must be one line" : nil
        case .email: return FieldModel.isEmail(text) ? nil : "is not an e-mail address"
        case .phone:
            let digits = text.filter(\.isNumber).count
            let allowed = text.allSatisfy { $0.isNumber || $0.isLetter || " +()-./#,".contains($0) }
            return digits >= 3 && digits <= 20 && allowed ? nil : "is not a telephone number"
        case .url: return FieldModel.isWebAddress(text) ? nil : "is not a web address"
        case .color:
            let hex = text.utf8.dropFirst()
            return text.hasPrefix("#") && hex.count == 6 && hex.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
                ? nil : "is not a colour such as #2f6feb"
        default: return nil
        }
    }

    /// The useful part of RFC 5322: one at sign, something before it, a domain with a dot after it, no spaces.
    static func isEmail(_ text: String) -> Bool {
        guard text.utf8.count <= 254 else { return false }
        if let isPlain = isPlainEmail(text) { return isPlain }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 64 else { return false }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy({ !$0.isEmpty && !$0.hasPrefix("-") && !$0.hasSuffix("-") }) else { return false }
        return !text.contains { $0.isWhitespace || "<>\"(),:;[]\\".contains($0) }
    }

    /// The same for a text of ASCII only, by bytes: most are, and files have many. Nil for any other.
    private static func isPlainEmail(_ text: String) -> Bool? {
        var text = text
        return text.withUTF8 { bytes in
            var at: Int?
            // Where the label began, and how many stand behind the at sign before it.
            var (label, labels) = (0, 0)
            func ends(_ place: Int) -> Bool {
                labels += 1
                return place > label && bytes[label] != UInt8(ascii: "-") && bytes[place - 1] != UInt8(ascii: "-")
            }
            var isWell = true
            for (place, byte) in bytes.enumerated() {
                switch byte {
                case 0x80...: return nil
                case UInt8(ascii: "@"):
                    if at != nil || place == 0 || place > 64 { isWell = false }
                    (at, label) = (place, place + 1)
                case UInt8(ascii: "."):
                    guard at != nil else { break }
                    if !ends(place) { isWell = false }
                    label = place + 1
                case UInt8(ascii: "\t")...UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""),
                    UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "["),
                    UInt8(ascii: "]"), UInt8(ascii: "\\"):
                    isWell = false
                default: break
                }
            }
            return isWell && at != nil && ends(bytes.count) && labels >= 2
        }
    }

    /// Http or https with a host: nothing that a browser would run.
    static func isWebAddress(_ text: String) -> Bool {
        let rest: Substring
        let lower = text.lowercased()
        if lower.hasPrefix("https://") { rest = text.dropFirst(8) } else if lower.hasPrefix("http://") { rest = text.dropFirst(7) } else { return false }
        let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return !host.isEmpty && !text.contains { $0.isWhitespace || "<>\"'".contains($0) }
    }

    /// A value in its canonical form: text without space at its ends, e-mails in lower case, web addresses with
    /// a scheme, numbers at the field's scale, lists without repetitions; no answer to yes or no is no.
    func normalized(_ value: Value) -> Value {
        switch (type, value) {
        case (.text, .text(let text)):
            var clean = description.format == .multiline ? text.withPlainLines : text.trimmed
            if description.namesFieldsOf != nil { clean = FieldNames.normalized(clean) }
            if clean.utf8.first.map({ $0 <= 32 || $0 >= 127 }) ?? true, clean.allSatisfy(\.isWhitespace) { return .null }
            if description.format == .email { clean = clean.lowercased() }
            if description.format == .url, !clean.contains("://"), clean.contains(".") { clean = "https://" + clean }
            return .text(clean)
        case (.decimal(let scale), .decimal(let number)): return number.rescaled(to: scale).map(Value.decimal) ?? value
        case (.references, .null): return .list([])
        case (.references, .list(let ids)):
            var known: Set<RecordID> = []
            return .list(ids.filter { known.insert($0).inserted })
        case (.boolean, .null) where description.isRequired: return .boolean(false)
        default: return value
        }
    }
}

extension FixedDecimal {
    /// The same number with another count of decimals; nil when that would lose something or not fit.
    func rescaled(to target: Int) -> FixedDecimal? {
        var units = units
        var scale = scale
        while scale < target {
            let (product, overflow) = units.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            units = product
            scale += 1
        }
        while scale > target {
            guard units % 10 == 0 else { return nil }
            units /= 10
            scale -= 1
        }
        return FixedDecimal(units: units, scale: scale)
    }
}

extension FieldModel {
    /// Whether a value is of the field's type.
    func accepts(_ value: Value) -> Bool {
        switch (type, value) {
        case (_, .null), (.text, .text), (.json, .text), (.integer, .integer), (.boolean, .boolean), (.decimal, .decimal),
            (.money, .money), (.day, .day), (.moment, .moment), (.reference, .integer), (.references, .list): true
        case (.choice(let options), .text(let key)): options.contains { $0.key == key }
        default: false
        }
    }

    /// Whether it points at several records.
    var isList: Bool { if case .references = type { true } else { false } }
}

extension String {
    /// Without space at either end.
    var trimmed: String {
        // By bytes: most texts have none.
        if let first = utf8.first, let last = utf8.last, first > 32, first < 127, last > 32, last < 127 { return self }
        var view = self[...]
        while let first = view.first, first.isWhitespace { view.removeFirst() }
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }
}

extension String {
    /// With one character at the end of a line. Looked for by bytes first, since most texts have no other.
    fileprivate var withPlainLines: String { hasByte { $0 == UInt8(ascii: "\r") } ? replacing("\r\n", with: "\n") : self }

    /// Whether there is such a byte: over memory in one piece, which is several times as quick as over a text's bytes one by one.
    @inline(__always)
    fileprivate func hasByte(where matches: (UInt8) -> Bool) -> Bool {
        var text = self
        return text.withUTF8 { bytes in
            for byte in bytes where matches(byte) { return true }
            return false
        }
    }
}
