/// A type of record that a plugin keeps: an enum without cases that holds typed keys and a schema.
///
/// ```swift
/// public enum Project: Entity {
///     public static let name = Field<String>("name", .maxLength(200), .searchable)
///     public static let owner = Field<Reference<User>?>("assigned_to", .owner)
///     public static let schema = Schema("project", name, owner)
/// }
/// ```
public protocol Entity: FieldOwner {
    /// The entity's name and fields.
    static var schema: Schema { get }
}

/// Another plugin's entity, as much of it as this plugin needs: its name and some of its fields under own keys.
///
/// The kernel checks at registration that the entity exists with these fields and types; plugins never import each other.
public protocol ForeignEntity: Entity {}

extension Entity {
    /// When the record was made. Set by the kernel.
    public static var createdAt: Field<Moment> { Field(slot: SystemSlots.createdAt) }
    /// Who made the record; empty when the product itself did.
    public static var createdBy: Field<Reference<User>?> { Field(slot: SystemSlots.createdBy) }
    /// When the record was last changed. Set by the kernel.
    public static var updatedAt: Field<Moment> { Field(slot: SystemSlots.updatedAt) }
    /// Who last changed the record; empty when the product itself did.
    public static var updatedBy: Field<Reference<User>?> { Field(slot: SystemSlots.updatedBy) }

    /// Sent when a record was made: `<entity>_created`.
    public static var created: Hook<RecordChanged> { Hook(schema.name + "_created") }
    /// Sent when a record was changed: `<entity>_updated`.
    public static var updated: Hook<RecordChanged> { Hook(schema.name + "_updated") }
    /// Sent when a record was deleted: `<entity>_deleted`.
    public static var deleted: Hook<RecordChanged> { Hook(schema.name + "_deleted") }
    /// Sent when records became one, besides the hooks of each: `<entity>_merged`.
    public static var merged: Hook<RecordsMerged> { Hook(schema.name + "_merged") }
}

/// The keys that every record has, in the order in which they begin every record's values.
public enum SystemSlots {
    static let createdAt = system("created_at", .moment, "Created", index: 0)
    static let createdBy = system("created_by", .reference("user"), "Created by", index: 1)
    static let updatedAt = system("updated_at", .moment, "Updated", index: 2)
    static let updatedBy = system("updated_by", .reference("user"), "Updated by", index: 3)

    private static func system(_ name: String, _ kind: FieldKind, _ label: String, index: Int) -> FieldSlot {
        FieldSlot(name: name, index: index) {
            FieldDescription(name: name, kind: kind, isRequired: false, rules: [.readOnly, .label(label)])
        }
    }

    /// The fields themselves, in order. For the kernel.
    public static let descriptions: [FieldDescription] =
        [createdAt, createdBy, updatedAt, updatedBy].map(\.box.description)

    /// How many there are: an entity's own fields follow.
    public static let count = 4
}

/// A person who logs in. Kept by the kernel; plugins refer to it.
public enum User: ForeignEntity {
    /// The person's name.
    public static let name = Field<String>("name")
    /// The address used to log in, unique.
    public static let email = Field<String>("email")
    /// Whether the person may log in.
    public static let active = Field<Bool>("active")
    /// The person's roles.
    public static let roles = Field<References<Role>>("roles")
    /// The entity's name and fields.
    public static let schema = Schema("user", name, email, active, roles)
}

/// What its holders may do. Kept by the kernel; plugins refer to it.
public enum Role: ForeignEntity {
    /// The role's name, unique.
    public static let name = Field<String>("name")
    /// Which of the default roles it is: the raw value of ``DefaultRole``; nil for others.
    public static let key = Field<String?>("key")
    /// The entity's name and fields.
    public static let schema = Schema("role", name, key)
}

/// A group of users with a manager. Kept by the kernel; plugins refer to it.
public enum Team: ForeignEntity {
    /// The team's name, unique.
    public static let name = Field<String>("name")
    /// Who belongs to it, in their order.
    public static let members = Field<References<User>>("members")
    /// The entity's name and fields.
    public static let schema = Schema("team", name, members)
}
