import Logging
import PluginAPI

/// What came of working out a panel.
struct ShownPanel: Sendable {
    let model: PanelModel
    let panel: Panel
    /// Why it could not be worked out, as a sentence; then there is nothing else.
    var trouble = ""
}

extension StoreTransaction {
    /// The panels of a record that have something to say to this user. One that fails says so in its place, and the others
    /// are there all the same.
    func panels(_ entity: EntityModel, _ record: RecordData) -> [ShownPanel] {
        entity.panels.compactMap { model in
            do {
                return try panel(model, record).map { ShownPanel(model: model, panel: $0) }
            } catch {
                let told = Problems.told(error, dialect: dialect)
                if told.code == .internalError {
                    Logger(label: "plugin." + model.plugin).error("panel \(model.name) of \(entity.name) \(record.id): \(error)")
                }
                let trouble = told.code == .internalError ? "This cannot be worked out now." : told.message.asSentence
                return ShownPanel(model: model, panel: Panel(), trouble: trouble)
            }
        }
    }

    /// What one panel says of a record; nil when that is nothing, or not for this user.
    func panel(_ model: PanelModel, _ record: RecordData) throws -> Panel? {
        do {
            let panel = try calling(model.site) { try model.body(record, transaction(for: model.plugin)) }
            return panel.isEmpty ? nil : panel
        } catch let error as CRMError where error.code == .notFound || error.code == .forbidden { return nil }
    }
}

/// The names of the records in the cells of a panel, as far as the reader may see them; looked up together.
struct PanelLabels {
    private var known: [String: [Int64: String]] = [:]

    init(_ panels: [Panel], _ transaction: StoreTransaction) throws {
        var wanted: [String: Set<Int64>] = [:]
        for cell in panels.lazy.flatMap(\.rows).joined() {
            if case .record(let entity, let id) = cell.content { wanted[entity, default: []].insert(id.raw) }
        }
        for (entity, ids) in wanted {
            if entity == "user" {
                for id in ids { known[entity, default: [:]][id] = transaction.actor.rights.people[id]?.name }
            } else {
                known[entity] = try transaction.labels(entity, ids)
            }
        }
    }

    /// The name of a record; nil when there is none that the reader may see.
    func label(_ entity: String, _ id: RecordID) -> String? { known[entity]?[id.raw] }
}

extension Display {
    /// A length of time by its two largest units: `3 d 4 h`, `12 min`, `45 s`.
    static func duration(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
        var rest = max(0, seconds)
        var parts: [String] = []
        for (length, name) in units {
            let count = rest / length
            rest %= length
            if count > 0 { parts.append("\(count) \(name)") } else if !parts.isEmpty { break }
            if parts.count == 2 { break }
        }
        return parts.isEmpty ? "0 s" : parts.joined(separator: " ")
    }
}
