/// The figures above a list: metrics, each a card that opens the records behind it.
public struct ListCards: Sendable {
    /// The entity's name.
    public var entity: String
    /// The keys of the metrics, in order.
    public var metrics: [String]
}

/// A column of a list that counts what points at each record. Every user counts no more than they may see.
public struct CountColumn: Sendable {
    /// The entity of the list.
    public var entity: String
    /// The name of the count, unique among the entity's fields and counts.
    public var name: String
    /// The words at the column's head.
    public var title: String
    /// The entity whose records are counted.
    public var child: String
    /// Its reference field that points at the list's records.
    public var field: String
}

/// How the records that point at a record are shown on its page.
public struct RelatedList: Sendable {
    /// The entity on whose page they stand.
    public var entity: String
    /// The entity of the records that point at it.
    public var child: String
    /// Their reference field.
    public var field: String
    /// The heading; the plural of the records when empty.
    public var title: String
    /// The fields shown, after the one by which a record is known.
    public var columns: [String]
    /// The order; that of their own list when nil.
    public var sort: Sort?
}
