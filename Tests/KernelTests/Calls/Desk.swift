import PluginAPI

@testable import Kernel

/// A store with some plugins in it, whose clocks a test moves.
final class Desk: Sendable {
    let database: TemporaryDatabase
    let store: Store
    let clock = FixedClock("2026-03-01T09:00:00Z")
    var system: Actor { .system("test", rights: .empty) }

    init(_ parts: [Composition.Part], clock monotonic: MonotonicClock = .machine) async throws {
        database = try TemporaryDatabase()
        let registry: Registry
        switch RegistryBuilder.build(Composition(parts: [.kernel] + parts)) {
        case .registry(let built): registry = built
        case .problems(let problems): throw CompositionRefused(problems: problems)
        }
        try await database.prepare(for: registry)
        store = Store(engine: database.engine, clock: clock, registry: registry, calls: PluginCalls(clock: monotonic))
    }
}
