/// How numbers are written in a column.
enum NumberFormat: String, Hashable, Sendable, CaseIterable {
    /// `1,234.56` or `1 234.56` or `1'234.56`
    case decimalPoint = "1,234.56"
    /// `1.234,56` or `1 234,56`
    case decimalComma = "1.234,56"

    var name: String { rawValue }

    /// The exact number that a text means, or why it is none.
    func read(_ text: String) -> Result<ExactNumber, NumberFault> {
        NumberText.read(text, self)
    }
}

/// A decimal number without floating point: `digits` × 10^-`scale`.
struct ExactNumber: Hashable, Sendable {
    var digits: Int64
    /// Decimals as written.
    var scale: Int
    /// A three-letter code or a sign, as written beside the number.
    var currency: String?
    var isPercent: Bool = false

    /// The number in units of 10^-`scale`. Decimals beyond that must be zeros: nothing is rounded.
    func scaled(to scale: Int) -> Result<Int64, NumberFault> {
        var result: Int64 = digits
        if scale >= self.scale {
            for _ in self.scale..<scale {
                let (product, overflow) = result.multipliedReportingOverflow(by: 10)
                if overflow { return .failure(.tooLarge) }
                result = product
            }
            return .success(result)
        }
        for _ in scale..<self.scale {
            if result % 10 != 0 { return .failure(.tooManyDecimals(allowed: scale)) }
            result /= 10
        }
        return .success(result)
    }
}

/// Why a text is no number of the wanted kind.
enum NumberFault: Error, Hashable, Sendable {
    case notANumber
    case tooLarge
    case tooManyDecimals(allowed: Int)
    case scientific
    case grouping

    /// A lower-case fact about the text.
    var message: String {
        switch self {
        case .notANumber: "is not a number"
        case .tooLarge: "is too large"
        case .tooManyDecimals(0): "must be a whole number"
        case .tooManyDecimals(let allowed): "has more than \(allowed) decimals"
        case .scientific: "is in scientific notation, which may have lost digits"
        case .grouping: "has its thousands grouped in an unexpected way"
        }
    }
}
