import PluginAPI

/// What plugins put around the lists of an entity, without what is switched off.
struct ListExtras: Sendable {
    /// The keys of the metrics above the list.
    var cards: [String] = []
    /// Columns that count what points at a record.
    var counts: [CountColumn] = []
    /// How what points at a record is shown on its page.
    var related: [RelatedList] = []
}

extension EntityModel {
    /// The number that says where a record stands among the others, for entities that people put in order.
    var positionField: FieldModel? {
        guard let field = field("position"), field.type == .integer, field.isStored, !field.description.isReadOnly else { return nil }
        return field
    }
}
