/// Colours and weights of a terminal, or none of them.
struct TextStyle: Sendable {
    enum Depth: Sendable { case none, few, full }
    var depth: Depth

    static let plain = TextStyle(depth: .none)

    enum Look: Sendable {
        case bold, dim, good, warning, bad, accent
        var code: String {
            switch self {
            case .bold: "1"
            case .dim: "2"
            case .good: "32"
            case .warning: "33"
            case .bad: "31"
            case .accent: "36"
            }
        }
    }

    func callAsFunction(_ look: Look, _ text: String) -> String {
        depth == .none || text.isEmpty ? text : "\u{1B}[\(look.code)m\(text)\u{1B}[0m"
    }

    /// A text in a colour given as `#rrggbb`; plain where colours are off or the text is no colour.
    func colored(_ text: String, hex: String) -> String {
        guard depth != .none, hex.count == 7, hex.hasPrefix("#"), let code = UInt32(hex.dropFirst(), radix: 16) else { return text }
        let (red, green, blue) = (Int(code >> 16 & 255), Int(code >> 8 & 255), Int(code & 255))
        let parameters: String
        if depth == .full {
            parameters = "38;2;\(red);\(green);\(blue)"
        } else {
            // The nearest cell of the 6 × 6 × 6 cube that 256-colour terminals have.
            func step(_ part: Int) -> Int { part < 48 ? 0 : part < 115 ? 1 : (part - 35) / 40 }
            parameters = "38;5;\(16 + 36 * step(red) + 6 * step(green) + step(blue))"
        }
        return "\u{1B}[\(parameters)m\(text)\u{1B}[0m"
    }
}
