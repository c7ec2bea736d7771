import PluginAPI

/// `…/{id}/panels` and `…/{id}/panels/{name}`: what plugins work out for a record.
struct PanelsAPI: Sendable {
    let kernel: Kernel
    let entity: EntityModel
    let id: RecordID

    func respond(_ caller: Caller, _ name: String?) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let (entity, id) = (entity, id)
        guard let name else {
            return .json(
                try await kernel.store.read(as: caller.actor) { tx in
                    let shown = tx.panels(entity, try tx.require(entity, id))
                    let labels = try PanelLabels(shown.map(\.panel), tx)
                    return JSONWriter.object { json in
                        json.key("data")
                        json.beginArray()
                        for one in shown { json.panel(one, labels, tx.registry) }
                        json.endArray()
                    }
                })
        }
        guard let model = entity.panel(name) else {
            throw CRMError(
                .notFound, "\(entity.pluralTitle.lowercased()) have no panel \(name)",
                hint: entity.panels.isEmpty ? "" : "There are: " + entity.panels.map(\.name).joined(separator: ", ") + ".")
        }
        return .json(
            try await kernel.store.read(as: caller.actor) { tx in
                guard let panel = try tx.panel(model, try tx.require(entity, id)) else {
                    throw CRMError(.notFound, "there is nothing to show under \(model.title) for \(entity.title.lowercased()) \(id)")
                }
                let labels = try PanelLabels([panel], tx)
                return JSONWriter.document { $0.panel(ShownPanel(model: model, panel: panel), labels, tx.registry) }
            })
    }
}

extension JSONWriter {
    mutating func panel(_ shown: ShownPanel, _ labels: PanelLabels, _ registry: Registry) {
        beginObject()
        field("name", shown.model.name)
        field("title", shown.model.title)
        field("sentence", shown.panel.sentence)
        if !shown.trouble.isEmpty { field("trouble", shown.trouble) }
        key("columns")
        beginArray()
        for column in shown.panel.columns {
            beginObject()
            field("title", column.title)
            field("numeric", column.isNumeric)
            endObject()
        }
        endArray()
        key("rows")
        beginArray()
        for row in shown.panel.rows {
            beginArray()
            for cell in row { self.cell(cell, labels, registry) }
            endArray()
        }
        endArray()
        endObject()
    }

    private mutating func cell(_ cell: Panel.Cell, _ labels: PanelLabels, _ registry: Registry) {
        switch cell.content {
        case .value(let content): value(content)
        case .record(let entity, let id):
            guard let label = labels.label(entity, id), let model = registry.entity(entity) else { return null() }
            beginObject()
            field("entity", entity)
            field("path", model.path)
            field("id", id.raw)
            field("label", label)
            endObject()
        case .duration(let seconds):
            beginObject()
            field("seconds", seconds)
            field("text", Display.duration(seconds))
            endObject()
        case .address(let address):
            beginObject()
            field("href", address)
            field("text", address)
            endObject()
        @unknown default: null()
        }
    }
}
