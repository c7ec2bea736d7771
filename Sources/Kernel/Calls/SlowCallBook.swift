import Logging
import PluginAPI

/// A piece of a plugin's code that exceeded its budget, as stored.
struct SlowCall: Sendable {
    let plugin: String
    let kind: String
    let name: String
    let count: Int
    /// Milliseconds.
    let worst: Int64
    let last: Int64
    let budget: Int64
    let lastAt: Moment

    static let columns = "plugin, kind, name, count, worst_ms, last_ms, budget_ms, last_at"

    init(_ row: any Row) {
        plugin = row.text(0)
        kind = row.text(1)
        name = row.text(2)
        count = Int(row.integer(3))
        worst = row.integer(4)
        last = row.integer(5)
        budget = row.integer(6)
        lastAt = Moment(milliseconds: row.integer(7))
    }
}

/// Stores which pieces of plugins' code were too slow, and tells administrators: once for each piece and day.
struct SlowCallBook: Sendable {
    let store: Store
    /// The product itself, with the rights of now.
    let system: @Sendable () -> Actor

    private var slow: SlowCalls { store.calls.slow }

    /// Stores what was noted, a moment after it was: what follows at once is stored with it. Until the task is cancelled.
    func keep() async {
        for await _ in slow.signals {
            await store.clock.wait(until: store.clock.now.adding(seconds: 1))
            await WriterTurn.$haste.withValue(.whenever) { await settle() }
        }
    }

    /// Stores what was noted. What cannot be stored now is kept for the next time.
    func settle() async {
        let taken = slow.take()
        guard !taken.isEmpty else { return }
        do {
            try await store.write(as: system()) { tx in
                for (site, tally) in taken { try SlowCallBook.write(site, tally, tx) }
            }
        } catch {
            slow.putBack(taken)
            Logger(label: "tenon.calls").error("slow calls could not be stored: \(error)")
        }
    }

    private static func write(_ site: CallSite, _ tally: SlowCalls.Tally, _ tx: StoreTransaction) throws {
        let key: [SQLValue] = [.text(site.plugin), .text(site.kind.rawValue), .text(site.name)]
        let told = try tx.connection.first(
            "SELECT told_on FROM tenon_slow_call WHERE plugin = ? AND kind = ? AND name = ?", key) { $0.optionalText(0) } ?? nil
        let today = tx.today.description
        try tx.connection.execute(
            """
            INSERT INTO tenon_slow_call (plugin, kind, name, count, worst_ms, last_ms, budget_ms, last_at, told_on) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (plugin, kind, name) DO UPDATE SET \
            count = tenon_slow_call.count + excluded.count, last_ms = excluded.last_ms, worst_ms = CASE \
            WHEN excluded.worst_ms > tenon_slow_call.worst_ms THEN excluded.worst_ms ELSE tenon_slow_call.worst_ms END, \
            budget_ms = excluded.budget_ms, last_at = excluded.last_at, told_on = excluded.told_on
            """,
            key + [
                .integer(Int64(tally.count)), .integer(tally.worst / 1_000_000), .integer(tally.last / 1_000_000),
                .integer(tally.limit / 1_000_000), .integer(tx.now.milliseconds), .text(today),
            ])
        guard told != today else { return }
        let message =
            "The plugin \(site.plugin) took \(tally.worst / 1_000_000) ms in \(site.kind.words) \(site.name); its budget is \(tally.limit / 1_000_000) ms"
        for user in tx.actor.rights.people.keys.sorted() where tx.actor.rights.has(.managePlugins, user: user) {
            let notice = try Notices.add(tx.connection, user: user, message: message, now: tx.now)
            if let notice { tx.core.effects.notices.append(notice) }
        }
    }

    /// All of them, the latest first, those of now included; of one plugin if so asked.
    func all(of plugin: String? = nil) async throws -> [SlowCall] {
        await settle()
        return try await store.engine.read { connection in
            try connection.all(
                "SELECT \(SlowCall.columns) FROM tenon_slow_call \(plugin == nil ? "" : "WHERE plugin = ? ")ORDER BY last_at DESC, plugin, kind, name",
                plugin.map { [.text($0)] } ?? [], SlowCall.init)
        }
    }

    /// Begins to count anew.
    func forget() async throws {
        _ = slow.take()
        try await store.engine.write { try $0.execute("DELETE FROM tenon_slow_call") }
    }
}

extension CallKind {
    /// As it stands in a sentence.
    var words: String {
        switch self {
        case .onSave: "reaction to"
        case .onDelete: "reaction to deleting"
        case .validate: "rule of"
        case .prepare: "preparing"
        case .listener: "listener to"
        case .after: "delivery of"
        case .available: "availability of"
        case .prefill: "form of"
        default: rawValue
        }
    }
}
