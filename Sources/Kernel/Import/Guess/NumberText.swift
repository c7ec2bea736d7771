/// Reads a number as people and ledgers write it.
enum NumberText {
    static func read(_ text: String, _ format: NumberFormat) -> Result<ExactNumber, NumberFault> {
        var scalars: ArraySlice<Unicode.Scalar> = Array(text.trimmed.unicodeScalars)[...]
        var isNegative: Bool = false
        var isPercent: Bool = false
        var currency: String?
        if scalars.first == "(" && scalars.last == ")" {
            isNegative = true
            scalars = scalars.dropFirst().dropLast()
        }
        // Signs, currency and percent may stand on either side, in any order.
        var signs: Int = isNegative ? 1 : 0
        var changed: Bool = true
        while changed {
            changed = false
            while let first = scalars.first, first.isSpace { scalars.removeFirst(); changed = true }
            while let last = scalars.last, last.isSpace { scalars.removeLast(); changed = true }
            if let first = scalars.first, isSign(first) {
                scalars.removeFirst()
                signs += 1
                if first != "+" { isNegative = true }
                changed = true
            } else if let last = scalars.last, scalars.count > 1, isSign(last) {
                scalars.removeLast()
                signs += 1
                if last != "+" { isNegative = true }
                changed = true
            }
            if !isPercent, scalars.last == "%" {
                scalars.removeLast()
                isPercent = true
                changed = true
            }
            if currency == nil, let (code, rest) = CurrencyMark.take(from: scalars) {
                currency = code
                scalars = rest
                changed = true
            }
        }
        guard signs <= 1, !scalars.isEmpty else { return .failure(.notANumber) }
        return digits(scalars, format).map { digits, scale in
            ExactNumber(digits: isNegative ? -digits : digits, scale: scale, currency: currency, isPercent: isPercent)
        }
    }

    private static func isSign(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "-" || scalar == "+" || scalar == "\u{2212}"
    }

    private static func digits(
        _ scalars: ArraySlice<Unicode.Scalar>, _ format: NumberFormat
    ) -> Result<(Int64, Int), NumberFault> {
        let point: Unicode.Scalar = format == .decimalPoint ? "." : ","
        var value: Int64 = 0
        var scale: Int = 0
        var inDecimals: Bool = false
        var digitCount: Int = 0
        var groupMark: Unicode.Scalar?
        var groupDigits: Int = 0
        var startsWithZero: Bool = false
        for scalar in scalars {
            if let digit = scalar.asciiDigit {
                if digitCount == 0 && digit == 0 { startsWithZero = true }
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carried) = product.addingReportingOverflow(digit)
                if overflow || carried { return .failure(.tooLarge) }
                value = sum
                digitCount += 1
                groupDigits += 1
                if inDecimals { scale += 1 }
            } else if scalar == point {
                if inDecimals { return .failure(.notANumber) }
                if groupMark != nil && groupDigits != 3 { return .failure(.grouping) }
                inDecimals = true
            } else if isGroupMark(scalar, format) {
                if inDecimals { return .failure(.notANumber) }
                // 0.789 or 1234.567 is no number in thousands.
                if groupMark == nil && (groupDigits == 0 || groupDigits > 3 || startsWithZero) { return .failure(.grouping) }
                if let groupMark, groupMark != scalar || groupDigits != 3 { return .failure(.grouping) }
                groupMark = scalar
                groupDigits = 0
            } else if (scalar == "e" || scalar == "E") && digitCount > 0 {
                return .failure(.scientific)
            } else {
                return .failure(.notANumber)
            }
        }
        if groupMark != nil && !inDecimals && groupDigits != 3 { return .failure(.grouping) }
        if digitCount == 0 { return .failure(.notANumber) }
        return .success((value, scale))
    }

    private static func isGroupMark(_ scalar: Unicode.Scalar, _ format: NumberFormat) -> Bool {
        switch scalar {
        case ",": format == .decimalPoint
        case ".": format == .decimalComma
        case "'", "\u{2019}": true
        default: scalar.isSpace
        }
    }
}

/// Signs and codes of currencies beside a number.
enum CurrencyMark {
    private static let signs: [Unicode.Scalar: String] = [
        "$": "$", "€": "EUR", "£": "GBP", "¥": "¥", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₴": "UAH",
        "₪": "ILS", "₫": "VND", "₦": "NGN", "₱": "PHP", "฿": "THB", "₲": "PYG", "₡": "CRC", "₸": "KZT",
    ]

    /// A sign that only one currency uses gives that currency's code; `$` and `¥` stay as they are.
    static func take(
        from scalars: ArraySlice<Unicode.Scalar>
    ) -> (currency: String, rest: ArraySlice<Unicode.Scalar>)? {
        if let first = scalars.first, let code = signs[first] { return (code, scalars.dropFirst()) }
        if let last = scalars.last, let code = signs[last] { return (code, scalars.dropLast()) }
        if let code = code(scalars.prefix(3)), scalars.count > 3, !scalars[scalars.startIndex + 3].isLetter {
            return (code, scalars.dropFirst(3))
        }
        if let code = code(scalars.suffix(3)), scalars.count > 3, !scalars[scalars.endIndex - 4].isLetter {
            return (code, scalars.dropLast(3))
        }
        return nil
    }

    private static func code(_ scalars: ArraySlice<Unicode.Scalar>) -> String? {
        guard scalars.count == 3, scalars.allSatisfy({ ("A"..."Z").contains($0) }) else { return nil }
        var text: String = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }
}

extension Unicode.Scalar {
    var asciiDigit: Int64? { (48...57).contains(value) ? Int64(value) - 48 : nil }
    /// Space, tab, no-break space, thin space, narrow no-break space.
    var isSpace: Bool { value == 0x20 || value == 9 || value == 0xA0 || value == 0x2009 || value == 0x202F }
    var isLetter: Bool { properties.isAlphabetic }
}
