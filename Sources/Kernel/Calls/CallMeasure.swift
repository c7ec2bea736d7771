import CThread
import PluginAPI

/// How long the way to plugins' code takes, for `make bench`: what the kernel does itself, measured within it.
package enum CallMeasure {
    /// One figure: the median of several turns.
    package struct Figure: Sendable {
        package let name: String
        package let nanoseconds: Double
        /// What it should not exceed; nil where there is only something to compare with.
        package let bar: Double?
    }

    private enum Thing: Entity {
        static let number = Field<Int>("number", .byDefault(0))
        static let text = Field<String>("text")
        static let schema = Schema("bench_thing", number, text)
    }

    private struct Sent: HookPayload {
        var record: RecordID
        var amount: Int64
    }

    private static let unheard = Hook<Sent>("bench_thing_unheard")
    private static let heard = Hook<Sent>("bench_thing_tried_out")
    private static let heardInC = Hook<Sent>("bench_thing_outlived")

    /// Measures in a new database at a path, with a library in C that has the function `bench_listener`.
    package static func run(database path: String, library: String) async throws -> [Figure] {
        let registry = try registry(library)
        let engine = try SQLiteEngine(path: path, durable: false)
        try await engine.write { connection in
            try KernelTables.prepare(connection, engine.dialect)
            let migrator = SchemaMigrator(dialect: engine.dialect, registry: registry)
            for plugin in registry.plugins { try migrator.apply(plugin.id, renames: [], connection) }
        }
        let store = Store(engine: engine, clock: SystemClock(), registry: registry)
        let system = Actor.system("bench", rights: .empty)
        var figures = try await store.write(as: system) { tx in
            let transaction = tx.transaction
            return [
                try figure("a hook that nobody listens to", 50) { try transaction.emit(unheard, Sent(record: RecordID(7), amount: $0)) },
                try figure("a hook with one listener in Swift", 1000) { try transaction.emit(heard, Sent(record: RecordID(7), amount: $0)) },
                try figure("a hook with one listener in C", 2000) { try transaction.emit(heardInC, Sent(record: RecordID(7), amount: $0)) },
            ]
        }
        let site = CallSite.of("bench", .function, "nothing")
        figures.append(try await store.write(as: system) { tx in figure("the door alone, around nothing", nil) { _ in tx.calling(site) {} } })
        let trace = store.calls.traces.begin("bench", user: nil, at: store.clock.now)
        figures.append(
            try await TraceScope.$current.withValue(TraceScope(trace: trace, parent: -1)) {
                try await store.write(as: system) { tx in
                    let transaction = tx.transaction
                    // Few enough for all of them to be written down.
                    return try figure("a hook with one listener in Swift, traced", nil, turns: 9, times: 50) {
                        try transaction.emit(heard, Sent(record: RecordID(7), amount: $0))
                    }
                }
            })
        precondition(trace.current.steps.count > 900, "the trace was not written")
        let record = try await store.write(as: system) { tx in
            try tx.transaction.insert(Thing.self) { thing in
                thing[Thing.number] = 5
                thing[Thing.text] = "a text that does not fit into its own reference"
            }
        }
        var sum: Int64 = 0
        figures.append(figure("a number of a record, by its key", 5) { _ in sum &+= Int64(record[Thing.number]) })
        figures.append(figure("a text of a record, by its key", 35) { _ in sum &+= Int64(record[Thing.text].utf8.count) })
        let formula = try Formula(
            "(number + 3) * 2 - number * number + 7 > 4 and not number = 9 or length(text) < 3", on: try registry.require(Thing.schema.name),
            in: registry)
        var frame = FormulaFrame(
            record.data, now: store.clock.now, calendar: store.settings.calendar, currency: store.settings.currency, user: nil)
        figures.append(
            try figure("a formula of ten operations, evaluated", nil) { _ in sum &+= try formula.holds(&frame) ? 1 : 2 })
        precondition(sum != 0, "the reading was left out")
        try await engine.close()
        return figures
    }

    private static func registry(_ library: String) throws -> Registry {
        let signature = ForeignSignature(
            symbol: "bench_listener", parameters: [ForeignType(.id), ForeignType(.integer)], result: nil, mayFail: false)
        var foreign = ForeignInterface()
        foreign.handlers = [
            ForeignInterface.Handler(
                hook: heardInC.name, signature: signature, sources: [.payload("record"), .payload("amount")], sets: nil, when: .during,
                priority: 0)
        ]
        var registrar = Registrar()
        registrar.entity(Thing.self)
        for hook in [unheard, heard, heardInC] { registrar.hook(hook) }
        registrar.on(heard) { event, _ in
            if event.amount < 0 { throw CRMError.refused("a negative amount") }
        }
        let parts = [
            PluginLineup.kernel,
            Composition.Part(id: "bench", name: "Bench", version: "1.0.0", optional: [], contributions: registrar.contributions),
            Composition.Part(
                id: "bench-c", name: "Bench in C", version: "1.0.0", optional: [],
                contributions: try ForeignLibrary(path: library, plugin: "bench-c", foreign).contributions(), foreign: foreign),
        ]
        switch RegistryBuilder.build(Composition(parts: parts)) {
        case .registry(let registry): return registry
        case .problems(let problems):
            throw CRMError(.internalError, "the benchmark does not fit together: \(problems.map(\.message).joined(separator: "; "))")
        }
    }

    private static func figure(
        _ name: String, _ bar: Double?, turns: Int = 21, times: Int = 20_000, _ body: (Int64) throws -> Void
    ) rethrows -> Figure {
        for number in 0..<min(times, 1000) { try body(Int64(number)) }
        var medians: [Double] = []
        for _ in 0..<turns {
            let began = tenon_monotonic_time()
            for number in 0..<times { try body(Int64(number)) }
            medians.append(Double(tenon_monotonic_time() - began) / Double(times))
        }
        medians.sort()
        return Figure(name: name, nanoseconds: medians[turns / 2], bar: bar)
    }
}
