/// When two records of an entity are probably the same: given to ``Registrar/duplicates(_:_:)``.
public struct DuplicateRule<E: Entity>: Sendable {
    /// The rule without its type. For the kernel.
    public let rule: Contributions.DuplicateEntry.Rule

    private init(_ kind: Contributions.DuplicateEntry.Rule.Kind, _ fields: [String]) {
        rule = .init(kind: kind, fields: fields)
    }

    /// Records with the same text in a field. E-mail addresses are compared without regard to case, telephone numbers by their
    /// digits, whether written with an international prefix or without, web addresses without `https://www.`, other texts
    /// without regard to case, accents and punctuation. Empty fields are the same as nothing.
    public static func same<V: FieldValue>(_ field: EntityField<E, V>) -> DuplicateRule { DuplicateRule(.same, [field.name]) }

    /// Records whose names are similar: the same but for a slip of the pen, the order of the words, accents, and legal forms
    /// such as GmbH or Ltd.
    public static func similar<V: FieldValue>(_ field: EntityField<E, V>) -> DuplicateRule { DuplicateRule(.similar, [field.name]) }

    /// Records that are similar in one field and in another one, too: a name and a company. The second may be a text or a
    /// link, and says nothing where one of both records leaves it empty; then the first has to be the same.
    public static func similar<V: FieldValue, W: FieldValue>(_ field: EntityField<E, V>, _ other: EntityField<E, W>) -> DuplicateRule {
        DuplicateRule(.similar, [field.name, other.name])
    }
}

extension Registrar {
    /// When two records are probably the same. They are found when one is made, on the record's page, and among all
    /// records; whoever may change and delete them can merge them.
    ///
    /// ```swift
    /// crm.duplicates(Person.self, .same(Person.email), .same(Person.phone), .similar(Person.name, Person.employer))
    /// ```
    public mutating func duplicates<E: Entity>(_: E.Type, _ rules: DuplicateRule<E>...) {
        note { $0.duplicates.append(.init(entity: E.schema.name, rules: rules.map(\.rule))) }
    }
}

extension Contributions {
    /// When two records of an entity are probably the same.
    public struct DuplicateEntry: Sendable {
        /// One way in which they may be.
        public struct Rule: Sendable, Hashable {
            /// How fields are compared.
            public enum Kind: String, Sendable {
                /// The same text, however it is written.
                case same
                /// Similar names.
                case similar
            }
            /// How the fields are compared.
            public var kind: Kind
            /// Their names.
            public var fields: [String]
        }
        /// The entity's name.
        public var entity: String
        /// The rules, in order.
        public var rules: [Rule]
    }
}
