import PluginAPI

/// What a deal is expected to bring: its value weighted with its probability.
enum DealValue {
    @Sendable static func weigh(_ change: inout Change<Deal>, _ transaction: Transaction) throws {
        change.new[Deal.expectedRevenue] = weighted(change.new[Deal.value], change.new[Deal.probability])
    }

    static func weighted(_ value: Money?, _ probability: Int?) -> Money? {
        guard let value, let probability else { return nil }
        return weighted(value, percent: probability)
    }

    /// Exact to the minor unit; a half goes away from zero. The percentage is from 0 to 100, so that the result always fits.
    static func weighted(_ value: Money, percent: Int) -> Money {
        let percent = Int64(min(max(percent, 0), 100))
        let product = value.minor.multipliedFullWidth(by: percent)
        var (whole, rest) = Int64(100).dividingFullWidth(product)
        if abs(rest) >= 50 { whole += rest < 0 ? -1 : 1 }
        return Money(minor: whole, value.currency)
    }

    /// Fills the fields in for deals that were stored before there were any. The day of a stage is not known for them: they
    /// have been there at least since they were last changed.
    @Sendable static func fillIn(_ transaction: Transaction) throws {
        var last: Int64 = 0
        while true {
            let after = Condition<Deal>(.compare("id", .greater, .value(.integer(last))))
            let deals = try transaction.all(Deal.self, where: after, sort: Sort(field: "id", descending: false), limit: 500)
            guard let end = deals.last else { return }
            last = end.id.raw
            for var deal in deals {
                deal[Deal.expectedRevenue] = weighted(deal[Deal.value], deal[Deal.probability])
                if deal.isEmpty(Deal.stageSince) { deal[Deal.stageSince] = deal[Deal.updatedAt].day }
                try transaction.save(deal)
            }
        }
    }
}
