import PluginAPI

extension MetricReader {
    /// One metric, split. Throws `invalid` when it cannot be split so.
    func table(
        _ metric: Metric, _ split: MetricSplit, _ period: Period = .month, holding day: Day? = nil, scope: Scope = .all
    ) throws -> MetricTable {
        try tables([metric], split, period, holding: day, scope: scope)[0]
    }

    /// Metrics over one entity split in the same way: tables with the same groups in the same order, which follows the first.
    func tables(
        _ metrics: [Metric], _ split: MetricSplit, _ period: Period = .month, holding day: Day? = nil, scope: Scope = .all
    ) throws -> [MetricTable] {
        guard let first = metrics.first else { return [] }
        let entity = try transaction.registry.require(first.entity)
        let fields = try split.fields.map { name in
            let field = try transaction.compiler(entity).visible(name)
            try Grouping.check(field)
            return field
        }
        let day = day ?? transaction.today
        var drafts = try metrics.map { metric in
            try MetricDraft(self, metric, entity, fields, split, period, day, scope)
        }
        var groupings = try fields.enumerated().map { place, field in
            let values = Set(drafts.flatMap { $0.tallies.map { $0.keys[place] } }.filter { $0 != .null })
            return try Grouping(field, values, isAlone: fields.count == 1, transaction)
        }
        try MetricDraft.fold(&groupings, drafts, split)
        for place in drafts.indices { drafts[place].gather(groupings) }
        let keys = order(drafts, groupings, split)
        return drafts.map { $0.table(keys, groupings) }
    }

    /// All keys that any of the metrics has, in their order.
    private func order(_ drafts: [MetricDraft], _ groupings: [Grouping], _ split: MetricSplit) -> [[GroupKey]] {
        guard !groupings.isEmpty else { return [] }
        var known = Set(drafts.flatMap { $0.parts.keys })
        if split.withEmpty { known.formUnion(MetricDraft.possible(groupings, transaction.registry)) }
        func size(_ keys: [GroupKey]) -> Int64 {
            drafts.first.map { draft in draft.weight(draft.parts[keys]?.flatMap { $0 } ?? []) } ?? 0
        }
        var outer: [GroupKey: Int64] = [:]
        for keys in known { outer[keys[0], default: 0] &+= size(keys) }
        let ranks: [[GroupKey]: [(Int, Int, Int64, String)]] = Dictionary(
            uniqueKeysWithValues: known.map { keys in
                (keys, groupings.enumerated().map { place, grouping in
                    grouping.rank(keys[place], size: place == groupings.count - 1 ? size(keys) : outer[keys[0]] ?? 0)
                })
            })
        return known.sorted { left, right in
            let (first, second) = (ranks[left] ?? [], ranks[right] ?? [])
            for (one, other) in zip(first, second) where one != other { return one < other }
            return false
        }
    }
}

/// A metric on its way to a table.
struct MetricDraft {
    let metric: Metric
    let entity: EntityModel
    let fields: [FieldModel]
    let by: Period?
    let spans: [DaySpan]
    let span: DaySpan?
    let tallies: [Tally]
    /// The currency that most records have.
    private let currency: Currency?
    private let reader: MetricReader
    private let scope: Scope
    /// The figures of each group, for each span, by currency.
    private(set) var parts: [[GroupKey]: [[Aggregate]]] = [:]

    init(
        _ reader: MetricReader, _ metric: Metric, _ entity: EntityModel, _ fields: [FieldModel], _ split: MetricSplit, _ period: Period,
        _ day: Day, _ scope: Scope
    ) throws {
        self.reader = reader
        self.metric = metric
        self.entity = entity
        self.fields = fields
        self.scope = scope
        guard metric.entity == entity.name else {
            throw CRMError(.invalid, "\(metric.key) is not over \(entity.pluralTitle.lowercased())")
        }
        by = split.by
        var filter = reader.base(metric, entity, scope)
        if let by = split.by {
            guard metric.date != nil else {
                throw CRMError(
                    .invalid, "\(metric.key) is a figure as of now", problems: [Problem(field: "by", "needs a metric with a date")])
            }
            let steps = (0..<max(split.periods, 1)).reversed().compactMap { by.span(holding: day, shifted: -$0) }
            spans = steps
            span = steps.first.flatMap { first in steps.last.map { DaySpan(first: first.first, end: $0.end) } }
        } else {
            spans = []
            let whole = metric.date == nil ? nil : period.span(holding: day)
            span = whole
            if let whole, let date = metric.date { filter = .all([filter, whole.filter(on: date)]) }
        }
        tallies = try reader.transaction.tally(entity, metric.measure, by: fields, over: spans, of: metric.date, where: filter)
        var counts: [Currency?: Int] = [:]
        for tally in tallies { counts[tally.figure.currency, default: 0] += tally.figure.count }
        currency = counts.max { ($0.value, $1.key?.code ?? "") < ($1.value, $0.key?.code ?? "") }?.key ?? nil
    }

    /// When there are more values than groups, the greatest keep theirs.
    static func fold(_ groupings: inout [Grouping], _ drafts: [MetricDraft], _ split: MetricSplit) throws {
        let most = min(max(split.most, 1), MetricSplit.mostGroups)
        for place in groupings.indices {
            var parts: [Value: [Aggregate]] = [:]
            for tally in drafts[0].tallies { parts[tally.keys[place], default: []].append(tally.figure) }
            for tally in drafts.dropFirst().flatMap(\.tallies) where parts[tally.keys[place]] == nil { parts[tally.keys[place]] = [] }
            parts[.null] = nil
            let sizes = parts.mapValues(drafts[0].weight)
            let seen = sizes.keys.filter { !groupings[place].hidden.contains($0) }
            // Rows of two fields keep their order and their number; a query can still say so many.
            let limit = groupings.count > 1 ? MetricSplit.mostGroups : most
            guard seen.count > limit || groupings[place].hidden.count > MetricSplit.mostGroups else { continue }
            let kept = seen.sorted { left, right in
                let (first, second) = (sizes[left] ?? 0, sizes[right] ?? 0)
                return first == second ? ValueText.plain(left) < ValueText.plain(right) : first > second
            }
            groupings[place].keep(Array(kept.prefix(limit)))
        }
    }

    /// How much a group weighs beside others: by the currency that most records have, since currencies do not compare.
    func weight(_ parts: [Aggregate]) -> Int64 {
        var own = parts.filter { $0.currency == currency }
        guard var whole = own.popLast() else { return 0 }
        for part in own { whole.add(part) }
        switch metric.measure {
        case .sum: return whole.sum
        case .average: return MetricReader.mean(whole.sum, whole.count)
        default: return Int64(whole.count)
        }
    }

    mutating func gather(_ groupings: [Grouping]) {
        for tally in tallies {
            let keys = zip(groupings, tally.keys).map { $0.key(of: $1) }
            var columns = parts[keys] ?? Array(repeating: [], count: max(spans.count, 1))
            columns[tally.span].merge(tally.figure)
            parts[keys] = columns
        }
    }

    /// The groups that there could be: all records of an entity whose order is given, within those that they belong to.
    static func possible(_ groupings: [Grouping], _ registry: Registry) -> [[GroupKey]] {
        guard let inner = groupings.last, !inner.current.isEmpty else { return [] }
        func key(_ record: RecordData) -> GroupKey { inner.key(of: .integer(record.id.raw)) }
        guard groupings.count > 1 else { return inner.current.map { [key($0)] } }
        guard let target = inner.field.target.flatMap({ registry.entity($0) }), let outer = groupings[0].field.target,
            let link = target.storedFields.first(where: { $0.type == .reference(outer) && !$0.isSystem })
        else { return [] }
        let current = Set(groupings[0].current.map { Value.integer($0.id.raw) })
        return inner.current.compactMap { record in
            let parent = record.values[link.place]
            return current.contains(parent) ? [groupings[0].key(of: parent), key(record)] : nil
        }
    }

    func table(_ keys: [[GroupKey]], _ groupings: [Grouping]) -> MetricTable {
        let groups = keys.map { keys -> MetricTable.Group in
            let filters = zip(groupings, keys).map { $0.filter($1) }
            let columns = parts[keys] ?? Array(repeating: [], count: max(spans.count, 1))
            return MetricTable.Group(
                keys: keys, labels: zip(groupings, keys).map { $0.label($1) }, color: groupings.last.map { $0.color(keys[keys.count - 1]) } ?? "",
                total: cell(columns.flatMap { $0 }, span, filters),
                cells: spans.indices.map { cell(columns[$0], spans[$0], filters) })
        }
        let columns = spans.indices.map { place in tallies.filter { $0.span == place }.map(\.figure) }
        return MetricTable(
            metric: metric, fields: fields, span: span, by: by, spans: spans, groups: groups,
            total: cell(tallies.map(\.figure), span, []), totals: spans.indices.map { cell(columns[$0], spans[$0], []) })
    }

    private func cell(_ parts: [Aggregate], _ span: DaySpan?, _ filters: [Filter]) -> MetricCell {
        var merged: [Aggregate] = []
        for part in parts { merged.merge(part) }
        return MetricCell(
            figure: reader.figure(metric, entity, merged), query: reader.query(metric, entity, scope, span, narrowedBy: filters))
    }
}

extension [Aggregate] {
    /// Adds a figure to the one of its currency.
    mutating func merge(_ part: Aggregate) {
        if let place = firstIndex(where: { $0.currency == part.currency }) { self[place].add(part) } else { append(part) }
    }
}
