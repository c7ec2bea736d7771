import PluginAPI
import Synchronization

/// Keeps formula fields up to date in the background: fills them in when they are made or changed, follows changes that
/// many records read, works out those that name today every night, and those that were broken when they work again.
final class FormulaKeeper: Sendable {
    private let store: Store
    private let rights: @Sendable () -> RightsSnapshot
    private let loop: WorkLoop

    /// Until when nothing is tried again after a batch that could not be stored.
    private final class Rest: Sendable {
        private let moment = Mutex<Moment?>(nil)
        var until: Moment? {
            get { moment.withLock { $0 } }
            set { moment.withLock { $0 = newValue } }
        }
    }

    private static let secondsAfterFailure = 30.0

    init(store: Store, rights: @escaping @Sendable () -> RightsSnapshot, log: @escaping @Sendable (String) -> Void) {
        self.store = store
        self.rights = rights
        let rest = Rest()
        loop = WorkLoop(width: 1, clock: store.clock, log: log) { busy in
            guard busy.isEmpty else { return WorkLoop.Survey() }
            return try await FormulaKeeper.survey(store, rights, rest, log)
        }
    }

    func start() { loop.start() }
    func stop() async { await loop.stop() }
    func wake() { loop.wake() }

    /// Does all that is to be done and returns.
    func drain() async throws { try await loop.drain() }

    /// Does at most so many batches, for those who wait for a small table.
    func settle(batches: Int) async throws {
        for _ in 0..<batches {
            let actor = Actor.system("formulas", rights: rights())
            guard try await store.write(as: actor, { try FormulaWork.step($0) }) else { return }
        }
        wake()
    }

    private static func survey(
        _ store: Store, _ rights: @escaping @Sendable () -> RightsSnapshot, _ rest: Rest,
        _ log: @escaping @Sendable (String) -> Void
    ) async throws -> WorkLoop.Survey {
        let actor = Actor.system("formulas", rights: rights())
        if try await store.read(as: actor, { try isOutOfDate($0) }) { try await store.write(as: actor) { try review($0) } }
        let hasWork: Bool = try await store.read(as: actor) { try FormulaWork.next($0.connection) != nil }
        var survey = WorkLoop.Survey()
        if hasWork, let until = rest.until, until > store.clock.now {
            survey.next = until
        } else if hasWork {
            survey.ready = [
                WorkLoop.Piece(lane: "formulas") {
                    do {
                        _ = try await store.write(as: actor) { try FormulaWork.step($0) }
                        rest.until = nil
                    } catch {
                        rest.until = store.clock.now.adding(seconds: secondsAfterFailure)
                        log("formula fields wait: \(error)")
                    }
                    return true
                }
            ]
        } else if store.registry.fieldFormulas.fields.values.contains(where: { $0.contains { $0.formula?.uses.today ?? false } }) {
            let calendar: DeploymentCalendar = store.settings.calendar
            survey.next = calendar.start(of: calendar.day(of: store.clock.now).adding(days: 1))
        }
        return survey
    }

    // MARK: What became of the fields since the last look

    private static let dayKey = "formulas_day"

    private static func day(_ connection: any Connection) throws -> String? {
        try connection.first("SELECT \"value\" FROM \"tenon_meta\" WHERE \"key\" = ?", [.text(dayKey)]) { $0.text(0) }
    }

    private static func broken(_ connection: any Connection) throws -> Set<String> {
        Set(try connection.all("SELECT \"entity\", \"field\" FROM \"tenon_formula_broken\"") { $0.text(0) + "." + $0.text(1) })
    }

    private static func current(_ registry: Registry) -> (broken: [RegistryFormulas.Field], working: [RegistryFormulas.Field]) {
        let all: [RegistryFormulas.Field] = registry.fieldFormulas.fields.sorted { $0.key < $1.key }.flatMap(\.value)
        return (all.filter { $0.formula == nil }, all.filter { $0.formula != nil })
    }

    private static func isOutOfDate(_ transaction: StoreTransaction) throws -> Bool {
        let (broken, working) = current(transaction.registry)
        let known: Set<String> = try Self.broken(transaction.connection)
        if broken.contains(where: { !known.contains("\($0.entity).\($0.field.name)") }) { return true }
        if working.contains(where: { known.contains("\($0.entity).\($0.field.name)") }) { return true }
        guard working.contains(where: { $0.formula?.uses.today ?? false }) else { return false }
        return try day(transaction.connection) != transaction.today.description
    }

    private static func review(_ transaction: StoreTransaction) throws {
        let connection: any Connection = transaction.connection
        let (broken, working) = current(transaction.registry)
        let known: Set<String> = try Self.broken(connection)
        for item in broken where !known.contains("\(item.entity).\(item.field.name)") {
            try connection.execute(
                "INSERT INTO \"tenon_formula_broken\" (\"entity\", \"field\") VALUES (?, ?)", [.text(item.entity), .text(item.field.name)])
        }
        for item in working where known.contains("\(item.entity).\(item.field.name)") {
            try connection.execute(
                "DELETE FROM \"tenon_formula_broken\" WHERE \"entity\" = ? AND \"field\" = ?", [.text(item.entity), .text(item.field.name)])
            try FormulaWork.add(entity: item.entity, field: item.field.name, connection)
        }
        let today: String = transaction.today.description
        guard try day(connection) != today else { return }
        // A field that was made since the last night has today's values; to work it out again does no harm.
        for entity in Set(working.filter { $0.formula?.uses.today ?? false }.map(\.entity)).sorted() {
            try FormulaWork.add(entity: entity, field: "", connection)
        }
        try connection.execute(
            "INSERT INTO \"tenon_meta\" (\"key\", \"value\") VALUES (?, ?) ON CONFLICT (\"key\") DO UPDATE SET \"value\" = excluded.\"value\"",
            [.text(dayKey), .text(today)])
    }
}
