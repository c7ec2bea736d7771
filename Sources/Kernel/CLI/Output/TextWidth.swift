/// How many columns of a terminal a text takes.
extension Character {
    var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.value < 0x7F { return first.value < 0x20 ? 0 : 1 }
        let properties = first.properties
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        // An emoji sequence, or a text character asked to look like one.
        if properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}") { return 2 }
        return Character.isWide(first.value) ? 2 : 1
    }

    /// East Asian wide and full-width forms (UAX 11).
    private static func isWide(_ code: UInt32) -> Bool {
        switch code {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }
}

extension String {
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// At most so many columns, the last one an ellipsis when something was cut off.
    func cut(to width: Int) -> String {
        guard columns > width else { return self }
        guard width > 1 else { return width == 1 ? "…" : "" }
        var kept = ""
        var used = 0
        for character in self {
            if used + character.columns > width - 1 { break }
            kept.append(character)
            used += character.columns
        }
        while kept.last == " " { kept.removeLast() }
        return kept + "…"
    }

    func padded(to width: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - columns))
        return right ? space + self : self + space
    }

    /// On one line and without control characters: a stored text must not steer the terminal.
    var tame: String {
        guard unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) || $0.isBidiControl })
        else { return self }
        var out = ""
        for scalar in unicodeScalars {
            if scalar == "\n" || scalar == "\t" || scalar == "\r" {
                if out.last != " " { out += " " }
            } else if scalar.value >= 0x20, !(0x7F..<0xA0).contains(scalar.value), !scalar.isBidiControl {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// Lines of at most so many columns, broken at spaces where possible; line breaks of the text are kept.
    func wrapped(to width: Int) -> [String] {
        split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph -> [String] in
            var lines: [String] = []
            var line = ""
            for word in String(paragraph).tame.split(separator: " ", omittingEmptySubsequences: false) {
                if !line.isEmpty, line.columns + 1 + String(word).columns > width {
                    lines.append(line)
                    line = String(word)
                } else {
                    line += (line.isEmpty ? "" : " ") + word
                }
            }
            return lines + [line]
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isBidiControl: Bool { (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value) }
}
