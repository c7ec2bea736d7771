import PluginAPI

/// One card of an address book, of version 2.1, 3.0 or 4.0.
struct VCard: Sendable {
    /// The physical line on which it begins.
    var line: Int
    var lines: [VCardLine] = []
    /// Why it cannot be taken, or nil.
    var problem: String?

    private func all(_ name: String) -> [VCardLine] { lines.filter { $0.name == name && !$0.isBinary && !$0.text.isEmpty } }

    /// The values of a property, the preferred ones first.
    private func ranked(_ name: String, first: (VCardLine) -> Int = { _ in 0 }) -> [VCardLine] {
        all(name).enumerated().sorted { left, right in
            let (a, b) = (first(left.element), first(right.element))
            if a != b { return a < b }
            if left.element.isPreferred != right.element.isPreferred { return left.element.isPreferred }
            return left.offset < right.offset
        }.map(\.element)
    }

    /// What the card is called: by its own word, else the parts of the name, the organisation, or whatever names it.
    var name: String {
        let formatted: String = all("FN").first?.text ?? ""
        if !formatted.isEmpty { return formatted }
        let parts: [String] = all("N").first?.parts ?? []
        func part(_ place: Int) -> String { parts.indices.contains(place) ? parts[place] : "" }
        let joined: String = [part(3), part(1), part(2), part(0), part(4)].filter { !$0.isEmpty }.joined(separator: " ")
        if !joined.isEmpty { return joined }
        return [all("NICKNAME").first?.text, organisation, emails.first].compactMap { $0 }.first { !$0.isEmpty } ?? ""
    }

    var emails: [String] { unique(ranked("EMAIL").map { $0.text.hasPrefix("mailto:") ? String($0.text.dropFirst(7)) : $0.text }) }

    /// Numbers that somebody answers; faxes and pagers are none.
    var phones: [String] {
        let numbers: [VCardLine] = ranked("TEL").filter { $0.types.isDisjoint(with: ["fax", "pager", "modem", "bbs"]) }
        return unique(numbers.map { $0.text.hasPrefix("tel:") ? String($0.text.dropFirst(4)) : $0.text })
    }

    var organisation: String { all("ORG").first?.parts.first { !$0.isEmpty } ?? "" }

    /// Street, city, state, postal code, country: the address at work, else the first.
    var address: [String] {
        let lines: [VCardLine] = ranked("ADR") { $0.types.contains("work") ? 0 : 1 }
        guard let parts = lines.first(where: { $0.parts.contains { !$0.isEmpty } })?.parts else { return ["", "", "", "", ""] }
        func part(_ place: Int) -> String { parts.indices.contains(place) ? parts[place] : "" }
        let street: String = [part(2), part(1), part(0)].filter { !$0.isEmpty }.joined(separator: ", ")
        return [street, part(3), part(4), part(5), part(6)].map { $0.split(separator: "\n").joined(separator: ", ") }
    }

    func text(_ name: String) -> String { all(name).first?.text ?? "" }

    /// A day as most programs read it; what is less than a day stays as it is.
    var birthday: String {
        let text: String = String(self.text("BDAY").prefix { $0 != "T" })
        let isShort: Bool = text.utf8.count == 8 && text.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
        guard isShort else { return text }
        return [text.prefix(4), text.dropFirst(4).prefix(2), text.suffix(2)].joined(separator: "-")
    }

    var notes: String { all("NOTE").map(\.text).joined(separator: "\n\n") }

    private func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { !$0.isEmpty && seen.insert($0.lowercased()).inserted }
    }
}
