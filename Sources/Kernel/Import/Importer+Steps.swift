import PluginAPI

/// What the steps of an import do with its file: trying it out, storing it, taking it back.
extension Importer {
    /// Undoes a transaction and brings out what was learnt in it.
    private struct Undone: Error {
        var pass: ImportPass
    }

    /// Tries all rows, and undoes them all.
    func check(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        do {
            try await wholeFile(record, progress, actor, importID: nil)
        } catch let undone as Undone {
            try take(undone.pass, into: &record)
            record.counts = undone.pass.counts
            record.state = .checked
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
    func runInBatches(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
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

    func revert(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        let id: Int64 = record.id
        let counts: ImportRecord.Counts = record.counts
        let revert: ImportRevert = try await stoppable(progress, as: actor) { tx in
            // Whoever imported may take it back, even without the right to delete other records.
            let whole: StoreTransaction = tx.withRights(for: "taking back import \(id)")
            var revert = ImportRevert()
            let touches: [ImportLedger.Touch] = try ImportLedger.touches(of: id, tx.connection)
            var now: ImportRecord.Counts = counts
            now.total = touches.count
            for (done, touch) in touches.enumerated() {
                now.done = done
                progress.set(now)
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
