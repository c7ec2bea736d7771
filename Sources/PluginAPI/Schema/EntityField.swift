/// Something that has fields: an entity, the form of an action.
public protocol FieldOwner: Sendable {}

extension FieldOwner {
    /// A field of this owner. A key of another owner does not compile where this one is meant.
    public typealias Field<V: FieldValue> = EntityField<Self, V>
}

/// A typed key: names a field of one owner and knows the type of its value.
///
/// ```swift
/// static let title = Field<String>("title", .maxLength(200), .searchable)
/// static let owner = Field<Reference<User>?>("assigned_to", .owner)
/// ```
///
/// Optionality is in the type: `Field<String>` is required, `Field<String?>` is not.
@frozen
public struct EntityField<Owner: FieldOwner, V: FieldValue>: Sendable {
    /// Where the values of the field stand in a record; bound once, at registration. For the kernel.
    public let slot: FieldSlot

    /// Makes a field. The name is snake_case.
    public init(_ name: String, _ rules: FieldRule...) {
        slot = FieldSlot(name: name) {
            FieldDescription(name: name, kind: V.kind, isRequired: !V.isOptional, rules: rules)
        }
    }

    init(slot: FieldSlot) { self.slot = slot }

    /// The name in storage, JSON, URLs and files.
    public var name: String { slot.box.name }

    /// The field without its Swift type.
    public var description: FieldDescription { slot.box.description }
}

/// A field of any type, for lists of columns.
public protocol AnyField: Sendable {
    /// The field without its Swift type.
    var description: FieldDescription { get }
    /// The name in storage, JSON, URLs and files.
    var name: String { get }
    /// Where its values stand in a record. For the kernel.
    var slot: FieldSlot { get }
}

extension EntityField: AnyField {}

/// The place of a field's values within a record, shared by all copies of the key.
@frozen
public struct FieldSlot: Sendable {
    // NB: written once while the plugin is registered, before any record exists, and only read afterwards; a plain load
    // keeps reading a field within 5 ns, which an atomic or a class property across the library boundary does not.
    @usableFromInline nonisolated(unsafe) let index: UnsafeMutablePointer<Int>
    @usableFromInline let box: FieldBox

    init(name: String, index start: Int = -1, description: @escaping @Sendable () -> FieldDescription) {
        index = .allocate(capacity: 1)
        index.initialize(to: start)
        box = FieldBox(name: name, description: description)
    }

    /// Binds the key to its place. For the kernel, at registration.
    public func bind(to place: Int) { index.pointee = place }

    /// The place, or -1 when the key is not bound: the field is then looked up by name.
    public var place: Int { index.pointee }
}

/// What is behind a key, in one allocation shared by its copies.
@usableFromInline
final class FieldBox: Sendable {
    let name: String
    private let describe: @Sendable () -> FieldDescription

    init(name: String, description: @escaping @Sendable () -> FieldDescription) {
        self.name = name
        describe = description
    }

    /// Made when asked for, not with the key: the kind of a reference needs the schema of its target, which may be the very
    /// schema that is being made of this key.
    var description: FieldDescription { describe() }
}
