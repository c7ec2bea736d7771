import FoundationEssentials
import Logging
import PluginAPI

extension PluginHost {
    /// What came of an uninstallation: where its archive is.
    struct Uninstalled: Sendable {
        let plugin: String
        let archive: String
    }

    /// Takes plugins out for good: what they hold goes to an archive, then everything of them leaves the database. Never loads
    /// them, and needs nothing of their files.
    func uninstall(_ ids: [String], _ terms: SwitchingTerms, by actor: Actor) async throws -> [Uninstalled] {
        try actor.require(.managePlugins)
        return try await changing {
            let plan: PluginPlan = try await self.plan(uninstalling: ids, cascade: terms.cascade)
            try await check(plan, terms)
            try await stop(Set(plan.steps.map(\.id)), actor)
            // What is dropped nobody works with any more.
            try await peers?.awaitOthers()
            var done: [Uninstalled] = []
            for step in plan.steps where step.destroys { done.append(try await remove(step, actor)) }
            return done
        }
    }

    private func remove(_ step: PluginPlan.Step, _ actor: Actor) async throws -> Uninstalled {
        var ledger: PluginLedger = try requireLedger()
        let row: PluginLedger.Row? = ledger.rows[step.id]
        let links: [PluginOutline.Link] = ledger.rows.filter { $0.key != step.id }.values.flatMap { $0.outline?.links ?? [] }
        let now: Moment = clock.now
        let folder: String = try makeArchiveFolder(step, now)
        let archive = PluginArchive(
            plugin: step.id, version: step.version, manifest: row?.copy?.manifest ?? contents.entries[step.id]?.text ?? "",
            madeAt: now.description)
        let paths: [String: String] = Dictionary((row?.outline?.tables ?? []).map { ($0.name, $0.path) }) { first, _ in first }
        let dialect: any Dialect = engine.dialect
        let (fields, imports, effects): ([PluginLedger.StoredField], [Int64], CommitEffects)
        // The plugin is switched off: what runs is the rest.
        let state = Store.State(registry: store.registry, settings: store.settings)
        let calls: PluginCalls = store.calls
        // What is counted in memory would come back after the rows are gone.
        try await store.calls.uses.flush(to: engine)
        do {
            (fields, imports, effects) = try await engine.write { connection in
                let belongings = try Belongings(of: step.id, row?.outline, links: links, connection)
                _ = try ArchiveWriter(folder: folder, connection: connection).write(belongings, archive, paths: paths)
                try Uninstaller(connection: connection, dialect: dialect).drop(belongings, paths: paths.values.sorted())
                try PluginHistory.note(
                    .init(plugin: step.id, action: "uninstalled", version: (step.version, ""), facts: [("archive", folder)]), by: actor, at: now,
                    connection)
                let transaction = StoreTransaction(
                    connection: connection, dialect: dialect, state: state, actor: .system("uninstalling \(step.id)", rights: .empty), now: now,
                    isWriting: true, calls: calls)
                try Self.switchOff(belongings.webhooks, of: step.name, transaction)
                try transaction.writeFigures()
                return (try PluginLedger.fields(connection), belongings.imports, transaction.core.effects)
            }
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
        ledger.rows[step.id] = nil
        ledger.plans[step.id] = nil
        ledger.steps = ledger.steps.filter { !$0.hasPrefix(step.id + "/") }
        ledger.fields = fields
        self.ledger = ledger
        catalogue.kept?.prune(step.id, keeping: [])
        moveFiles(catalogue.files + "/" + step.id, to: folder + "/files")
        if !catalogue.imports.isEmpty { for id in imports { ImportFiles(folder: catalogue.imports).remove(id) } }
        let registry: Registry = try registry(lineup.parts, ledger.customFields)
        await publish(registry, [CommitEffects(touched: [.init(entity: "role", id: 0)]), effects])
        return Uninstalled(plugin: step.id, archive: folder)
    }

    /// Webhooks that wait for nothing but what is gone stay, with the reason on record, and send nothing.
    private static func switchOff(_ webhooks: [Belongings.Webhook], of plugin: String, _ transaction: StoreTransaction) throws {
        for webhook in webhooks where webhook.isIdle {
            guard var record = try transaction.find("webhook", RecordID(webhook.id)) else { continue }
            record["active"] = .boolean(false)
            record["inactive_reason"] = .text("\(plugin) was uninstalled, which sent \(webhook.gone.joined(separator: ", "))")
            _ = try transaction.save("webhook", record)
        }
    }

    /// `<data>/archives/<id>-<version>-<time>`: a time that sorts, and no two of one name.
    private func makeArchiveFolder(_ step: PluginPlan.Step, _ now: Moment) throws -> String {
        let stamp: String = now.description.filter { $0.isNumber || $0 == "T" || $0 == "Z" }
        let base: String = "\(catalogue.archives)/\(step.id)-\(step.version)-\(stamp)"
        var (folder, count) = (base, 1)
        while FileManager.default.fileExists(atPath: folder) {
            count += 1
            folder = base + "-\(count)"
        }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return folder
    }

    /// Brings an archive back. Its plugin must run; fields that administrators had made come back with it.
    func restore(_ folder: String, by actor: Actor) async throws -> (plugin: String, records: Int) {
        try actor.require(.managePlugins)
        let folder: String = folder.hasPrefix("/") || folder.contains("/") ? folder : catalogue.archives + "/" + folder
        let archive = try PluginArchive(folder: folder)
        let records: Int = try await changing {
            var ledger: PluginLedger = try requireLedger()
            guard lineup.has(archive.plugin) else {
                throw CRMError(
                    .refused, "the plugin \(archive.plugin) of the archive is not switched on", hint: "tenon plugin enable \(archive.plugin)")
            }
            let (parts, dialect, now): ([Composition.Part], any Dialect, Moment) = (lineup.parts, engine.dialect, clock.now)
            let (count, fields, registry, plans): (Int, [PluginLedger.StoredField], Registry, [String: String]) = try await engine.write {
                connection in
                try Self.restore(archive.fields, connection)
                let fields: [PluginLedger.StoredField] = try PluginLedger.fields(connection)
                let kept: [CustomField] = fields.filter { !$0.isRemoved }.map(\.field)
                guard case .registry(let registry) = RegistryBuilder.build(Composition(parts: parts, customFields: kept)) else {
                    throw CRMError(.refused, "the fields of the archive do not fit any more")
                }
                let migrator = SchemaMigrator(dialect: dialect, registry: registry)
                for part in parts { try migrator.apply(part.id, renames: [], connection) }
                try Self.addRemovedColumns(archive.fields, dialect, connection)
                let restorer = PluginRestorer(
                    connection: connection, dialect: dialect, registry: registry, archive: archive, folder: folder)
                let count: Int = try restorer.restore()
                try PluginHistory.note(
                    .init(plugin: archive.plugin, action: "restored", facts: [("archive", folder), ("records", String(count))]), by: actor,
                    at: now, connection)
                return (count, fields, registry, try SchemaMigrator.recordedPlans(connection))
            }
            ledger.fields = fields
            ledger.plans = plans
            self.ledger = ledger
            await publish(registry, [CommitEffects(touched: [.init(entity: "role", id: 0)])])
            return count
        }
        moveFiles(folder + "/files", to: catalogue.files + "/" + archive.plugin, keeping: true)
        return (archive.plugin, records)
    }

    /// The files that a plugin kept go with its records into the archive, and come back with them.
    private func moveFiles(_ from: String, to target: String, keeping: Bool = false) {
        let manager = FileManager.default
        guard !catalogue.files.isEmpty, manager.fileExists(atPath: from), !manager.fileExists(atPath: target) else { return }
        do {
            if keeping {
                try? manager.createDirectory(atPath: catalogue.files, withIntermediateDirectories: true)
                try manager.copyItem(atPath: from, toPath: target)
            } else {
                try manager.moveItem(atPath: from, toPath: target)
            }
        } catch { Logger(label: "tenon.plugins").error("files of a plugin stay in \(from): \(error)") }
    }

    private static func restore(_ fields: [PluginArchive.Field], _ connection: any Connection) throws {
        for field in fields {
            try connection.execute(
                """
                INSERT INTO "tenon_custom_field" ("entity", "name", "definition", "removed_at") VALUES (?, ?, ?, ?)
                ON CONFLICT ("entity", "name") DO NOTHING
                """,
                [.text(field.entity), .text(field.name), .text(try field.definition.json), field.removed ? .integer(0) : .null])
        }
    }

    /// A field that was taken away before has its data still, and so its column.
    private static func addRemovedColumns(_ fields: [PluginArchive.Field], _ dialect: any Dialect, _ connection: any Connection) throws {
        for field in fields where field.removed {
            let model = FieldModel(try field.definition.description(named: field.name), place: 0, plugin: Composition.kernel)
            let existing: Set<String> = try connection.columns(of: field.entity)
            guard !existing.isEmpty, !existing.contains(field.name) else { continue }
            for (name, definition) in EntityTable.columns(of: model, dialect) {
                try connection.execute("ALTER TABLE \(quoted(field.entity)) ADD COLUMN \(quoted(name)) \(definition)")
                try connection.execute(
                    "INSERT INTO \"tenon_owner\" (\"kind\", \"name\", \"parent\", \"plugin\") VALUES ('column', ?, ?, ?) ON CONFLICT DO NOTHING",
                    [.text(name), .text(field.entity), .text(Composition.kernel)])
            }
        }
    }
}
