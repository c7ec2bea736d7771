import PluginAPI

/// Notes the steps of one transaction. Stays within it, as the transaction does.
final class TraceRecorder {
    private let trace: Trace
    private let clock: MonotonicClock
    /// The steps that are under way, the innermost last.
    private var path: [Int]
    /// The step that ended last.
    private var last = -1
    /// The events to follow once the transaction is stored, with the steps that sent them.
    private(set) var events: [(id: Int64, step: Int)] = []

    init(_ scope: TraceScope, clock: MonotonicClock) {
        trace = scope.trace
        path = [scope.parent]
        self.clock = clock
        trace.turnCame(scope.parent)
    }

    private var here: Int { path[path.count - 1] }

    func step<T>(_ kind: Trace.Kind, plugin: String = "", _ name: String, record: Int64? = nil, _ body: () throws -> T) rethrows -> T {
        let place = trace.begin(kind, plugin: plugin, name, record: record, in: here)
        path.append(place)
        defer {
            path.removeLast()
            last = place
        }
        do {
            let result = try body()
            trace.end(place)
            return result
        } catch {
            trace.end(place, error)
            throw error
        }
    }

    // MARK: What a step did

    /// The record that the step under way stored.
    func stored(_ entity: EntityModel, old: RecordData?, new: RecordData) {
        let changes = TraceRecorder.changes(entity, old: old, new: new)
        trace.change(step: here) { step in
            step.record = new.id.raw
            step.changes = changes
        }
    }

    /// What the rule that ran last filled in.
    func prepared(_ entity: EntityModel, _ before: RecordData, _ after: RecordData) {
        let changes = TraceRecorder.changes(entity, old: before, new: after)
        if !changes.isEmpty { trace.change(step: last) { $0.changes = changes } }
    }

    /// What the rule that ran last objects to.
    func objected(_ problems: [Problem]) {
        guard !problems.isEmpty else { return }
        trace.change(step: last) { step in
            step.outcome = .vetoed
            step.failure = Trace.Failure(problems)
        }
    }

    func queued(_ events: [Outbox.Added]) {
        let here = here
        for event in events { self.events.append((event.id, here)) }
        trace.change(step: here) { step in
            step.queued += events.map { .event(id: $0.id, plugin: $0.plugin, listener: $0.listener) }
        }
    }

    /// Those that were sent later are undone.
    func forgetEvents(after count: Int) { events.removeSubrange(count...) }

    func queued(job: String) { trace.change(step: here) { $0.queued.append(.job(job)) } }

    private static func changes(_ entity: EntityModel, old: RecordData?, new: RecordData) -> [Trace.Change] {
        entity.fields[SystemSlots.count...].compactMap { field in
            let (before, after) = (old?.values[field.place] ?? .null, new.values[field.place])
            if before == after || (before.isEmpty && after.isEmpty) { return nil }
            // Secrets of plugins: that they changed is enough.
            if field.description.isHidden { return Trace.Change(field: field.name, old: .null, new: .text("(not shown)")) }
            return Trace.Change(field: field.name, old: before, new: after)
        }
    }

    // MARK: Statements

    func statement<T>(_ body: () throws -> T) rethrows -> T {
        let began = clock.now()
        defer {
            let took = Int64(truncatingIfNeeded: clock.now() &- began)
            trace.change(step: here) { step in
                step.statements += 1
                step.statementTime += took
            }
        }
        return try body()
    }
}

/// A connection whose statements are counted.
final class TracedConnection: Connection {
    private let connection: any Connection
    private let recorder: TraceRecorder

    init(_ connection: any Connection, _ recorder: TraceRecorder) {
        self.connection = connection
        self.recorder = recorder
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try recorder.statement { try connection.execute(sql, arguments) }
    }
    func insert(_ sql: String, _ arguments: [SQLValue]) throws -> Int64 {
        try recorder.statement { try connection.insert(sql, arguments) }
    }
    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws {
        try recorder.statement { try connection.query(sql, arguments, each) }
    }
    func nextIsLast() { connection.nextIsLast() }
    func savepoint<T>(_ body: () throws -> T) throws -> T { try connection.savepoint(body) }
    func attempt<T>(_ body: () throws -> T) throws -> T { try connection.attempt(body) }
    func columns(of table: String) throws -> Set<String> { try connection.columns(of: table) }
    func indexes(of table: String) throws -> Set<String> { try connection.indexes(of: table) }
    func continueNumbers(of table: String) throws { try connection.continueNumbers(of: table) }
    var isShared: Bool { connection.isShared }
}
