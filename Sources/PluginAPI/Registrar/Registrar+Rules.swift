extension Registrar {
    /// Fills in or derives fields of a record that is about to be saved, before the rules are checked.
    public mutating func prepare<E: Entity>(
        _: E.Type, priority: Int = 0, _ body: @escaping @Sendable (inout Change<E>, Transaction) throws -> Void
    ) {
        note {
            $0.prepares.append(.init(entity: E.schema.name, priority: priority) { change, transaction in
                var typed = change.typed(E.self)
                try body(&typed, transaction)
                change.new = typed.new.data
            })
        }
    }

    /// A rule: says what is wrong with a record. Pure; it sees nothing but the record.
    public mutating func validate<E: Entity>(
        _: E.Type, priority: Int = 0, _ body: @escaping @Sendable (Record<E>) -> [Problem]
    ) {
        note {
            $0.validations.append(.init(entity: E.schema.name, priority: priority) { body(Record($0.new)) })
        }
    }

    /// A rule over a change: says what is wrong with going from the old record to the new one. Pure.
    public mutating func validateChange<E: Entity>(
        _: E.Type, priority: Int = 0, _ body: @escaping @Sendable (Change<E>) -> [Problem]
    ) {
        note {
            $0.validations.append(.init(entity: E.schema.name, priority: priority) { body($0.typed(E.self)) })
        }
    }

    /// A reaction to a stored record, in its transaction: what it throws undoes the change.
    public mutating func onSave<E: Entity>(
        _: E.Type, priority: Int = 0, _ body: @escaping @Sendable (Change<E>, Transaction) throws -> Void
    ) {
        note {
            $0.saves.append(.init(entity: E.schema.name, priority: priority) { try body($0.typed(E.self), $1) })
        }
    }

    /// A reaction to a record that is about to be deleted, in the transaction: what it throws keeps the record.
    public mutating func onDelete<E: Entity>(
        _: E.Type, priority: Int = 0, _ body: @escaping @Sendable (Record<E>, Transaction) throws -> Void
    ) {
        note {
            $0.deletions.append(.init(entity: E.schema.name, priority: priority) { try body(Record($0), $1) })
        }
    }

    /// A hook that this plugin sends, with a sentence about when.
    public mutating func hook<P: HookPayload>(_ hook: Hook<P>, _ summary: String = "") {
        note { $0.hooks.append(.init(name: hook.name, shape: PayloadShape(of: P.self), summary: summary)) }
    }

    /// Listens to a hook in the transaction that sends it: what it throws undoes the change.
    public mutating func on<P: HookPayload>(
        _ hook: Hook<P>, name: String = "", priority: Int = 0,
        _ body: @escaping @Sendable (P, Transaction) throws -> Void
    ) {
        note {
            $0.listeners.append(
                .init(hook: hook.name, name: name.isEmpty ? hook.name : name, shape: PayloadShape(of: P.self), priority: priority) {
                    try body($0.decode(P.self), $1)
                })
        }
    }

    /// Listens to a hook after its transaction is stored: at least once, again later when it throws, in a crash, too. Give
    /// two listeners of one plugin to the same hook different names.
    public mutating func after<P: HookPayload>(
        _ hook: Hook<P>, name: String = "", priority: Int = 0,
        _ body: @escaping @Sendable (P, Context) async throws -> Void
    ) {
        note {
            $0.afters.append(
                .init(hook: hook.name, name: name.isEmpty ? hook.name : name, shape: PayloadShape(of: P.self), priority: priority) {
                    try await body($0.decode(P.self), $1)
                })
        }
    }
}
