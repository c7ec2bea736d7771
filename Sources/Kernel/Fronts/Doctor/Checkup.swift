import PluginAPI

/// Looks whether a deployment is well. Every check looks at one thing, changes nothing, and says what to do.
struct Checkup: Sendable {
    let engine: any Engine
    let registry: Registry
    let rights: RightsSnapshot
    let now: Moment
    /// Where the files are; empty where there are none.
    var dataDirectory = ""

    /// Looks at everything as of one moment, on a thread of its own: it may take minutes.
    func findings() async throws -> [Finding] {
        try await withTaskExecutorPreference(LongWork.shared) {
            var findings = [await store()]
            // A store that cannot be read has said so.
            if findings[0].state == .failed { return findings }
            findings += try await engine.read { try inspect($0) }
            return findings + [people()]
        }
    }

    /// What can be seen within one transaction.
    func inspect(_ connection: any Connection) throws -> [Finding] {
        let tables: Finding = try tables(connection)
        let findings = [
            tables, try references(connection), try deliveries(connection), try jobs(connection),
            try schedules(connection), try quarantine(connection), try crashes(connection),
        ] + (try connection.isShared ? [peers(connection)] : [])
        // Without its columns nothing of a table can be compared.
        return tables.state == .ok ? findings + (try agreements(connection)) : findings
    }

    /// Whether what is kept in two places says the same in both.
    private func agreements(_ connection: any Connection) throws -> [Finding] {
        let tx = StoreTransaction(
            connection: connection, dialect: engine.dialect, state: Store.State(registry: registry, settings: DeploymentSettings()),
            actor: .system("doctor", rights: rights), now: now, isWriting: false)
        var findings = [
            try SearchCheck(tx: tx).finding(), try AuditCheck(tx: tx).finding(), try BoardCheck(tx: tx).finding(),
            try MatchKeyCheck(tx: tx).finding(), try WaitingCheck(tx: tx).finding(), try NumberCheck(tx: tx).finding(),
        ]
        if !dataDirectory.isEmpty { findings.append(try FileCheck(tx: tx, dataDirectory: dataDirectory).finding()) }
        return findings
    }

    private func store() async -> Finding {
        do {
            let problems = try await engine.integrityProblems()
            guard let first = problems.first else { return Finding(state: .ok, check: "store", message: "the database is sound") }
            let more = problems.count > 1 ? " and \(problems.count - 1) more" : ""
            return Finding(state: .failed, check: "store", message: "the database is damaged: \(first)\(more)", hint: "Restore it from a backup.")
        } catch {
            return Finding(
                state: .failed, check: "store", message: "the database could not be read: \(error)", hint: "Look at the disk, and restore it from a backup.")
        }
    }

    /// Every field of every enabled plugin has its columns.
    private func tables(_ connection: any Connection) throws -> Finding {
        var missing: [String] = []
        for entity in registry.entities {
            let columns = try connection.columns(of: entity.name)
            for field in entity.storedFields where !columns.contains(field.name) { missing.append("\(entity.name).\(field.name)") }
        }
        guard missing.isEmpty else {
            return Finding(
                state: .failed, check: "tables", message: "columns are missing: \(listed(missing))",
                hint: "Switch the plugin off and on again: that adds what is missing.")
        }
        return Finding(state: .ok, check: "tables", message: "\(counted(registry.entities.count, "table")) as declared")
    }

    /// Every reference points at a record that is there.
    private func references(_ connection: any Connection) throws -> Finding {
        var lost: [String] = []
        var count = 0
        for entity in registry.entities {
            let columns = try connection.columns(of: entity.name)
            for field in entity.storedFields {
                guard let target = field.target, registry.entity(target) != nil, columns.contains(field.name) else { continue }
                count += 1
                if field.isList {
                    let number: Int = try looseLists(entity, field, target, connection)
                    if number > 0 { lost.append("\(entity.name).\(field.name) in \(counted(number, "record"))") }
                    continue
                }
                let column = quoted(field.name)
                let number = try connection.integer(
                    "SELECT count(*) FROM \(quoted(entity.name)) t WHERE t.\(column) IS NOT NULL AND NOT EXISTS "
                        + "(SELECT 1 FROM \(quoted(target)) o WHERE o.id = t.\(column))") ?? 0
                if number > 0 { lost.append("\(entity.name).\(field.name) in \(counted(Int(number), "record"))") }
            }
        }
        guard lost.isEmpty else {
            return Finding(
                state: .failed, check: "references", message: "references point at nothing: \(listed(lost))",
                hint: "Empty them, or restore the records from a backup.")
        }
        return Finding(state: .ok, check: "references", message: "\(counted(count, "field")) point at records that are there")
    }

    /// How many records have a list in which an id is of no record.
    private func looseLists(_ entity: EntityModel, _ field: FieldModel, _ target: String, _ connection: any Connection) throws -> Int {
        var count = 0
        let column: String = quoted(field.name)
        try connection.batches(of: entity.name, [field.name], where: "\(column) IS NOT NULL AND \(column) <> '[]'") { row in
            row.withText(1, FieldModel.ids).map(\.raw)
        } _: { batch, _ in
            let wanted: [Int64] = Set(batch.joined()).sorted()
            let condition: SQLFragment = engine.dialect.among("id", wanted)
            let there: Set<Int64> = Set(
                try connection.all("SELECT id FROM \(quoted(target)) WHERE " + condition.sql, condition.arguments) { $0.integer(0) })
            count += batch.count { !there.isSuperset(of: $0) }
        }
        return count
    }

    private func deliveries(_ connection: any Connection) throws -> Finding {
        let failed = try connection.integer("SELECT count(*) FROM tenon_outbox WHERE state = 'failed'") ?? 0
        guard failed == 0 else {
            return Finding(
                state: .warning, check: "deliveries", message: "\(counted(Int(failed), "delivery", "deliveries")) failed for good",
                hint: "See `tenon hooks failed`, and try again with `tenon hooks retry`.")
        }
        let pending = try connection.integer("SELECT count(*) FROM tenon_outbox WHERE state = 'pending'") ?? 0
        return Finding(state: .ok, check: "deliveries", message: pending == 0 ? "nothing waits" : "\(pending) wait, none failed")
    }

    private func jobs(_ connection: any Connection) throws -> Finding {
        let failed = try connection.all("SELECT DISTINCT name FROM tenon_job WHERE state = 'failed' ORDER BY name") { $0.text(0) }
        guard failed.isEmpty else {
            return Finding(
                state: .warning, check: "jobs", message: "runs failed for good: \(listed(failed))",
                hint: "See `tenon jobs list`, and try again with `tenon jobs retry`.")
        }
        return Finding(state: .ok, check: "jobs", message: "no run failed for good")
    }

    /// Schedules are kept by a server: one that is hours late means that none has run.
    private func schedules(_ connection: any Connection) throws -> Finding {
        let limit = now.adding(seconds: -7200).milliseconds
        let late = try connection.all("SELECT name FROM tenon_schedule WHERE next_at < ? ORDER BY name", [.integer(limit)]) { $0.text(0) }
            .filter { registry.jobs[$0] != nil }
        guard late.isEmpty else {
            return Finding(
                state: .warning, check: "schedules", message: "overdue: \(listed(late))", hint: "They run while `tenon serve` does.")
        }
        return Finding(state: .ok, check: "schedules", message: "\(counted(registry.jobs.count, "job")), none overdue")
    }

    private func quarantine(_ connection: any Connection) throws -> Finding {
        let names = try Quarantine.all(connection).keys.sorted()
        guard names.isEmpty else {
            return Finding(
                state: .warning, check: "quarantine", message: "plugins are kept out: \(listed(names))",
                hint: "See `tenon crashes list`, and `tenon plugin release` once they are mended.")
        }
        return Finding(state: .ok, check: "quarantine", message: "no plugin is kept out")
    }

    private func crashes(_ connection: any Connection) throws -> Finding {
        let day = now.adding(days: -1).milliseconds
        let count = try connection.integer("SELECT count(*) FROM tenon_crash WHERE at > ?", [.integer(day)]) ?? 0
        guard count == 0 else {
            return Finding(
                state: .warning, check: "crashes", message: "the server ended unexpectedly \(count == 1 ? "once" : "\(count) times") within a day",
                hint: "See `tenon crashes list`.")
        }
        return Finding(state: .ok, check: "crashes", message: "none within a day")
    }

    /// Where several servers work on one database: who serves, and who stopped without saying so.
    private func peers(_ connection: any Connection) throws -> Finding {
        let all: [Peer] = try Peer.all(connection, engine.dialect)
        let serving: [Peer] = all.filter { $0.state == .serving }
        let gone: [String] = all.filter { $0.state == .gone }.map { "\($0.host) \($0.address)".trimmed }
        let versions: [String] = Set(serving.map(\.version)).sorted()
        if !gone.isEmpty {
            return Finding(
                state: .warning, check: "peers", message: "no sign of life from \(listed(gone)), \(counted(serving.count, "server")) left",
                hint: "See `tenon peers`; the others have taken over its work.")
        }
        if versions.count > 1 {
            return Finding(
                state: .warning, check: "peers", message: "the servers are of different releases: \(listed(versions))",
                hint: "Bring all of them to the same release.")
        }
        return Finding(state: .ok, check: "peers", message: counted(serving.count, "server"))
    }

    private func people() -> Finding {
        guard rights.firstAdministrator != nil else {
            return Finding(
                state: .failed, check: "people", message: "there is no active administrator", hint: "Make one with `tenon init`.")
        }
        return Finding(state: .ok, check: "people", message: "there is an administrator who can log in")
    }

    private func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(count) \(count == 1 ? one : many ?? one + "s")"
    }
}
