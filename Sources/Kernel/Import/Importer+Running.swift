import CThread
import Logging
import PluginAPI
import Synchronization

/// The course of a step, from its beginning to its outcome.
extension Importer {
    /// Begins to try a file out, to store it or to take it back, and returns at once.
    func begin(_ step: ImportState, _ id: Int64, actor: Actor) async throws -> ImportRecord {
        var record: ImportRecord = try await find(id, actor: actor)
        try Self.allow(step, record)
        var acting: Actor = actor
        acting.via = "import \(id)"
        if step != .reverting {
            let name: String = record.entity
            let plan: ImportPlan = record.details.plan
            try await store.read(as: actor) { tx in
                let entity: EntityModel = try tx.registry.require(name)
                try actor.require("import", on: entity)
                // What does not fit is said now, not by a job that fails later.
                _ = try RowImporter(plan: plan, registry: tx.registry, actor: actor, currency: tx.currency)
            }
        }
        let before: ImportState = record.state
        record.state = step
        record.error = nil
        // What a trial has counted is not stored.
        if before == .checked || before == .uploaded { record.counts = ImportRecord.Counts(total: record.counts.total) }
        record.details.groups = nil
        record.details.hint = nil
        record.finishedAt = nil
        record.details.faults = []
        let started: ImportRecord = record
        let isFirst: Bool = state.withLock { $0.beginning.insert(id).inserted }
        defer { if isFirst { state.withLock { _ = $0.beginning.remove(id) } } }
        let lease: Lease? = try await claim(id)
        do { try await open(step, started, before, actor) } catch {
            if let lease { try? await leases?.release(lease) }
            throw error
        }
        let progress = ImportProgress(total: record.counts.total)
        let actorForRun: Actor = acting
        state.withLock { state in
            let task = Task {
                await Lease.$current.withValue(lease) { await self.perform(step, started, progress, actorForRun) }
                if let lease { try? await self.leases?.release(lease) }
            }
            state.running[id] = (progress, task)
            lease?.onLoss { task.cancel() }
        }
        return started
    }

    static func lease(_ id: Int64) -> String { "import \(id)" }

    private func claim(_ id: Int64) async throws -> Lease? {
        guard let leases else { return nil }
        guard let lease = try await leases.claim(Importer.lease(id)) else {
            throw CRMError(.conflict, "the import \(id) is under way already")
        }
        return lease
    }

    /// Notes that a step begins.
    private func open(_ step: ImportState, _ started: ImportRecord, _ before: ImportState, _ actor: Actor) async throws {
        let id: Int64 = started.id
        try await store.write(as: actor) { tx in
            // Looked at again where writers take turns: two requests at once begin one run.
            guard let current = try ImportLedger.find(id, tx.connection), current.state == before else {
                throw CRMError(.conflict, "the import \(id) is under way already")
            }
            try ImportLedger.update(started, tx.connection)
            // One that goes on has its change already.
            if step == .running, try ImportLedger.countTouches(of: id, tx.connection) == 0 { try Self.openChange(started, actor, tx) }
        }
    }

    /// Waits until whatever is under way for an import is done.
    func wait(_ id: Int64, actor: Actor) async throws -> ImportRecord {
        if let task = state.withLock({ $0.running[id]?.task }) { await task.value }
        return try await awaitOthers(try await find(id, actor: actor), actor)
    }

    /// Waits for a run at another server, for as long as that server lives.
    private func awaitOthers(_ record: ImportRecord, _ actor: Actor) async throws -> ImportRecord {
        var record: ImportRecord = record
        while let leases, record.state.isBusy {
            let name: String = Self.lease(record.id)
            guard try await store.engine.aside({ try leases.taken($0).contains(name) }) else { break }
            try await Task.sleep(for: .milliseconds(200))
            record = try await find(record.id, actor: actor)
        }
        return record
    }

    /// Stops a run that somebody stopped at another server, if it is this one's.
    func cancelOwn(_ id: Int64) { state.withLock { $0.running[id]?.task }?.cancel() }

    /// Stops a run: one that stores all or nothing leaves nothing, batches of good rows that are stored stay.
    func cancel(_ id: Int64, actor: Actor) async throws -> ImportRecord {
        let record: ImportRecord = try await find(id, actor: actor)
        guard let task = state.withLock({ $0.running[id]?.task }) else {
            if leases != nil, record.state.isBusy {
                try await store.engine.write { connection in try ChangeLog.note(connection) { $0.stopped.append(id) } }
                return try await awaitOthers(record, actor)
            }
            throw CRMError(.refused, "the import \(id) is not under way")
        }
        task.cancel()
        await task.value
        return try await find(id, actor: actor)
    }

    /// Whether a run has been asked to end and has not ended yet.
    func isStopping(_ id: Int64) -> Bool { state.withLock { $0.running[id]?.progress.isStopping ?? false } }

    /// Ends all runs and waits for them: the product is about to stop.
    func stop() async {
        let tasks: [Task<Void, Never>] = state.withLock { $0.running.values.map(\.task) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// At start: an import that was under way when the product stopped is told as interrupted. What was to be all or nothing, and was in the
    /// middle of it, is taken back. Where there are several servers it is looked for every minute, and no long import gives way to that.
    func recover(rights: RightsSnapshot) async throws {
        let halves: [ImportRecord] = try await WriterTurn.$haste.withValue(.whenever) { try await interrupted(rights) }
        for half in halves { await clear(half, rights) }
    }

    /// Notes which imports were interrupted, and gives those of which a half is stored that must not be.
    private func interrupted(_ rights: RightsSnapshot) async throws -> [ImportRecord] {
        let now: Moment = clock.now
        return try await store.write(as: .system("import", rights: rights)) { [self] tx in
            // What has begun while this waited for its turn is not interrupted.
            let own: Set<Int64> = state.withLock { $0.own }
            let taken: Set<String> = try leases?.taken(tx.connection) ?? []
            var halves: [ImportRecord] = []
            for var record in try ImportLedger.busy(tx.connection)
            where !own.contains(record.id) && !taken.contains(Self.lease(record.id)) {
                let stored: Int = record.counts.created + record.counts.updated
                if record.state == .running, record.details.plan.badRows == .refuseAll, stored > 0 {
                    halves.append(record)
                    continue
                }
                record.error = record.state == .reverting ? Self.halfTaken : stored > 0 ? Self.stoppedText(stored) : "was stopped"
                record.state = record.state == .reverting ? .done : .failed
                record.finishedAt = now
                try ImportLedger.update(record, tx.connection)
            }
            return halves
        }
    }

    /// Takes back the half of a file, in the background. When that is cut off, too, the next start goes on with it.
    private func clear(_ half: ImportRecord, _ rights: RightsSnapshot) async {
        let lease: Lease?
        do { lease = try await claim(half.id) } catch { return }
        let progress = ImportProgress(total: half.counts.total)
        let actor: Actor = .system("import \(half.id)", rights: rights)
        state.withLock { state in
            let task = Task {
                await Lease.$current.withValue(lease) { await self.clear(half, progress, actor) }
                if let lease { try? await self.leases?.release(lease) }
            }
            state.running[half.id] = (progress, task)
            lease?.onLoss { task.cancel() }
        }
    }

    private func clear(_ half: ImportRecord, _ progress: ImportProgress, _ actor: Actor) async {
        var record: ImportRecord = half
        do {
            let revert: ImportRevert = try await WriterTurn.$haste.withValue(.soon) { try await takenBack(half, progress, actor) }
            record.counts = ImportRecord.Counts(total: half.counts.total)
            record.details.unchanged = 0
            record.details.faults = revert.faults
            record.error = "was stopped, so nothing was stored"
            record.state = .failed
            await close(record, actor, tells: true)
        } catch { Logger(label: "tenon.import").error("what import \(half.id) had stored when it was cut off could not be taken back: \(error)") }
        end(half.id)
    }

    private func perform(_ step: ImportState, _ record: ImportRecord, _ progress: ImportProgress, _ actor: Actor) async {
        var record: ImportRecord = record
        do {
            // People who change one record go before the next batch of a file.
            try await WriterTurn.$haste.withValue(.soon) {
                switch step {
                case .checking: try await check(&record, progress, actor)
                case .running where record.details.plan.badRows == .skip: try await runInBatches(&record, progress, actor)
                case .running: try await runAsOne(&record, progress, actor)
                default: try await revert(&record, progress, actor)
                }
            }
        } catch {
            record.state = step == .reverting ? .done : .failed
            record.error = Task.isCancelled ? "was stopped" : RowImporter.message(of: error)
            let stored: Int = record.counts.created + record.counts.updated
            record.details.hint = (error as? CRMError)?.hint
            if Task.isCancelled && stored > 0 { record.error = step == .reverting ? Self.halfTaken : Self.stoppedText(stored) }
        }
        await close(record, actor, tells: step != .checking)
        end(record.id)
    }

    private func end(_ id: Int64) {
        state.withLock { $0.running[id] = nil }
        // A file's rows were many megabytes in small pieces, which the allocator would keep.
        tenon_return_memory()
    }

    /// Keeps what came of a step, and tells whoever began the import.
    private func close(_ record: ImportRecord, _ actor: Actor, tells: Bool) async {
        var finished: ImportRecord = record
        finished.finishedAt = clock.now
        let outcome: ImportRecord = finished
        // A task of its own: the outcome of a run that was stopped must be stored, too.
        let closing = Task {
            do {
                let problems: [UInt8]? = self.leases != nil && outcome.counts.failed > 0 ? self.files.problems(of: outcome.id) : nil
                try await self.store.write(as: actor) { tx in
                    try ImportLedger.update(outcome, tx.connection)
                    if let problems { try SharedImportFiles.store(problems, .problems, of: outcome.id, tx.connection) }
                    try Self.noteChange(outcome, by: actor.userID, tx)
                    if let user = outcome.userID, tells { try tx.notify(RecordID(user), Self.notice(of: outcome), about: nil) }
                }
            } catch {
                Logger(label: "tenon.import").error("the outcome of import \(outcome.id) could not be kept: \(error)")
            }
        }
        await closing.value
    }

    // MARK: What belongs to several steps

    private static func allow(_ step: ImportState, _ record: ImportRecord) throws {
        if record.state.isBusy { throw CRMError(.conflict, "the import \(record.id) is under way already") }
        switch (step, record.state) {
        case (.reverting, _):
            guard record.canRevert else { throw CRMError(.refused, "the import \(record.id) has stored nothing that could be taken back") }
        case (_, .done), (_, .reverted):
            throw CRMError(.refused, "the import \(record.id) is done", hint: "Upload the file again for another import.")
        default: break
        }
    }

    /// An import stands among the changes of many records, with a way back of its own.
    private static func openChange(_ record: ImportRecord, _ actor: Actor, _ tx: StoreTransaction) throws {
        try ChangeSetLedger.removeImport(record.id, tx.connection)
        let set = ChangeSet(
            at: tx.now, userID: record.userID, via: actor.via, kind: .importing, entity: record.entity, record: record.id,
            what: record.fileName)
        _ = try ChangeSetLedger.add(set, tx.connection)
    }

    private static func noteChange(_ record: ImportRecord, by user: Int64?, _ tx: StoreTransaction) throws {
        switch record.state {
        case .reverted: try ChangeSetLedger.markImport(record.id, revertedBy: user, at: tx.now, tx.connection)
        case .done: try ChangeSetLedger.countImport(record.id, record.counts.created + record.counts.updated, tx.connection)
        case .failed where record.counts.created + record.counts.updated == 0: try ChangeSetLedger.removeImport(record.id, tx.connection)
        default: break
        }
    }

    private static let halfTaken = "was stopped before all of it was taken back; take it back again to go on"

    private static func stoppedText(_ stored: Int) -> String {
        "was stopped after \(stored == 1 ? "1 row" : "\(stored) rows"); run it again to go on"
    }

    private static func notice(of record: ImportRecord) -> String {
        let counts: ImportRecord.Counts = record.counts
        switch record.state {
        case .reverted: return "The import of \(record.fileName) has been taken back"
        case .done: return "\(record.fileName): \(counts.created) created, \(counts.updated) updated, \(counts.failed) not taken"
        default: return "\(record.fileName) could not be imported: \(record.error ?? "")"
        }
    }
}
