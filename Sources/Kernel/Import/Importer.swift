import Logging
import PluginAPI
import Synchronization

/// Takes files in: keeps them, guesses what they mean, tries them out, stores them and takes them back.
///
/// A run that refuses bad rows as a whole is one transaction: either all of the file is stored or nothing. A run that
/// skips them stores the good rows in batches, each with its place in the file, so that it can go on where it stopped.
final class Importer: Sendable {
    let files: ImportFiles
    private let store: Store
    private let clock: any Clock
    /// Where several servers work on one database: an import is under way at the one that has its lease.
    private let leases: Leases?
    private let state: Mutex<State> = Mutex(State())

    private struct State {
        var running: [Int64: (progress: ImportProgress, task: Task<Void, Never>)] = [:]
        /// What files hold, kept for the few imports that are being planned.
        var analyses: [Int64: FileAnalysis] = [:]
    }

    static let batchRows: Int = 500
    private static let keptAnalyses: Int = 8

    init(store: Store, clock: any Clock, folder: String, leases: Leases? = nil) {
        self.leases = leases
        self.store = store
        self.clock = clock
        files = ImportFiles(folder: folder)
    }

    // MARK: Planning

    /// Keeps an uploaded file and plans its import as far as the file tells.
    func add(
        _ file: [UInt8], fileName: String, entity name: String, options given: CSVOptions, actor: Actor
    ) async throws -> ImportRecord {
        let (bytes, form) = try Self.table(file, given)
        var options: CSVOptions = form
        options.encoding = form.encoding ?? EncodingGuess.encoding(of: bytes)
        let analysis: FileAnalysis = try Self.analysis(.bytes(bytes), options)
        let now: Moment = clock.now
        let record: ImportRecord = try await store.write(as: actor) { tx in
            let entity: EntityModel = try Self.entity(name, in: tx.registry)
            try actor.require("import", on: entity)
            var details: ImportRecord.Details = try Self.details(for: analysis, of: entity, actor: actor, in: tx)
            details.plan.encoding = analysis.format.encoding
            details.plan.encodingIsGuessed = given.encoding == nil
            details.plan.delimiter = String(UnicodeScalar(analysis.format.delimiter))
            var record = ImportRecord(
                id: 0, entity: entity.name, userID: actor.userID, fileName: String(fileName.prefix(200)), state: .uploaded,
                details: details, counts: ImportRecord.Counts(total: analysis.rowCount), createdAt: now)
            record.id = try ImportLedger.add(record, tx.connection)
            return record
        }
        try files.keep(bytes, of: record.id)
        if leases != nil { try await store.engine.write { try SharedImportFiles.store(bytes, .upload, of: record.id, $0) } }
        remember(analysis, of: record.id)
        return record
    }

    /// Cards of an address book come in as a table of them; everything else is one.
    private static func table(_ file: [UInt8], _ given: CSVOptions) throws -> ([UInt8], CSVOptions) {
        try FileKind.requireTable(file)
        guard VCardReader.reads(file) else { return (file, given) }
        var options: CSVOptions = given
        options.encoding = nil
        options.delimiter = UInt8(ascii: ",")
        return (try VCardTable.csv(file, options: given), options)
    }

    /// One import that the user may see, as far as it is now.
    func find(_ id: Int64, actor: Actor) async throws -> ImportRecord {
        let found: ImportRecord? = try await store.read(as: actor) { tx in try ImportLedger.find(id, tx.connection) }
        guard var record = found, actor.isElevated || record.userID == actor.userID || actor.can(.seeOperations) else {
            throw CRMError(.notFound, "there is no import \(id)")
        }
        if let progress = state.withLock({ $0.running[id]?.progress }) {
            record.counts = progress.now
        } else if leases != nil {
            // Another server may have taken it in, or tried it out.
            try await SharedImportFiles.fetch(record, to: files, store.engine)
        }
        return record
    }

    func list(actor: Actor) async throws -> [ImportRecord] {
        let user: Int64? = actor.isElevated || actor.can(.seeOperations) ? nil : actor.userID
        if user == nil && !actor.isElevated && !actor.can(.seeOperations) { return [] }
        return try await store.read(as: actor) { tx in try ImportLedger.list(user: user, limit: 100, tx.connection) }
    }

    /// What the file of an import holds.
    func analysis(of record: ImportRecord) throws -> FileAnalysis {
        if let known = state.withLock({ $0.analyses[record.id] }) { return known }
        let analysis: FileAnalysis = try Self.analysis(.file(files.path(of: record.id)), record.details.plan.csvOptions)
        remember(analysis, of: record.id)
        return analysis
    }

    /// Takes over what a person decided.
    func change(_ id: Int64, _ json: JSONValue, actor: Actor) async throws -> ImportRecord {
        var record: ImportRecord = try await find(id, actor: actor)
        guard !record.state.isBusy, record.state != .done, record.state != .reverted else {
            throw CRMError(.refused, "the import \(id) has begun already", hint: "Upload the file again for another import.")
        }
        let entityName: String = record.entity
        let entity: EntityModel = try await store.read(as: actor) { tx in try tx.registry.require(entityName) }
        let isReadAnew: Bool = json["encoding"] != nil || json["delimiter"] != nil
        let analysis: FileAnalysis = isReadAnew ? try reread(&record, as: json, entity, actor: actor) : try analysis(of: record)
        let fields: [FieldDescription] = RowImporter.writableFields(of: entity, for: actor).map(\.description)
        try record.details.plan.apply(json, analysis: analysis, fields: fields)
        record.state = .uploaded
        record.error = nil
        let changed: ImportRecord = record
        try await store.write(as: actor) { tx in try ImportLedger.update(changed, tx.connection) }
        if isReadAnew { remember(analysis, of: id) }
        return changed
    }

    /// Forgets an import and its file. What it stored stays, and cannot be taken back any more.
    func remove(_ id: Int64, actor: Actor) async throws {
        let record: ImportRecord = try await find(id, actor: actor)
        guard !record.state.isBusy else { throw CRMError(.refused, "the import \(id) is under way", hint: "Wait until it is done.") }
        try await store.write(as: actor) { tx in
            try ImportLedger.remove(id, tx.connection)
            try SharedImportFiles.remove(id, tx.connection)
            try ChangeSetLedger.removeImport(id, tx.connection)
        }
        state.withLock { $0.analyses[id] = nil }
        files.remove(id)
    }

    // MARK: Running

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
        record.details.groups = nil
        record.details.hint = nil
        record.finishedAt = nil
        record.details.faults = []
        let started: ImportRecord = record
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
            if step == .running, current.counts.done == 0 { try Self.openChange(started, actor, tx) }
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

    /// Stops a run: what is one transaction leaves nothing, batches that are stored stay.
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

    /// At start: an import that was under way when the product stopped is told as interrupted.
    func recover(rights: RightsSnapshot) async throws {
        let now: Moment = clock.now
        let own: Set<Int64> = state.withLock { Set($0.running.keys) }
        try await store.write(as: .system("import", rights: rights)) { [leases] tx in
            let taken: Set<String> = try leases?.taken(tx.connection) ?? []
            for var record in try ImportLedger.busy(tx.connection)
            where !own.contains(record.id) && !taken.contains(Self.lease(record.id)) {
                let stored: Int = record.counts.created + record.counts.updated
                record.error = stored > 0 ? Self.stoppedText(stored) : "was stopped"
                record.state = record.state == .reverting ? .done : .failed
                record.finishedAt = now
                try ImportLedger.update(record, tx.connection)
            }
        }
    }

    private func perform(_ step: ImportState, _ record: ImportRecord, _ progress: ImportProgress, _ actor: Actor) async {
        var record: ImportRecord = record
        do {
            // People who change one record go before the next batch of a file.
            try await WriterTurn.$hasTime.withValue(true) {
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
            if Task.isCancelled && stored > 0 { record.error = Self.stoppedText(stored) }
        }
        record.finishedAt = clock.now
        let finished: ImportRecord = record
        // A task of its own: the outcome of a run that was stopped must be stored, too.
        let closing = Task {
            do {
                let problems: [UInt8]? = self.leases != nil && finished.counts.failed > 0 ? self.files.problems(of: finished.id) : nil
                try await self.store.write(as: actor) { tx in
                    try ImportLedger.update(finished, tx.connection)
                    if let problems { try SharedImportFiles.store(problems, .problems, of: finished.id, tx.connection) }
                    try Self.noteChange(finished, by: actor.userID, tx)
                    if let user = finished.userID, step != .checking {
                        try tx.notify(RecordID(user), Self.notice(of: finished), about: nil)
                    }
                }
            } catch {
                Logger(label: "tenon.import").error("the outcome of import \(finished.id) could not be kept: \(error)")
            }
        }
        await closing.value
        state.withLock { $0.running[record.id] = nil }
    }

    // MARK: Helpers of several steps

    private static func entity(_ name: String, in registry: Registry) throws -> EntityModel {
        if let entity = registry.entity(path: name) { return entity }
        return try registry.require(name)
    }

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

    private func remember(_ analysis: FileAnalysis, of id: Int64) {
        state.withLock { state in
            state.analyses[id] = analysis
            while state.analyses.count > Self.keptAnalyses, let oldest = state.analyses.keys.min() { state.analyses[oldest] = nil }
        }
    }
}

extension Importer {
    /// Undoes a transaction and brings out what was learnt in it.
    private struct Undone: Error {
        var pass: ImportPass
    }

    /// Tries all rows, and undoes them all.
    private func check(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        do {
            try await wholeFile(record, progress, actor, importID: nil)
        } catch let undone as Undone {
            try take(undone.pass, into: &record)
            record.counts = undone.pass.counts
            record.state = .checked
        }
    }

    /// Stores all rows or none.
    private func runAsOne(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        do {
            let pass: ImportPass = try await wholeFile(record, progress, actor, importID: record.id)
            try take(pass, into: &record)
            record.counts = pass.counts
            record.state = .done
        } catch let undone as Undone {
            try take(undone.pass, into: &record)
            var counts: ImportRecord.Counts = undone.pass.counts
            (counts.created, counts.updated, counts.unchanged) = (0, 0, 0)
            record.counts = counts
            record.state = .failed
            let rows: String = counts.failed == 1 ? "1 row is" : "\(counts.failed) rows are"
            record.error = "\(rows) not valid, so nothing was stored"
            record.details.hint = "Mend the rows named, or import the good ones only."
        }
    }

    @discardableResult
    private func wholeFile(
        _ record: ImportRecord, _ progress: ImportProgress, _ actor: Actor, importID: Int64?
    ) async throws -> ImportPass {
        let plan: ImportPlan = record.details.plan
        let path: String = files.path(of: record.id)
        let total: Int = record.counts.total
        return try await stoppable(progress, as: actor) { tx in
            do {
                var reader = try CSVReader(.file(path), options: plan.csvOptions)
                let header: [String] = try reader.readHeader()
                let rows = try RowImporter(
                    plan: plan, registry: tx.registry, actor: actor, currency: tx.currency, header: header)
                var pass = ImportPass(
                    rows: rows, importID: importID, total: total, header: header, delimiter: reader.format.delimiter)
                var row = CSVRow()
                while try reader.next(&row) {
                    try pass.store(row, problem: reader.problem(in: row), in: tx)
                    progress.set(pass.counts)
                    try progress.goOn()
                }
                try pass.finish(in: tx)
                progress.set(pass.counts)
                if importID == nil || pass.counts.failed > 0 { throw Undone(pass: pass) }
                return pass
            } catch let error as CSVError {
                throw error.asCRMError
            }
        }
    }

    /// One transaction that asks on its way whether it is to go on.
    private func stoppable<T: Sendable>(
        _ progress: ImportProgress, as actor: Actor, _ body: @escaping @Sendable (StoreTransaction) throws -> T
    ) async throws -> T {
        try await withTaskCancellationHandler {
            try await store.write(as: actor, body)
        } onCancel: {
            progress.stop()
        }
    }

    /// Stores the good rows, a batch a transaction.
    private func runInBatches(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        let plan: ImportPlan = record.details.plan
        do {
            var reader = try CSVReader(.file(files.path(of: record.id)), options: plan.csvOptions)
            let header: [String] = try reader.readHeader()
            let delimiter: UInt8 = reader.format.delimiter
            let begun: ImportRecord = record
            var pass: ImportPass = try await store.read(as: actor) { tx in
                let rows = try RowImporter(
                    plan: plan, registry: tx.registry, actor: actor, currency: tx.currency, header: header)
                var pass = ImportPass(
                    rows: rows, importID: begun.id, total: begun.counts.total, header: header, delimiter: delimiter)
                let stored: Set<Int> = try ImportLedger.rows(of: begun.id, tx.connection)
                if !stored.isEmpty {
                    pass.resume(storedRows: stored, created: begun.counts.created, updated: begun.counts.updated)
                }
                return pass
            }
            var isAtEnd: Bool = false
            while !isAtEnd {
                var batch: [(row: CSVRow, problem: CSVProblem?)] = []
                var row = CSVRow()
                while batch.count < Self.batchRows {
                    guard try reader.next(&row) else { isAtEnd = true; break }
                    batch.append((row, reader.problem(in: row)))
                }
                let (rowsOfBatch, before, current, isLast) = (batch, pass, record, isAtEnd)
                (pass, record) = try await stoppable(progress, as: actor) { tx in
                    var pass: ImportPass = before
                    for (row, problem) in rowsOfBatch {
                        try pass.store(row, problem: problem, in: tx)
                        try progress.goOn()
                    }
                    if isLast { try pass.finish(in: tx) }
                    var record: ImportRecord = current
                    record.counts = pass.counts
                    record.details.unchanged = pass.counts.unchanged
                    try ImportLedger.update(record, tx.connection)
                    return (pass, record)
                }
                progress.set(pass.counts)
            }
            try take(pass, into: &record)
            record.counts = pass.counts
            record.state = .done
        } catch let error as CSVError {
            throw error.asCRMError
        }
    }

    private func revert(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        let id: Int64 = record.id
        let revert: ImportRevert = try await stoppable(progress, as: actor) { tx in
            // Whoever imported may take it back, even without the right to delete other records.
            let whole: StoreTransaction = tx.withRights(for: "taking back import \(id)")
            var revert = ImportRevert()
            for touch in try ImportLedger.touches(of: id, tx.connection) {
                try revert.takeBack(touch, registry: tx.registry, in: whole, tx.connection)
                try progress.goOn()
            }
            return revert
        }
        record.details.faults = revert.faults
        record.state = .reverted
        if revert.kept > 0 { record.error = "\(revert.kept == 1 ? "1 record was" : "\(revert.kept) records were") changed since and kept" }
    }

    /// Keeps what a pass found wrong: the first faults with the import, all bad rows in a file.
    private func take(_ pass: ImportPass, into record: inout ImportRecord) throws {
        record.details.faults = pass.faults
        record.details.groups = pass.groups.sorted
        record.details.unchanged = pass.counts.unchanged
        var problems: ProblemFile = pass.problemFile
        if pass.counts.failed > 0 { try files.keepProblems(problems.take(), of: record.id) }
    }
}
