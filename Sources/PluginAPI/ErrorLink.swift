extension CRMError {
    /// A way on from a failure: to the record, or the records, that it is about. Shown beside the message in every front.
    ///
    /// ```swift
    /// throw CRMError.refused("a ticket with this number is open already", links: [.init(to: first), .init(mergingInto: first)])
    /// ```
    ///
    /// Whoever is refused something may not see all that it is about: the kernel leaves out links to what that user cannot see,
    /// whatever rights the code had that made them.
    public struct Link: Sendable, Hashable {
        /// Where a link leads.
        public enum Target: Sendable, Hashable {
            /// One record.
            case record(entity: String, id: RecordID)
            /// The records of an entity whose reference field points at a record.
            case list(entity: String, field: String, id: RecordID)
            /// An offer to merge what was being entered into a record that exists already.
            case merge(entity: String, into: RecordID)
        }

        /// The words of the link; the kernel finds some where they are empty: what the record is called, how many there are.
        public var title: String
        /// Where it leads.
        public var target: Target
        /// The entity's plural in addresses, once the kernel has found that the user may follow the link; empty until then, and a link
        /// without it is shown nowhere. For the kernel.
        public var path = ""

        /// A link to a target whose entity is named at run time.
        public init(_ target: Target, title: String = "") {
            self.target = target
            self.title = title
        }

        /// A link to one record.
        public init<E: Entity>(to record: Record<E>, title: String = "") {
            self.init(.record(entity: E.schema.name, id: record.id), title: title)
        }

        /// A link to the records whose field points at a record.
        public init<E: Entity, V: FieldValue>(toAll _: E.Type, where field: EntityField<E, V>, is id: RecordID, title: String = "") {
            self.init(.list(entity: E.schema.name, field: field.name, id: id), title: title)
        }

        /// An offer to merge what was being entered into a record.
        public init<E: Entity>(mergingInto record: Record<E>, title: String = "") {
            self.init(.merge(entity: E.schema.name, into: record.id), title: title)
        }
    }

    /// Makes a failure with ways on from it.
    public init(
        _ code: Code, _ message: String, hint: String = "", problems: [Problem] = [], conflicts: [FieldConflict] = [], links: [Link],
        cause: (any Error)? = nil
    ) {
        self.init(code, message, hint: hint, problems: problems, conflicts: conflicts, cause: cause)
        self.links = links
    }

    /// A refusal by a business rule with ways on from it.
    public static func refused(_ message: String, hint: String = "", links: [Link]) -> CRMError {
        CRMError(.refused, message, hint: hint, links: links)
    }
}
