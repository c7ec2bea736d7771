/// An exact decimal number: whole units of 10 to the power of minus `scale`. Never a floating-point number.
@frozen
public struct FixedDecimal: Hashable, Sendable, CustomStringConvertible {
    /// The number multiplied by 10 to the power of `scale`.
    public var units: Int64
    /// The count of decimal places, 0 to 9.
    public var scale: Int

    /// Makes a number from its units: `FixedDecimal(units: 1925, scale: 2)` is 19.25.
    @inlinable public init(units: Int64, scale: Int) {
        self.units = units
        self.scale = scale
    }

    /// Reads a plain decimal (`-12.5`, `12`); nil when it is not one, has more than `scale` decimals other than zeros, or
    /// does not fit in 64 bits. Neither separators of thousands nor exponents are accepted.
    public init?(_ text: some StringProtocol, scale: Int) {
        var text = String(text)
        guard let units = text.withUTF8({ FixedDecimal.units($0, scale) }) else { return nil }
        self.units = units
        self.scale = scale
    }

    private static func units(_ text: UnsafeBufferPointer<UInt8>, _ scale: Int) -> Int64? {
        var units: Int64 = 0
        var negative = false
        var decimals = -1
        var digits = 0
        for position in text.indices {
            let byte: UInt8 = text[position]
            switch byte {
            case UInt8(ascii: "-") where position == 0: negative = true
            case UInt8(ascii: "+") where position == 0: break
            case UInt8(ascii: ".") where decimals < 0: decimals = 0
            case 48...57:
                digits += 1
                let digit = Int64(byte - 48)
                if decimals >= 0 {
                    decimals += 1
                    if decimals > scale {
                        if digit != 0 { return nil }
                        continue
                    }
                }
                let (shifted, over) = units.multipliedReportingOverflow(by: 10)
                let (added, over2) = shifted.addingReportingOverflow(digit)
                if over || over2 { return nil }
                units = added
            default: return nil
            }
        }
        guard digits > 0 else { return nil }
        var missing = scale - max(0, min(decimals, scale))
        while missing > 0 {
            let (shifted, over) = units.multipliedReportingOverflow(by: 10)
            if over { return nil }
            units = shifted
            missing -= 1
        }
        return negative ? -units : units
    }

    /// The plain decimal with all its places: `19.25`, `-0.50`.
    public var description: String {
        guard scale > 0 else { return String(units) }
        var digits = String(units.magnitude)
        if digits.utf8.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits }
        let point = digits.index(digits.endIndex, offsetBy: -scale)
        return (units < 0 ? "-" : "") + digits[..<point] + "." + digits[point...]
    }
}
