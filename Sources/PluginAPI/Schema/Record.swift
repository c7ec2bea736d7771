/// The names of a record's fields and where their values stand.
public final class RecordLayout: Sendable {
    /// The entity's name.
    public let entity: String
    /// The fields' names in order.
    public let names: [String]
    private let places: [String: Int]

    /// Makes a layout. For the kernel.
    public init(entity: String, names: [String]) {
        self.entity = entity
        self.names = names
        places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Where a field's values stand, or nil when the entity has no such field.
    public func place(of name: String) -> Int? { places[name] }
}

/// A record without its Swift type: what storage reads and writes.
@frozen
public struct RecordData: Sendable {
    /// The identity, `.none` before it is stored.
    public var id: RecordID
    /// Counts the changes: 1 when made, one more with each change.
    public var version: Int64
    /// The values, in the order of the layout.
    public var values: [Value]
    /// The names.
    public let layout: RecordLayout

    /// Makes a record. Values that are missing at the end are empty.
    public init(id: RecordID = .none, version: Int64 = 0, values: [Value] = [], layout: RecordLayout) {
        self.id = id
        self.version = version
        self.layout = layout
        self.values = values
        let missing = layout.names.count - values.count
        if missing > 0 { self.values.append(contentsOf: repeatElement(.null, count: missing)) }
    }

    /// A value by the field's name; empty when there is no such field.
    public subscript(name: String) -> Value {
        get { layout.place(of: name).map { values[$0] } ?? .null }
        set { if let place = layout.place(of: name) { values[place] = newValue } }
    }
}

/// A record of an entity, read and changed by typed keys: `lead[Lead.title]`.
@frozen
public struct Record<E: FieldOwner>: Sendable {
    /// The record without its type.
    public var data: RecordData

    /// Gives a record its type. For the kernel and for tests.
    @inlinable public init(_ data: RecordData) { self.data = data }

    /// The identity.
    @inlinable public var id: RecordID { data.id }
    /// Counts the changes.
    @inlinable public var version: Int64 { data.version }

    /// The value of a field; the type's blank (nil, empty text, zero) where it is empty. Setting a field that is not there
    /// (its plugin is switched off) does nothing.
    @inlinable
    public subscript<V: FieldValue>(field: EntityField<E, V>) -> V {
        get {
            let place = field.slot.index.pointee
            if place >= 0, place < data.values.count { return V(value: data.values[place]) ?? V.blank }
            return V(value: data[field.name]) ?? V.blank
        }
        set {
            let place = field.slot.index.pointee
            if place >= 0, place < data.values.count {
                data.values[place] = newValue.value
            } else {
                data[field.name] = newValue.value
            }
        }
    }

    /// Whether a field holds nothing (or empty text).
    public func isEmpty<V>(_ field: EntityField<E, V>) -> Bool {
        let place = field.slot.place
        return (place >= 0 && place < data.values.count ? data.values[place] : data[field.name]).isEmpty
    }

    /// A value by the field's name: for fields made at run time.
    public subscript(name: String) -> Value {
        get { data[name] }
        set { data[name] = newValue }
    }
}
