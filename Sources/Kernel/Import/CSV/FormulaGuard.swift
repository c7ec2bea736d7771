/// Spreadsheets run a cell that begins with one of a few characters as a formula. An apostrophe before it
/// makes it text.
///
/// A program that takes another character for the separator, or does not know quotes within a line, begins a cell
/// in the middle of one of ours: so what follows a separator or the end of a line within a cell is treated like
/// its beginning.
///
/// Where there are apostrophes before such a character already, there is one more, so that taking one away again
/// always gives back the text that was written.
enum FormulaGuard {
    /// Where an apostrophe has to come in before a cell is written; mostly nowhere.
    static func placesToGuard(_ cell: UnsafeBufferPointer<UInt8>) -> [Int] { places(cell, guardsBare: true) }

    /// Where an apostrophe has to go when a cell is read that was written here.
    static func placesGuarded(_ cell: UnsafeBufferPointer<UInt8>) -> [Int] {
        cell.contains(apostrophe) ? places(cell, guardsBare: false) : []
    }

    private static let apostrophe: UInt8 = UInt8(ascii: "'")

    private static func places(_ cell: UnsafeBufferPointer<UInt8>, guardsBare: Bool) -> [Int] {
        var found: [Int] = []
        var start: Int = 0
        while start < cell.count {
            var sign: Int = start
            while sign < cell.count, cell[sign] == apostrophe { sign += 1 }
            if sign < cell.count, startsFormula(cell, at: sign, isFirst: start == 0) {
                let isBare: Bool = sign == start
                if !isBare || guardsBare && !isPlainNumber(cell, from: start) { found.append(start) }
            }
            guard let separator = cell[sign...].firstIndex(where: isSeparator) else { break }
            start = separator + 1
        }
        return found
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ";"), 0x09, 0x0A, 0x0D: true
        default: false
        }
    }

    private static func startsFormula(_ cell: UnsafeBufferPointer<UInt8>, at place: Int, isFirst: Bool) -> Bool {
        switch cell[place] {
        case UInt8(ascii: "="), UInt8(ascii: "@"): return true
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            // Lists within a text have a dash and a space at the beginning of their lines, which no formula has.
            return isFirst || place + 1 < cell.count && cell[place + 1] > UInt8(ascii: " ")
        case 0x09, 0x0D: return isFirst
        case 0xEF:
            // The wide forms of the same signs: U+FF1D, U+FF0B, U+FF0D and U+FF20.
            guard place + 2 < cell.count, cell[place + 1] == 0xBC else { return false }
            return [0x9D, 0x8B, 0x8D, 0xA0].contains(cell[place + 2])
        default: return false
        }
    }

    /// A sign, digits and at most one decimal point up to the next separator: harmless, and useless as text.
    /// At the beginning of a cell all of it has to be.
    private static func isPlainNumber(_ cell: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        var digits: Int = 0
        var points: Int = 0
        for index in start..<cell.count {
            switch cell[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
            case UInt8(ascii: "."): points += 1
            case UInt8(ascii: "-"), UInt8(ascii: "+"): if index > start { return false }
            case let byte where start > 0 && isSeparator(byte): return digits > 0 && points <= 1
            default: return false
            }
        }
        return digits > 0 && points <= 1
    }
}
