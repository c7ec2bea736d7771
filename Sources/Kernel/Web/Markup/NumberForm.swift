import PluginAPI

/// How numbers are written for people: groups of three, a point before the decimals.
enum NumberForm {
    static func grouped(_ number: Int) -> String { grouped(String(number)) }

    /// Groups the digits before the point.
    static func grouped(_ exact: String) -> String {
        let negative = exact.hasPrefix("-")
        let digits = negative ? exact.dropFirst() : exact[...]
        let parts = digits.split(separator: ".", maxSplits: 1)
        guard let whole = parts.first else { return exact }
        var result: [Character] = []
        for (place, digit) in whole.reversed().enumerated() {
            if place > 0, place % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return (negative ? "−" : "") + String(result.reversed()) + (parts.count > 1 ? "." + parts[1] : "")
    }

    /// An amount: `€24,500.00`, `CHF 90.00`. `short` leaves out decimals that are zero.
    static func money(_ money: Money, short: Bool = false) -> String {
        var amount = grouped(money.amount)
        if short, let point = amount.firstIndex(of: "."), amount[point...].dropFirst().allSatisfy({ $0 == "0" }) {
            amount = String(amount[..<point])
        }
        let sign = symbol(money.currency.code)
        return amount.hasPrefix("−") ? "−" + sign + amount.dropFirst() : sign + amount
    }

    private static func symbol(_ code: String) -> String {
        switch code {
        case "EUR": "€"
        case "USD": "$"
        case "GBP": "£"
        case "JPY": "¥"
        default: code + " "
        }
    }
}
