import PluginAPI

/// The figures above a list, each opening the records behind it.
enum ListCardsMarkup {
    static func html(_ entity: EntityModel, _ transaction: StoreTransaction) throws -> HTML {
        let readings: [MetricReading] = try ListCardReader.readings(entity, transaction)
        guard !readings.isEmpty else { return "" }
        let tiles = readings.html { reading in
            let path: String = transaction.registry.entity(reading.metric.entity)?.path ?? ""
            let query: String = reading.query.encoded
            let href: String = "/admin/\(path)" + (query.isEmpty ? "" : "?" + query)
            return "<a class=\"tile\" href=\"\(href)\"><span class=\"name\">\(reading.metric.title)</span><span class=\"value\">\(text(reading.figure.value))</span></a>"
        }
        return "<div class=\"tiles list-cards\">\(tiles)</div>"
    }

    private static func text(_ value: MetricFigure.Value) -> String {
        switch value {
        case .number(let number): Display.grouped(number.description)
        case .amounts(let amounts): amounts.isEmpty ? "0" : amounts.map(Display.short).joined(separator: " + ")
        case .nothing: "–"
        }
    }
}
