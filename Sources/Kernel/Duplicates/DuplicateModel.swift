import PluginAPI

/// A rule by which two records of an entity are probably the same, in the frozen registry.
struct DuplicateModel: Sendable {
    let kind: Contributions.DuplicateEntry.Rule.Kind
    let fields: [FieldModel]

    /// What it says of two records: `same e-mail`, `similar name and town`.
    var reason: String {
        let labels: String = fields.map { $0.label.lowercased() }.joined(separator: " and ")
        return kind == .same ? "same \(labels)" : "similar \(labels)"
    }

    /// Tells whether keys that were made earlier are still the right ones.
    var signature: String {
        "\(MatchKeys.version) \(kind.rawValue) " + fields.map { "\($0.name):\($0.description.format.rawValue)" }.joined(separator: ",")
    }

    /// Whether the reader may know what it compares.
    func isVisible(to actor: Actor, _ entity: EntityModel) -> Bool {
        fields.allSatisfy { actor.mask($0.name, of: entity.name) != .hidden }
    }

    /// How sure it is that two records are the same, up to 1; nil when it does not say so.
    func likeness(_ left: RecordData, _ right: RecordData) -> Double? {
        switch kind {
        case .same: return fields.allSatisfy { isSame($0, left, right) } ? 1 : nil
        case .similar: return similarity(left, right)
        @unknown default: return nil
        }
    }

    private func isSame(_ field: FieldModel, _ left: RecordData, _ right: RecordData) -> Bool {
        guard let one = MatchKeys.text(field, left), let other = MatchKeys.text(field, right) else { return false }
        if field.description.format == .phone {
            guard let first = MatchText.phone(one), let second = MatchText.phone(other) else { return false }
            return first.matches(second)
        }
        return MatchKeys.plain(one, field) == MatchKeys.plain(other, field)
    }

    private func similarity(_ left: RecordData, _ right: RecordData) -> Double? {
        guard let name = fields.first, let one = MatchKeys.text(name, left), let other = MatchKeys.text(name, right) else { return nil }
        let (first, second) = (MatchText.words(one), MatchText.words(other))
        let names: Double = Similarity.names(first, second)
        guard names >= Similarity.enough else { return nil }
        guard fields.count > 1 else { return names }
        let field: FieldModel = fields[1]
        let (mine, theirs) = (left.values[field.place], right.values[field.place])
        // Where one says nothing of it, the names must be the same.
        if mine.isEmpty || theirs.isEmpty { return first.sorted() == second.sorted() ? 0.9 : nil }
        guard case .text(let one) = mine, case .text(let another) = theirs else { return mine == theirs ? names : nil }
        let others: Double = Similarity.names(MatchText.words(one), MatchText.words(another))
        return others >= Similarity.enough ? (names + others) / 2 : nil
    }
}
