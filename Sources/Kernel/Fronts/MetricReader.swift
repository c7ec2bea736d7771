import PluginAPI

/// A figure of a metric.
struct MetricFigure: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case number(FixedDecimal)
        /// One amount for each currency, the one with the most records first.
        case amounts([Money])
        /// The mean of nothing.
        case nothing
    }
    var value: Value
    /// How many records make it up.
    var count: Int
}

/// A metric over a period, with the period before and the way to the records behind it.
struct MetricReading: Sendable {
    let metric: Metric
    let period: Period
    /// The days that count; nil for all time and for figures as of now.
    let span: DaySpan?
    let figure: MetricFigure
    /// The same over the period before; nil where there is none.
    let previous: MetricFigure?
    /// The figure of each of the latest periods, the earliest first, when asked for.
    var series: [(span: DaySpan, figure: MetricFigure)] = []
    /// The query of the list of exactly these records.
    let query: [FrontRequest.QueryItem]
}

/// Works metrics out for whoever asks: over the records that this user may see, and no others.
struct MetricReader {
    let transaction: StoreTransaction

    /// The metrics that the user may read.
    func readable() -> [Owned<Metric>] {
        transaction.registry.metrics.filter { owned in
            isReadable(owned.body)
        }
    }

    /// Whether the user sees all that a metric is about: its records' measure and date, and what decides which of them count.
    func isReadable(_ metric: Metric) -> Bool {
        guard let entity = transaction.registry.entity(metric.entity), transaction.actor.can("view", on: entity.name) else { return false }
        let fields = [measuredField(metric), metric.date].compactMap { $0 }
        return fields.allSatisfy { transaction.actor.mask($0, of: entity.name) != .hidden } && mayAsk(metric.filter, entity)
    }

    /// Whether a condition names nothing that is hidden from the user, in formulas neither.
    func mayAsk(_ filter: Filter, _ entity: EntityModel) -> Bool {
        (try? transaction.compiler(entity).condition(filter)) != nil
    }

    /// A metric by its key; throws `notFound` when there is none that the user may read.
    func find(_ key: String) throws -> Metric {
        guard let metric = readable().first(where: { $0.body.key == key })?.body else {
            throw CRMError(.notFound, "there is no metric \(key)", hint: "Its plugin may be switched off, or you may not see its records.")
        }
        return metric
    }

    /// - Parameters:
    ///   - day: a day of the period; today unless given.
    ///   - scope: narrows to the user's own or the user's teams' records. Never widens: rights decide what is seen.
    ///   - series: how many of the latest periods to read one by one.
    func read(_ metric: Metric, _ period: Period, holding day: Day? = nil, scope: Scope = .all, series: Int = 0) throws -> MetricReading {
        let entity = try transaction.registry.require(metric.entity)
        let day = day ?? transaction.today
        let filter = base(metric, entity, scope)
        guard let date = metric.date, let span = period.span(holding: day) else {
            let tallies = try transaction.tally(entity, metric.measure, where: filter)
            return MetricReading(
                metric: metric, period: period, span: nil, figure: figure(metric, entity, tallies.map(\.figure)), previous: nil,
                query: query(metric, entity, scope, nil))
        }
        // The period, the one before and the series are spans of one question.
        let spans = (0..<max(series, 2)).reversed().compactMap { period.span(holding: day, shifted: -$0) }
        let tallies = try transaction.tally(entity, metric.measure, over: spans, of: date, where: filter)
        let figures = spans.indices.map { place in
            figure(metric, entity, tallies.filter { $0.span == place }.map(\.figure))
        }
        let steps = zip(spans, figures).map { (span: $0, figure: $1) }
        return MetricReading(
            metric: metric, period: period, span: span, figure: figures[figures.count - 1], previous: figures[figures.count - 2],
            series: Array(steps.suffix(series)), query: query(metric, entity, scope, span))
    }

    /// The records that count, whenever they fall.
    func base(_ metric: Metric, _ entity: EntityModel, _ scope: Scope) -> Filter {
        .all([metric.filter] + [narrowed(entity, scope)].compactMap { $0 })
    }

    /// A figure of its parts, one for each currency.
    func figure(_ metric: Metric, _ entity: EntityModel, _ parts: [Aggregate]) -> MetricFigure {
        let count = parts.reduce(0) { $0 + $1.count }
        switch metric.measure {
        case .sum(let name): return MetricFigure(value: value(entity, name, parts) { $0.sum }, count: count)
        case .average(let name):
            if count == 0 { return MetricFigure(value: .nothing, count: 0) }
            return MetricFigure(value: value(entity, name, parts) { MetricReader.mean($0.sum, $0.count) }, count: count)
        default: return MetricFigure(value: .number(FixedDecimal(units: Int64(count), scale: 0)), count: count)
        }
    }

    private func value(_ entity: EntityModel, _ name: String, _ parts: [Aggregate], _ units: (Aggregate) -> Int64) -> MetricFigure.Value {
        switch entity.field(name)?.type {
        case .money:
            let inOrder = parts.sorted { ($1.count, $0.currency?.code ?? "") < ($0.count, $1.currency?.code ?? "") }
            return .amounts(inOrder.compactMap { part in part.currency.map { Money(minor: units(part), $0) } })
        case .decimal(let scale): return .number(FixedDecimal(units: parts.first.map(units) ?? 0, scale: scale))
        default: return .number(FixedDecimal(units: parts.first.map(units) ?? 0, scale: 0))
        }
    }

    /// The mean in whole units, halves away from zero.
    static func mean(_ sum: Int64, _ count: Int) -> Int64 {
        guard count > 0 else { return 0 }
        let (quotient, rest) = sum.quotientAndRemainder(dividingBy: Int64(count))
        return rest.magnitude * 2 >= UInt64(count) ? quotient + (sum < 0 ? -1 : 1) : quotient
    }

    private func measuredField(_ metric: Metric) -> String? {
        switch metric.measure {
        case .sum(let name), .average(let name): name
        default: nil
        }
    }

    private func narrowed(_ entity: EntityModel, _ scope: Scope) -> Filter? {
        let owner = entity.ownerField?.name ?? "created_by"
        switch scope {
        case .own: return .compare(owner, .equal, .currentUser)
        case .team:
            let user = transaction.actor.userID
            let mates = user.map { transaction.actor.rights.teammates(of: $0) } ?? []
            return .oneOf(owner, mates.map { .value(.integer($0)) })
        default: return nil
        }
    }

    /// The same condition as a list's query. What a query cannot say goes by the metric's name.
    func query(
        _ metric: Metric, _ entity: EntityModel, _ scope: Scope, _ span: DaySpan?, narrowedBy more: [Filter] = []
    ) -> [FrontRequest.QueryItem] {
        var filters = [metric.filter]
        if let measured = measuredField(metric) { filters.append(.not(.empty(measured))) }
        var items = ListQuery.items(.all(filters)) ?? [.init(name: "metric", value: metric.key)]
        if let span, let date = metric.date { items += ListQuery.items(span.filter(on: date)) ?? [] }
        let owner = (entity.ownerField?.name ?? "created_by") + ".in"
        switch scope {
        case .own: items.append(.init(name: owner, value: "me"))
        case .team:
            let mates = transaction.actor.userID.map { transaction.actor.rights.teammates(of: $0) } ?? []
            items.append(.init(name: owner, value: mates.map(String.init).joined(separator: ",")))
        default: break
        }
        // In a query, values of one name are alternatives; a group is a condition of its own.
        let taken = Set(items.map(\.name))
        for filter in more {
            let own = ListQuery.items(filter) ?? []
            switch filter {
            case .compare(let name, .equal, _) where taken.contains(name):
                items += own.map { .init(name: name + ".eq", value: $0.value) }
            case .oneOf(let name, _) where taken.contains(name):
                items.append(.init(name: name + ".in", value: own.map(\.value).joined(separator: ",")))
            default: items += own
            }
        }
        return items
    }
}
