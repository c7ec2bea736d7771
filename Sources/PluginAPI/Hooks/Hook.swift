/// What a hook carries: a plain `Codable` struct of ids, texts, numbers and flags.
///
/// Another plugin listens by declaring a struct of its own with the fields that it needs under the same names; the kernel
/// compares both shapes at registration.
public protocol HookPayload: Codable, Sendable {}

/// A typed event with a name, `subject_verbed`: `Hook<LeadStatusChanged>("lead_status_changed")`.
public struct Hook<Payload: HookPayload>: Sendable {
    /// The name.
    public let name: String
    /// Makes a hook.
    public init(_ name: String) { self.name = name }
}

/// What the hooks of every entity carry: `<entity>_created`, `_updated`, `_deleted`.
public struct RecordChanged: HookPayload {
    /// The record.
    public var record: RecordID
    /// The names of the fields that changed; all that were set, for a new record.
    public var fields: [String]
    /// Makes a payload.
    public init(record: RecordID, fields: [String]) {
        self.record = record
        self.fields = fields
    }
}

/// What is sent when records became one: `<entity>_merged`. Everything that pointed at those that went points at the one that
/// stayed by then.
public struct RecordsMerged: HookPayload {
    /// The record that stayed.
    public var record: RecordID
    /// Those that went.
    public var merged: [RecordID]
    /// Makes a payload.
    public init(record: RecordID, merged: [RecordID]) {
        self.record = record
        self.merged = merged
    }
}

/// A change of one record, as rules and reactions see it.
public struct Change<E: Entity>: Sendable {
    /// The record before; nil when it is new.
    public let old: Record<E>?
    /// The record after. Only `prepare` may change it.
    public var new: Record<E>

    /// Makes a change. For the kernel and for tests.
    public init(old: Record<E>?, new: Record<E>) {
        self.old = old
        self.new = new
    }

    /// Whether the record is new.
    public var isNew: Bool { old == nil }
    /// Whether a deleted record comes back, with its id and what it held: it is new as well, but what is done for new records
    /// only was done when it was made.
    public internal(set) var isRestored = false

    /// Whether a field differs from before; for a new record, whether it holds anything.
    public func changed<V>(_ field: EntityField<E, V>) -> Bool {
        guard let old else { return !new.isEmpty(field) }
        return old[field].value != new[field].value
    }
}

/// A change without its Swift type. For the kernel.
public struct ChangeData: Sendable {
    /// The record before; nil when it is new.
    public let old: RecordData?
    /// The record after.
    public var new: RecordData
    /// Makes a change.
    public init(old: RecordData?, new: RecordData) {
        self.old = old
        self.new = new
    }
    /// Whether a deleted record comes back.
    public var isRestored = false
    func typed<E: Entity>(_: E.Type) -> Change<E> {
        var change = Change<E>(old: old.map(Record.init), new: Record(new))
        change.isRestored = isRestored
        return change
    }
}

/// An event on its way to a listener: the payload as it was sent, or as it was stored.
public struct HookEvent: Sendable {
    /// The hook's name.
    public let hook: String
    /// The payload as sent in this process, if it was.
    public let payload: (any HookPayload)?
    /// The payload as JSON, if it was stored.
    public let json: [UInt8]?

    /// Makes an event.
    public init(hook: String, payload: (any HookPayload)? = nil, json: [UInt8]? = nil) {
        self.hook = hook
        self.payload = payload
        self.json = json
    }

    /// The payload as the listener's own type: the same type is passed as it is, another one by its fields' names.
    public func decode<P: HookPayload>(_: P.Type) throws -> P {
        if let same = payload as? P { return same }
        let bytes = try json ?? payload.map { try PayloadCoding.encode($0) } ?? []
        return try PayloadCoding.decode(P.self, from: bytes)
    }
}
