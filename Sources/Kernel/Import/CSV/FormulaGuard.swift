/// Spreadsheets run a cell that begins with one of a few characters as a formula. An apostrophe before it
/// makes it text.
///
/// A cell that already has apostrophes before such a character gets one more, so that taking one away again
/// always gives back the text that was written.
enum FormulaGuard {
    static func needsNeutralising(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = cell.first else { return false }
        if first != apostrophe { return startsFormula(first) && !isPlainNumber(cell) }
        return isNeutralised(cell)
    }

    static func isNeutralised(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        guard cell.first == apostrophe, let next = cell.first(where: { $0 != apostrophe }) else { return false }
        return startsFormula(next)
    }

    private static let apostrophe: UInt8 = UInt8(ascii: "'")

    private static func startsFormula(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: true
        default: false
        }
    }

    /// A sign, digits and at most one decimal point: harmless, and useless as text.
    private static func isPlainNumber(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        var digits: Int = 0
        var points: Int = 0
        for (index, byte) in cell.enumerated() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
            case UInt8(ascii: "."): points += 1
            case UInt8(ascii: "-"), UInt8(ascii: "+"): if index > 0 { return false }
            default: return false
            }
        }
        return digits > 0 && points <= 1
    }
}
