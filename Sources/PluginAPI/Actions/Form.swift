/// The fields that an action asks for, in order.
public struct Form<Owner: FieldOwner>: Sendable {
    /// The fields.
    public let fields: [any AnyField]
    /// Makes a form.
    public init(_ fields: any AnyField...) {
        self.fields = fields
        for (ordinal, field) in fields.enumerated() { field.slot.bind(to: ordinal) }
    }
}

/// How a button looks.
public enum ActionStyle: String, Sendable {
    /// The main thing to do.
    case primary
    /// One of several.
    case plain
    /// Something to think about first.
    case danger
}

/// A named operation on a record: a button with a dialog, an endpoint, a command and a workflow step at once.
///
/// ```swift
/// enum MarkLost: Action {
///     typealias Target = Lead
///     static let name = "mark-lost"
///     static let reason = Field<Reference<LostReason>>("lost_reason")
///     static let form = Form<Self>(reason)
///     static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws { … }
/// }
/// ```
public protocol Action: FieldOwner {
    /// The entity that it works on.
    associatedtype Target: Entity
    /// The name in URLs, rights and on the command line: dashed.
    static var name: String { get }
    /// The words on the button; the name made readable unless given.
    static var title: String { get }
    /// A sentence that says what it does, for help and documentation.
    static var summary: String { get }
    /// How the button looks.
    static var style: ActionStyle { get }
    /// What it asks for. Its keys are named as the fields of the answer.
    static var form: Form<Self> { get }
    /// Whether it makes sense for this record now; decides whether the button is shown, and is checked again before it runs.
    static func isAvailable(_ record: Record<Target>) -> Bool
    /// Fills in what can be guessed before the dialog opens, and for callers that leave a field out.
    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws
    /// Chooses what the dialog begins with in addition, after ``prefill(_:_:)``. Callers who leave a field out do not get these choices:
    /// what people can look over before they go on, scripts would get unseen.
    static func suggest(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws
    /// Completes what was filled in, before it is checked: where one field follows from another that callers may give instead.
    static func complete(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws
    /// Does it, in one transaction.
    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws
}

extension Action {
    public static var title: String { name.readable }
    public static var summary: String { "" }
    public static var style: ActionStyle { .plain }
    public static var form: Form<Self> { Form() }
    public static func isAvailable(_ record: Record<Target>) -> Bool { true }
    public static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
    public static func suggest(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
    public static func complete(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
}

/// One call of an action: the record, what was asked for, and what comes of it.
public struct ActionCall<A: FieldOwner>: Sendable {
    /// The record without its type; typed access is below.
    public var target: RecordData
    /// What was filled in, by the form's keys.
    public var input: Record<A>
    /// What came of it, by name: shown to callers and passed on to extensions of the action.
    public var results: [String: Value] = [:]
    /// What to tell the user, as a sentence; a general one is told when it is empty.
    public var message = ""
    /// The record to open next.
    public var opens: (entity: String, id: RecordID)?

    /// Makes a call. For the kernel and for tests.
    public init(target: RecordData, input: Record<A>) {
        self.target = target
        self.input = input
    }

    /// What was filled in for one field.
    public subscript<V: FieldValue>(field: EntityField<A, V>) -> V {
        get { input[field] }
        set { input[field] = newValue }
    }

    /// Whether nothing was filled in for a field.
    public func isEmpty<V>(_ field: EntityField<A, V>) -> Bool { input.isEmpty(field) }

    /// Has a record opened next.
    public mutating func open<E: Entity>(_ record: Record<E>) { opens = (E.schema.name, record.id) }
}

extension ActionCall where A: Action {
    /// The record that the action works on, as it was before.
    public var record: Record<A.Target> { Record(target) }
}

/// More fields and more work for another plugin's action, in the same transaction, while this plugin is enabled.
public protocol ActionExtension: FieldOwner {
    /// The entity of the action, as far as this plugin knows it.
    associatedtype Target: Entity
    /// The name of the action.
    static var action: String { get }
    /// What it asks for in addition.
    static var form: Form<Self> { get }
    /// Fills in what can be guessed before the dialog opens.
    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws
    /// Chooses what the dialog begins with in addition, after ``prefill(_:_:)``. Callers who leave a field out do not get these choices:
    /// what people can look over before they go on, scripts would get unseen.
    static func suggest(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws
    /// Completes what was filled in, before it is checked: where one field follows from another that callers may give instead.
    static func complete(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws
    /// Does it, after the action itself; `call.results` holds what the action came to.
    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws
}

extension ActionExtension {
    public static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
    public static func suggest(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
    public static func complete(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
}

extension ActionCall where A: ActionExtension {
    /// The record that the action worked on, as it was before.
    public var record: Record<A.Target> { Record(target) }
}
