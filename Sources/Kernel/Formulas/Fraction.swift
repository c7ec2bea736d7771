import PluginAPI

/// A quotient of whole numbers, exact until it is rounded. Calculations that leave its range throw.
struct Fraction: Sendable, Hashable {
    let numerator: Int128
    /// Greater than zero.
    let denominator: Int128

    private init(_ numerator: Int128, over denominator: Int128) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// A number with decimals.
    init(units: Int64, scale: Int) { self.init(Int128(units), over: Fraction.power(scale)) }

    static func power(_ exponent: Int) -> Int128 {
        var power: Int128 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }

    /// With the same value and smaller parts, where they have become large.
    private static func made(_ numerator: (partialValue: Int128, overflow: Bool), _ denominator: (partialValue: Int128, overflow: Bool)) throws -> Fraction {
        guard !numerator.overflow, !denominator.overflow else { throw FormulaFault.overflow }
        let (top, bottom) = (numerator.partialValue, denominator.partialValue)
        guard top.magnitude > 1 << 62 || bottom > 1 << 62 else { return Fraction(top, over: bottom) }
        var (a, b) = (top.magnitude, bottom.magnitude)
        while b != 0 { (a, b) = (b, a % b) }
        guard a > 1, a <= UInt128(Int128.max) else { return Fraction(top, over: bottom) }
        return Fraction(top / Int128(a), over: bottom / Int128(a))
    }

    static func + (left: Fraction, right: Fraction) throws -> Fraction {
        let (a, over) = left.numerator.multipliedReportingOverflow(by: right.denominator)
        let (b, over2) = right.numerator.multipliedReportingOverflow(by: left.denominator)
        guard !over, !over2 else { throw FormulaFault.overflow }
        return try made(a.addingReportingOverflow(b), left.denominator.multipliedReportingOverflow(by: right.denominator))
    }

    static func - (left: Fraction, right: Fraction) throws -> Fraction { try left + right.negated() }

    static func * (left: Fraction, right: Fraction) throws -> Fraction {
        try made(
            left.numerator.multipliedReportingOverflow(by: right.numerator),
            left.denominator.multipliedReportingOverflow(by: right.denominator))
    }

    static func / (left: Fraction, right: Fraction) throws -> Fraction {
        guard right.numerator != 0 else { throw FormulaFault.divisionByZero }
        let sign: Int128 = right.numerator < 0 ? -1 : 1
        let (top, over) = right.denominator.multipliedReportingOverflow(by: sign)
        let (bottom, over2) = right.numerator.multipliedReportingOverflow(by: sign)
        guard !over, !over2 else { throw FormulaFault.overflow }
        return try left * Fraction(top, over: bottom)
    }

    func negated() throws -> Fraction {
        let (top, over) = Int128(0).subtractingReportingOverflow(numerator)
        guard !over else { throw FormulaFault.overflow }
        return Fraction(top, over: denominator)
    }

    /// Less than zero, zero or more: how it compares with another.
    func compared(with other: Fraction) throws -> Int {
        let difference: Fraction = try self - other
        return Int(difference.numerator.signum())
    }

    /// How a number is brought to fewer decimals.
    enum Rounding: Sendable {
        /// The nearest; a half away from zero, as people do.
        case nearest
        /// The nearest; a half to the even digit.
        case even
        /// The next greater.
        case up
        /// The next smaller.
        case down
    }

    /// The units of the number with so many decimals.
    func rounded(_ rule: Rounding, scale: Int) throws -> Int64 {
        let (scaled, over) = numerator.multipliedReportingOverflow(by: Fraction.power(scale))
        guard !over else { throw FormulaFault.overflow }
        var (quotient, rest) = scaled.quotientAndRemainder(dividingBy: denominator)
        // From here on the rest is not negative: the quotient is the next smaller number.
        if rest < 0 { (quotient, rest) = (quotient - 1, rest + denominator) }
        let isUp: Bool
        switch rule {
        case .down: isUp = false
        case .up: isUp = rest != 0
        case .nearest: isUp = rest > denominator - rest || rest == denominator - rest && numerator > 0
        case .even: isUp = rest > denominator - rest || rest == denominator - rest && quotient & 1 == 1
        }
        guard let units = Int64(exactly: isUp ? quotient + 1 : quotient) else { throw FormulaFault.overflow }
        return units
    }
}

/// An amount in minor units that may be between two of them.
struct MoneyFraction: Sendable, Hashable {
    var minor: Fraction
    var currency: Currency
}
