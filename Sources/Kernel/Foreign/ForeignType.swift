import CFFI
import PluginAPI

/// A type at the border to C, as `plugin.json` writes it: `text`, `integer`, `number(2)`, `id?`. docs/write-a-plugin/foreign.md is
/// the whole convention.
struct ForeignType: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case text, integer, boolean, id, date, moment
        /// An exact number as whole units of 10 to the power of minus `scale`.
        case number(scale: Int)
        /// The amount alone, as a number; the currency stays behind. Goes in only.
        case money(scale: Int)
    }

    let kind: Kind
    /// Whether there may be nothing. Written with a question mark.
    let isOptional: Bool

    init(_ kind: Kind, isOptional: Bool = false) {
        self.kind = kind
        self.isOptional = isOptional
    }

    static let all = "text, integer, number(2) and money(2) with their decimals, boolean, id, date and moment, each with ? where it may be empty"

    /// Reads a type; nil when there is none of this name.
    init?(_ name: String) {
        let isOptional: Bool = name.hasSuffix("?")
        let bare: Substring = isOptional ? name.dropLast() : name[...]
        guard let kind = Self.plain[String(bare)] ?? Self.scaled(bare) else { return nil }
        self.init(kind, isOptional: isOptional)
    }

    private static let plain: [String: Kind] = [
        "text": .text, "integer": .integer, "boolean": .boolean, "id": .id, "date": .date, "moment": .moment,
    ]

    private static func scaled(_ name: Substring) -> Kind? {
        let parts: [Substring] = name.split(separator: "(", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 2, parts[1].hasSuffix(")") else { return nil }
        guard let scale = Int(parts[1].dropLast()), (0...9).contains(scale) else { return nil }
        return parts[0] == "number" ? .number(scale: scale) : parts[0] == "money" ? .money(scale: scale) : nil
    }

    var formulaType: FormulaType {
        switch kind {
        case .text: .text
        case .integer: .integer
        case .number: .number
        case .money: .money
        case .boolean: .boolean
        case .id: .id
        case .date: .date
        case .moment: .moment
        }
    }

    /// Whether it crosses as an address: texts always, other values where they may be missing. An id that is missing is 0.
    var isPointer: Bool { kind == .text || isOptional && kind != .id }

    /// The type as libffi is told of it.
    var word: UInt8 {
        if isPointer { return UInt8(TENON_FFI_POINTER) }
        return kind == .boolean ? UInt8(TENON_FFI_BOOL) : UInt8(TENON_FFI_INT64)
    }

    /// The type in C.
    var inC: String {
        switch kind {
        case .text: "const char *"
        case .boolean: isPointer ? "const bool *" : "bool "
        default: isPointer ? "const int64_t *" : "int64_t "
        }
    }
}

extension ForeignType: CustomStringConvertible {
    var description: String {
        let name: String =
            switch kind {
            case .number(let scale), .money(let scale): "\(formulaType.rawValue)(\(scale))"
            default: formulaType.rawValue
            }
        return isOptional ? name + "?" : name
    }
}
