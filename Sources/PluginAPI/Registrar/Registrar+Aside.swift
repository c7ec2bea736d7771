extension Registrar {
    /// Records that are out of the way without being deleted: what turned out to be nothing, what was archived. Lists and exports
    /// leave them out unless a filter names one of the condition's fields or `set_aside=true` asks for all; metrics count them
    /// only if their own condition names one of these fields. The record itself, the timeline and links to it stay as they are.
    ///
    /// ```swift
    /// crm.setAside(Ticket.self, where: Ticket.kind == .spam)
    /// ```
    public mutating func setAside<E: Entity>(_: E.Type, where condition: Condition<E>) {
        note { $0.asides.append(.init(entity: E.schema.name, filter: condition.filter)) }
    }
}
