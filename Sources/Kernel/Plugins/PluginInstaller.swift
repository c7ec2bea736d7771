import PluginAPI

/// Carries out what a plugin needs in the database: tables, named steps, rights of the default roles. One transaction a
/// plugin: all of it is there or nothing.
struct PluginInstaller: Sendable {
    let engine: any Engine
    let clock: any Clock
    let settings: DeploymentSettings
    let calls: PluginCalls

    /// Brings the last of the parts up to date. The parts before it are what it may build on: later ones have no tables yet.
    func install(_ parts: [Composition.Part], _ ledger: inout PluginLedger) async throws -> CommitEffects {
        guard let part = parts.last else { return CommitEffects() }
        let composition = Composition(parts: parts, customFields: ledger.customFields)
        guard case .registry(let registry) = RegistryBuilder.build(composition) else {
            throw CRMError(.internalError, "the plugin \(part.id) fits into the whole but not into what comes before it")
        }
        let plan: String = SchemaMigrator(dialect: engine.dialect, registry: registry).plan(of: part.id)
        let done: Set<String> = ledger.steps
        if plan == ledger.plans[part.id], isSettled(part, done) { return CommitEffects() }
        let (engine, settings, clock, calls) = (engine, settings, clock, calls)
        let (effects, steps): (CommitEffects, Set<String>) = try await engine.write { connection in
            let migrator = SchemaMigrator(dialect: engine.dialect, registry: registry)
            try migrator.apply(part.id, renames: part.contributions.renames, connection)
            let transaction = StoreTransaction(
                connection: connection, dialect: engine.dialect, state: Store.State(registry: registry, settings: settings),
                actor: .system("plugin " + part.id, rights: .empty), now: clock.now, isWriting: true, calls: calls)
            try migrator.run(part.contributions.migrations, of: part.id, done: done, at: clock.now, connection) { transaction }
            if part.id == Composition.kernel { try DefaultRoles.ensure(in: transaction) }
            try DefaultRoles.mergeGrants(part.contributions.grants, of: part.id, into: transaction)
            return (transaction.core.effects, try SchemaMigrator.recordedSteps(connection))
        }
        ledger.plans[part.id] = plan
        ledger.steps = steps
        return effects
    }

    private func isSettled(_ part: Composition.Part, _ done: Set<String>) -> Bool {
        let own: Contributions = part.contributions
        let names: [String] = own.migrations.map(\.name) + own.grants.map { DefaultRoles.ledgerName($0.entity) }
        return names.allSatisfy { done.contains(part.id + "/" + $0) }
    }
}
