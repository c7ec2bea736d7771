import PluginAPI

/// What the steps of an import do with its file: trying it out, storing it, taking it back.
extension Importer {
    /// Undoes a transaction and brings out what was learnt in it.
    struct Undone: Error {
        var pass: ImportPass
    }

    /// Undoes a transaction since others have waited for their turn long enough; the work is done once more, in pieces.
    struct GivesWay: Error {
        /// What was learnt in it.
        var pass: ImportPass
        /// The last line of the file that was tried.
        var line: Int
    }

    /// Tries all rows, and undoes them all.
    func check(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        let pass: ImportPass = try await tried(record, progress, actor)
        try take(pass, into: &record)
        record.counts = pass.counts
        record.state = .checked
    }

    private func tried(_ record: ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws -> ImportPass {
        do {
            return try await wholeFile(record, progress, actor, importID: nil)
        } catch let undone as Undone {
            return undone.pass
        } catch let begun as GivesWay {
            return try await triedInPieces(record, progress, actor, behind: begun)
        }
    }

    /// Stores all rows or none.
    func runAsOne(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        do {
            let pass: ImportPass = try await wholeFile(record, progress, actor, importID: record.id)
            try take(pass, into: &record)
            record.counts = pass.counts
            record.state = .done
        } catch let undone as Undone {
            try refuse(undone.pass, &record)
        } catch let begun as GivesWay {
            let pass: ImportPass = try await triedInPieces(record, progress, actor, behind: begun)
            guard pass.counts.failed == 0 else { return try refuse(pass, &record) }
            try await storeInPieces(&record, progress, actor)
        }
    }

    /// Nothing was stored, since some rows are bad.
    func refuse(_ pass: ImportPass, _ record: inout ImportRecord) throws {
        try take(pass, into: &record)
        var counts: ImportRecord.Counts = pass.counts
        (counts.created, counts.updated, counts.unchanged) = (0, 0, 0)
        record.counts = counts
        record.state = .failed
        let rows: String = counts.failed == 1 ? "1 row is" : "\(counts.failed) rows are"
        record.error = "\(rows) not valid, so nothing was stored"
        record.details.hint = "Mend the rows named, or import the good ones only."
    }

    @discardableResult
    private func wholeFile(
        _ record: ImportRecord, _ progress: ImportProgress, _ actor: Actor, importID: Int64?
    ) async throws -> ImportPass {
        let plan: ImportPlan = record.details.plan
        let path: String = files.path(of: record.id)
        let total: Int = record.counts.total
        let engine: any Engine = store.engine
        return try await stoppable(progress, as: actor) { tx in
            var patience = Patience(rows: total)
            do {
                var reader = try CSVReader(.file(path), options: plan.csvOptions)
                let header: [String] = try reader.readHeader()
                let rows = try RowImporter(
                    plan: plan, registry: tx.registry, actor: actor, currency: tx.currency, header: header)
                var pass = ImportPass(
                    rows: rows, importID: importID, total: total, header: header, delimiter: reader.format.delimiter)
                while let lines = try reader.lines(ImportPass.together) {
                    try pass.store(lines, in: tx, progress)
                    let isOver: Bool = try patience.isOver(done: pass.counts.done) { try engine.othersWait(tx.connection, evenWithTime: $0) }
                    if isOver, let last = lines.last { throw GivesWay(pass: pass, line: last.row.line) }
                }
                try pass.finish(in: tx)
                progress.set(pass.counts)
                if importID == nil || pass.counts.failed > 0 { throw Undone(pass: pass) }
                // Together with the rows: whoever is killed from here on has stored them and knows it.
                var stored: ImportRecord = record
                stored.counts = pass.counts
                stored.details.unchanged = pass.counts.unchanged
                stored.state = .done
                try ImportLedger.update(stored, tx.connection)
                return pass
            } catch let error as CSVError {
                throw error.asCRMError
            }
        }
    }

    /// One transaction that asks on its way whether it is to go on.
    func stoppable<T: Sendable>(
        _ progress: ImportProgress, as actor: Actor, _ body: @escaping @Sendable (StoreTransaction) throws -> T
    ) async throws -> T {
        try await withTaskCancellationHandler {
            try await store.write(as: actor, body)
        } onCancel: {
            progress.stop()
        }
    }

    /// Stores the good rows, a batch a transaction.
    func runInBatches(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        let pass: ImportPass = try await batches(&record, progress, actor, whileAllAreGood: false)
        try take(pass, into: &record)
        record.counts = pass.counts
        record.state = .done
    }

    /// Stores rows, a batch a transaction, which others may write between. Where all are to be good, it ends behind the batch with the first that
    /// is not.
    func batches(
        _ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor, whileAllAreGood: Bool
    ) async throws -> ImportPass {
        do {
            var reader = try CSVReader(.file(files.path(of: record.id)), options: record.details.plan.csvOptions)
            let begun: ImportRecord = record
            var pass: ImportPass = try await newPass(of: record, &reader, actor, importID: record.id)
            let stored: Set<Int> = try await store.read(as: actor) { tx in try ImportLedger.rows(of: begun.id, tx.connection) }
            if !stored.isEmpty { pass.resume(storedRows: stored, created: begun.counts.created, updated: begun.counts.updated) }
            var isAtEnd: Bool = false
            while !isAtEnd {
                let lines: [ImportPass.Line] = try reader.lines(Self.batchRows) ?? []
                isAtEnd = lines.count < Self.batchRows
                let (before, current, isLast) = (pass, record, isAtEnd)
                (pass, record) = try await stoppable(progress, as: actor) { tx in
                    var pass: ImportPass = before
                    try pass.store(lines, in: tx, progress)
                    if isLast { try pass.finish(in: tx) }
                    var record: ImportRecord = current
                    record.counts = pass.counts
                    record.details.unchanged = pass.counts.unchanged
                    try ImportLedger.update(record, tx.connection)
                    return (pass, record)
                }
                progress.set(pass.counts)
                if whileAllAreGood, pass.counts.failed > 0 { break }
            }
            return pass
        } catch let error as CSVError {
            throw error.asCRMError
        }
    }

    /// A pass over a file whose header is read by this.
    func newPass(of record: ImportRecord, _ reader: inout CSVReader, _ actor: Actor, importID: Int64?) async throws -> ImportPass {
        let (plan, total): (ImportPlan, Int) = (record.details.plan, record.counts.total)
        let header: [String] = try reader.readHeader()
        let delimiter: UInt8 = reader.format.delimiter
        return try await store.read(as: actor) { tx in
            let rows = try RowImporter(plan: plan, registry: tx.registry, actor: actor, currency: tx.currency, header: header)
            return ImportPass(rows: rows, importID: importID, total: total, header: header, delimiter: delimiter)
        }
    }

    func revert(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        let revert: ImportRevert = try await takenBack(record, progress, actor)
        record.details.faults = revert.faults
        record.state = .reverted
        if revert.kept > 0 { record.error = "\(revert.kept == 1 ? "1 record was" : "\(revert.kept) records were") changed since and kept" }
    }

    /// Keeps what a pass found wrong: the first faults with the import, all bad rows in a file.
    func take(_ pass: ImportPass, into record: inout ImportRecord) throws {
        record.details.faults = pass.faults
        record.details.groups = pass.groups.sorted
        record.details.unchanged = pass.counts.unchanged
        var problems: ProblemFile = pass.problemFile
        if pass.counts.failed > 0 { try files.keepProblems(problems.take(), of: record.id) }
    }
}
