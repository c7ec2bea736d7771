import PluginAPI

/// A rule by which two records of an entity are probably the same, in the frozen registry.
struct DuplicateModel: Sendable {
    let kind: Contributions.DuplicateEntry.Rule.Kind
    let fields: [FieldModel]
    /// Where its keys begin: those of two rules are never the same.
    let keys: MatchKeys.Hash

    init(kind: Contributions.DuplicateEntry.Rule.Kind, fields: [FieldModel]) {
        self.kind = kind
        self.fields = fields
        keys = MatchKeys.Hash().adding(kind.rawValue + "|" + fields.map(\.name).joined(separator: ",") + "|")
    }

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

    /// One record, to be compared with others.
    func comparison(of record: RecordData) -> Comparison { Comparison(self, record) }

    /// A record's side of a comparison: what the rule asks of it is worked out once for all others.
    struct Comparison: Sendable {
        let rule: DuplicateModel
        private let record: RecordData
        /// What is compared of the rule's fields, one by one; nil for a field that is empty.
        private let sides: [Side?]

        private enum Side: Sendable {
            case plain(String?)
            case phone(MatchText.Phone?)
            case words([String])

            init?(_ field: FieldModel, _ record: RecordData, _ kind: Contributions.DuplicateEntry.Rule.Kind) {
                guard let text = MatchKeys.text(field, record) else { return nil }
                if kind == .similar {
                    self = .words(MatchText.words(text))
                } else if field.description.format == .phone {
                    self = .phone(MatchText.phone(text))
                } else {
                    self = .plain(MatchKeys.plain(text, field))
                }
            }
        }

        fileprivate init(_ rule: DuplicateModel, _ record: RecordData) {
            self.rule = rule
            self.record = record
            sides = rule.fields.map { Side($0, record, rule.kind) }
        }

        /// How sure the rule is that another record is the same, up to 1; nil when it does not say so.
        func likeness(_ other: RecordData) -> Double? {
            switch rule.kind {
            case .same: return rule.fields.indices.allSatisfy { isSame($0, other) } ? 1 : nil
            case .similar: return similarity(other)
            @unknown default: return nil
            }
        }

        private func isSame(_ place: Int, _ other: RecordData) -> Bool {
            switch (sides[place], Side(rule.fields[place], other, rule.kind)) {
            case (.phone(let mine?)?, .phone(let theirs?)?): mine.matches(theirs)
            case (.plain(let mine)?, .plain(let theirs)?): mine == theirs
            default: false
            }
        }

        private func similarity(_ other: RecordData) -> Double? {
            let second: FieldModel? = rule.fields.dropFirst().first
            let (left, right): (Value, Value) = second.map { (record.values[$0.place], other.values[$0.place]) } ?? (.null, .null)
            // Where only one says anything of the second field, nobody knows.
            guard left.isEmpty == right.isEmpty else { return nil }
            guard case .words(let mine)? = sides.first, case .words(let theirs)? = Side(rule.fields[0], other, rule.kind) else { return nil }
            let names: Double = Similarity.names(mine, theirs)
            guard names >= Similarity.enough else { return nil }
            if second == nil { return names }
            // Where neither says anything of it, the names must be the same.
            if left.isEmpty { return mine.sorted() == theirs.sorted() ? 0.9 : nil }
            guard case .text(let text) = right, case .words(let words)? = sides[1] else { return left == right ? names : nil }
            let others: Double = Similarity.names(words, MatchText.words(text))
            return others >= Similarity.enough ? (names + others) / 2 : nil
        }
    }
}
