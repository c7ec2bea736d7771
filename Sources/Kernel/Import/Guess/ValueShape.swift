/// What the values of a column look like.
struct ValueShape: Hashable, Sendable {
    var count: Int = 0
    var emails: Int = 0
    var dates: Int = 0
    var numbers: Int = 0
    var booleans: Int = 0
    var links: Int = 0
    var phones: Int = 0

    init(_ samples: [String]) {
        for sample in samples {
            let text: String = sample.trimmed
            if text.isEmpty { continue }
            count += 1
            if Self.isEmail(text) { emails += 1 }
            if let date = DateText(text), DateFormat.all.contains(where: { date.moment(in: $0) != nil }) { dates += 1 }
            if Self.isNumber(text) { numbers += 1 }
            if BooleanText.read(text) != nil { booleans += 1 }
            if Self.isLink(text) { links += 1 }
            if Self.isPhone(text) { phones += 1 }
        }
    }

    func share(_ part: Int) -> Double {
        count == 0 ? 0 : Double(part) / Double(count)
    }

    /// How well the values suit a kind of field, from 0 to 1; nil where they cannot tell.
    func suits(_ kind: ImportKind) -> Double? {
        if count == 0 { return nil }
        switch kind {
        case .email: return share(emails)
        case .date, .moment: return share(dates)
        case .number, .money: return share(numbers)
        case .boolean: return share(booleans)
        case .link: return share(links)
        case .phone: return share(phones)
        case .text, .choice, .reference: return nil
        }
    }

    static func isEmail(_ text: String) -> Bool {
        let parts: [Substring] = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, text.allSatisfy({ !$0.isWhitespace }) else { return false }
        let labels: [Substring] = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2 && labels.allSatisfy { !$0.isEmpty }
    }

    private static func isNumber(_ text: String) -> Bool {
        NumberFormat.allCases.contains { format in
            if case .success = format.read(text) { true } else { false }
        }
    }

    private static func isLink(_ text: String) -> Bool {
        let lower: String = text.lowercased()
        if lower.hasPrefix("http://") || lower.hasPrefix("https://") || lower.hasPrefix("www.") { return true }
        return !lower.contains(" ") && !lower.contains("@") && lower.split(separator: ".").count >= 2
            && lower.last?.isLetter == true
    }

    private static func isPhone(_ text: String) -> Bool {
        let digits: Int = text.count { $0.isNumber }
        return (6...17).contains(digits) && text.allSatisfy { $0.isNumber || " +-()/.x".contains($0) }
    }
}

/// Yes and no as files write them.
enum BooleanText {
    static func read(_ text: String) -> Bool? {
        switch text.trimmed.lowercased() {
        case "true", "yes", "y", "1", "t", "on", "x": true
        case "false", "no", "n", "0", "f", "off": false
        default: nil
        }
    }
}
