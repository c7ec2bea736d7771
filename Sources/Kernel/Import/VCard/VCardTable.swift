import PluginAPI

/// Cards as a table, a row each, so that they come in as any other file does: matched with fields, tried out, taken back.
enum VCardTable {
    /// The head of the column that says what is wrong with a card. No program writes it by accident.
    static let problemHeader = "vCard problem"

    private static let heads = [
        "Name", "E-mail", "Phone", "Organisation", "Job title", "Street", "City", "State", "Postal code", "Country", "Website", "Birthday",
        "Notes", "Other e-mail", "Other phone", problemHeader,
    ]

    /// The table as comma separated values. Columns that no card fills are left out, but for the first three.
    static func csv(_ bytes: [UInt8], options: CSVOptions = CSVOptions()) throws -> [UInt8] {
        let cards: [VCard] = try VCardReader(bytes, options: options).cards()
        guard !cards.isEmpty else {
            throw CRMError(.malformed, "the file holds no vCard", hint: "A card begins with BEGIN:VCARD and ends with END:VCARD.")
        }
        let rows: [[String]] = cards.enumerated().map { row($1, number: $0 + 1) }
        let kept: [Int] = heads.indices.filter { column in column < 3 || rows.contains { !$0[column].isEmpty } }
        var text: [UInt8] = []
        for row in [heads] + rows {
            text += kept.map { quoted(row[$0]) }.joined(separator: ",").utf8
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    private static func row(_ card: VCard, number: Int) -> [String] {
        let (emails, phones) = (card.emails, card.phones)
        let problem: String = card.problem.map { "card \(number), which begins in line \(card.line), \($0)" } ?? ""
        var cells: [String] = [card.name.split(separator: "\n").joined(separator: " "), emails.first ?? "", phones.first ?? "", card.organisation, card.text("TITLE")]
        cells += card.address
        cells += [card.text("URL"), card.birthday, card.notes]
        cells += [emails.dropFirst().joined(separator: "; "), phones.dropFirst().joined(separator: "; "), problem]
        return cells
    }

    private static func quoted(_ text: String) -> String { "\"" + text.replacing("\"", with: "\"\"") + "\"" }
}
