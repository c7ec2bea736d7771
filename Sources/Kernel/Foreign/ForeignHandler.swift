import PluginAPI

/// A C function that is called when a hook is sent: gathers what it takes, calls it, stores what it gives.
struct ForeignHandler: Sendable {
    private enum Source: Sendable {
        /// A member of the payload, by its place among those that are read.
        case member(Int)
        case field(String, of: Owner)
    }

    /// A record that the payload names.
    private struct Owner: Sendable, Hashable {
        let entity: String
        /// The place of its id among the members that are read.
        let member: Int
    }

    let declared: ForeignInterface.Handler
    private let function: ForeignFunction
    private let members: [String]
    private let sources: [Source]
    private let sets: (field: String, owner: Owner)?

    init(_ handler: ForeignInterface.Handler, _ function: ForeignFunction) {
        var members: [String] = []
        func place(_ name: String) -> Int {
            if let known = members.firstIndex(of: name) { return known }
            members.append(name)
            return members.count - 1
        }
        sources = handler.sources.map { source in
            switch source {
            case .payload(let member): .member(place(member))
            case .field(let field): .field(field.field, of: Owner(entity: field.entity, member: place(field.member)))
            }
        }
        sets = handler.sets.map { (field: $0.field, owner: Owner(entity: $0.entity, member: place($0.member))) }
        declared = handler
        self.function = function
        self.members = members
    }

    /// The handler among what the plugin contributes. Its name is that of the function.
    func contribute(to contributions: inout Contributions) {
        let name: String = declared.signature.symbol
        // What it needs of the payload is checked with the fields that it needs: see ForeignHandlersCheck.
        let shape = PayloadShape(of: NoMembers.self)
        switch declared.when {
        case .during:
            contributions.listeners.append(
                .init(hook: declared.hook, name: name, shape: shape, priority: declared.priority) { event, transaction in
                    try run(event, transaction.byName)
                })
        case .after:
            contributions.afters.append(
                .init(hook: declared.hook, name: name, shape: shape, priority: declared.priority) { event, context in
                    try await context.finish { transaction in try runLater(event, transaction.byName) }
                })
        }
    }

    private func run(_ event: HookEvent, _ records: any TransactionBackend) throws {
        let payload: [Value] = try PayloadMembers(members, of: event).values
        var found: [Owner: RecordData] = [:]
        func record(_ owner: Owner) throws -> RecordData {
            if let known = found[owner] { return known }
            guard case .integer(let id) = payload[owner.member], let record = try records.find(owner.entity, RecordID(id)) else {
                throw CRMError(.notFound, "there is no \(owner.entity.readable.lowercased()) that \(declared.hook) names as \(members[owner.member])")
            }
            found[owner] = record
            return record
        }
        var arguments: [Value] = []
        arguments.reserveCapacity(sources.count)
        for (place, source) in sources.enumerated() {
            switch source {
            case .member(let member): arguments.append(Self.value(payload[member], as: declared.signature.parameters[place].kind))
            case .field(let field, let owner): arguments.append(try record(owner)[field])
            }
        }
        let result: Value = try function.call(arguments)
        guard let sets else { return }
        var changed: RecordData = try record(sets.owner)
        changed[sets.field] = result
        _ = try records.save(sets.owner.entity, changed)
    }

    /// After the transaction the record may be gone, or out of the user's sight: then there is nothing left to do.
    private func runLater(_ event: HookEvent, _ records: any TransactionBackend) throws {
        do { try run(event, records) } catch let error as CRMError where error.code == .notFound {}
    }

    /// Moments are stored as texts.
    private static func value(_ value: Value, as kind: ForeignType.Kind) -> Value {
        guard kind == .moment, case .text(let text) = value else { return value }
        return Moment(text).map(Value.moment) ?? .null
    }
}

private struct NoMembers: HookPayload {}
