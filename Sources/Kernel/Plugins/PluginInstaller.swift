import PluginAPI

/// Carries out what a plugin needs in the database: tables, named steps, rights of the default roles. One transaction a
/// plugin: all of it is there or nothing.
struct PluginInstaller: Sendable {
    let engine: any Engine
    let clock: any Clock
    let settings: DeploymentSettings
    let calls: PluginCalls

    /// Brings the last of the parts up to date. The parts before it are what it may build on: later ones have no tables yet.
    ///
    /// `row` is what is on record of it from then on, stored in the same transaction; `old` is the version that it replaces, of
    /// whose data it is asked first.
    func install(
        _ parts: [Composition.Part], _ ledger: inout PluginLedger, recording row: PluginLedger.Row? = nil, replacing old: String? = nil,
        by actor: Actor? = nil
    ) async throws -> CommitEffects {
        guard let part = parts.last else { return CommitEffects() }
        let composition = Composition(parts: parts, customFields: ledger.customFields)
        guard case .registry(let registry) = RegistryBuilder.build(composition) else {
            throw CRMError(.internalError, "the plugin \(part.id) fits into the whole but not into what comes before it")
        }
        let plan: String = SchemaMigrator(dialect: engine.dialect, registry: registry).plan(of: part.id)
        let done: Set<String> = ledger.steps
        if plan == ledger.plans[part.id], isSettled(part, done), row == nil { return CommitEffects() }
        let (engine, settings, clock, calls) = (engine, settings, clock, calls)
        let (effects, steps): (CommitEffects, Set<String>) = try await engine.write { connection in
            if let old { try Self.ask(part, about: old, connection) }
            let migrator = SchemaMigrator(dialect: engine.dialect, registry: registry)
            try migrator.apply(part.id, renames: part.contributions.renames, connection)
            let transaction = StoreTransaction(
                connection: connection, dialect: engine.dialect, state: Store.State(registry: registry, settings: settings),
                actor: .system("plugin " + part.id, rights: .empty), now: clock.now, isWriting: true, calls: calls)
            try migrator.run(part.contributions.migrations, of: part.id, done: done, at: clock.now, connection) { transaction }
            if part.id == Composition.kernel { try DefaultRoles.ensure(in: transaction) }
            try DefaultRoles.mergeGrants(part.contributions.grants, of: part.id, into: transaction)
            if let row {
                try PluginLedger.write(part.id, row, connection)
                let change = PluginHistory.Change(
                    plugin: part.id, action: old == nil ? "enabled" : "upgraded", version: (old ?? "", part.version))
                try PluginHistory.note(change, by: actor, at: clock.now, connection)
            }
            try transaction.writeFigures()
            return (transaction.core.effects, try SchemaMigrator.recordedSteps(connection))
        }
        ledger.plans[part.id] = plan
        ledger.steps = steps
        if let row { ledger.rows[part.id] = row }
        return effects
    }

    /// Has the new version look at the data of the old one, before anything is changed.
    private static func ask(_ part: Composition.Part, about old: String, _ connection: any Connection) throws {
        let own: Set<String> = Set(
            try connection.all("SELECT \"name\" FROM \"tenon_owner\" WHERE \"kind\" = 'table' AND \"plugin\" = ?", [.text(part.id)]) { $0.text(0) })
        let data = OldData(version: old) { entity in
            own.contains(entity) ? try connection.columns(of: entity) : []
        } rows: { entity, fields, condition, each in
            let known: Set<String> = own.contains(entity) ? try connection.columns(of: entity) : []
            for name in fields + (condition.map { [$0.field] } ?? []) where !known.contains(name) {
                throw CRMError(.notFound, "version \(old) of \(part.id) had no field \(entity).\(name)")
            }
            let test: String = condition.map { " WHERE \(quoted($0.field)) = ?" } ?? ""
            try connection.query(
                "SELECT \(fields.map(quoted).joined(separator: ", ")) FROM \(quoted(entity))\(test)",
                condition.map { [Self.stored($0.value)] } ?? []
            ) { row in
                try each(fields.indices.map { Self.value(row.value($0)) })
            }
        }
        let site = CallSite.of(part.id, .migration, "before upgrade")
        for check in part.contributions.upgradeChecks { try CallSlots.shared.holding(site) { try check(data) } }
    }

    private static func stored(_ value: Value) -> SQLValue {
        switch value {
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        case .boolean(let flag): .integer(flag ? 1 : 0)
        default: .null
        }
    }

    private static func value(_ stored: SQLValue) -> Value {
        switch stored {
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        case .null, .blob: .null
        }
    }

    private func isSettled(_ part: Composition.Part, _ done: Set<String>) -> Bool {
        let own: Contributions = part.contributions
        let names: [String] = own.migrations.map(\.name) + own.grants.map { DefaultRoles.ledgerName($0.entity, $0.role.rawValue) }
        return names.allSatisfy { done.contains(part.id + "/" + $0) }
    }
}
