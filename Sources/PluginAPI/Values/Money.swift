/// A currency by its three-letter ISO 4217 code.
@frozen
public struct Currency: Hashable, Sendable, CustomStringConvertible {
    /// The three ASCII capitals, packed most significant first.
    public let packed: UInt32

    /// Makes a currency from a code such as `EUR`; nil unless it is three ASCII letters. Lower case is accepted.
    public init?(_ code: some StringProtocol) {
        var code = String(code)
        guard let packed = code.withUTF8(Currency.packed) else { return nil }
        self.packed = packed
    }

    private static func packed(_ code: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard code.count == 3 else { return nil }
        var packed: UInt32 = 0
        for byte in code {
            let upper = byte >= 97 && byte <= 122 ? byte - 32 : byte
            guard upper >= 65, upper <= 90 else { return nil }
            packed = packed << 8 | UInt32(upper)
        }
        return packed
    }

    @inlinable init(packed: UInt32) { self.packed = packed }

    /// The euro.
    @inlinable public static var eur: Currency { Currency(packed: 0x45_55_52) }
    /// The dollar of the United States.
    @inlinable public static var usd: Currency { Currency(packed: 0x55_53_44) }

    /// The three-letter code.
    public var code: String {
        String(decoding: [UInt8(packed >> 16 & 255), UInt8(packed >> 8 & 255), UInt8(packed & 255)], as: UTF8.self)
    }

    /// The three-letter code.
    public var description: String { code }

    /// How many decimal places an amount has: the minor unit of ISO 4217 (2 for most, 0 for JPY, 3 for KWD).
    public var minorDigits: Int {
        Currency.unusualDigits[packed] ?? 2
    }

    private static let unusualDigits: [UInt32: Int] = {
        let codes: [(digits: Int, codes: String)] = [
            (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
            (3, "BHD IQD JOD KWD LYD OMR TND"), (4, "CLF UYW"),
        ]
        var digits: [UInt32: Int] = [:]
        for group in codes {
            for code in group.codes.split(separator: " ") { digits[Currency(code)?.packed ?? 0] = group.digits }
        }
        return digits
    }()
}

/// An exact amount: whole minor units (cents) of one currency. May be negative.
@frozen
public struct Money: Hashable, Sendable, CustomStringConvertible {
    /// The amount in minor units: 1250 for 12.50 EUR.
    public var minor: Int64
    /// The currency.
    public var currency: Currency

    /// Makes an amount from minor units.
    @inlinable public init(minor: Int64, _ currency: Currency) {
        self.minor = minor
        self.currency = currency
    }

    /// Reads a plain decimal such as `1250.00`; nil when it is not one, has too many decimals, or does not fit.
    public init?(_ text: some StringProtocol, _ currency: Currency) {
        guard let exact = FixedDecimal(text, scale: currency.minorDigits) else { return nil }
        self.init(minor: exact.units, currency)
    }

    /// The amount as a plain decimal without the currency: `1250.00`.
    public var amount: String { FixedDecimal(units: minor, scale: currency.minorDigits).description }

    /// Amount and currency: `1250.00 EUR`.
    public var description: String { amount + " " + currency.code }

    /// The sum of two amounts; nil when the currencies differ or the sum does not fit.
    public func adding(_ other: Money) -> Money? {
        guard other.currency == currency else { return nil }
        let (sum, overflow) = minor.addingReportingOverflow(other.minor)
        return overflow ? nil : Money(minor: sum, currency)
    }
}
