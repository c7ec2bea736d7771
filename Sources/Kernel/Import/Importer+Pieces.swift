import PluginAPI

/// Long work in pieces, each a transaction of its own, for others to have their turns in between.
extension Importer {
    /// Tries the rows that were not tried before it came to giving way, a piece at a time, each undone before the next begins. Rows that mean
    /// something to one another are tried together, at last; where there are such, what was learnt before is of no use.
    func triedInPieces(_ record: ImportRecord, _ progress: ImportProgress, _ actor: Actor, behind begun: GivesWay? = nil) async throws -> ImportPass {
        do {
            let path: String = files.path(of: record.id)
            let options: CSVOptions = record.details.plan.csvOptions
            var reader = try CSVReader(.file(path), options: options)
            var pass: ImportPass = try await newPass(of: record, &reader, actor, importID: nil)
            let related: Set<Int> = try self.related(record, pass, progress)
            let triedLine: Int = related.isEmpty ? begun?.line ?? 0 : 0
            if triedLine > 0, let begun {
                pass = begun.pass
                pass.goOnDry()
            }
            var last: [ImportPass.Line] = []
            while let lines = try reader.lines(Self.batchRows) {
                last += lines.filter { related.contains($0.row.line) }
                let piece: [ImportPass.Line] = lines.filter { $0.row.line > triedLine && !related.contains($0.row.line) }
                if !piece.isEmpty { pass = try await tried(piece, pass, progress, actor) }
            }
            return try await tried(last, pass, progress, actor, isLast: true)
        } catch let error as CSVError {
            throw error.asCRMError
        }
    }

    private func tried(
        _ lines: [ImportPass.Line], _ pass: ImportPass, _ progress: ImportProgress, _ actor: Actor, isLast: Bool = false
    ) async throws -> ImportPass {
        do {
            return try await stoppable(progress, as: actor) { tx in
                var pass: ImportPass = pass
                try pass.store(lines, in: tx, progress)
                if isLast { try pass.finish(in: tx) }
                throw Undone(pass: pass)
            }
        } catch let undone as Undone {
            var pass: ImportPass = undone.pass
            pass.goOnDry()
            return pass
        }
    }

    /// The lines of the rows that have something to do with others of the file.
    private func related(_ record: ImportRecord, _ pass: ImportPass, _ progress: ImportProgress) throws -> Set<Int> {
        var reader = try CSVReader(.file(files.path(of: record.id)), options: record.details.plan.csvOptions)
        _ = try reader.readHeader()
        var related = RelatedRows(pointsAtItself: pass.pointsAtItself)
        var row = CSVRow()
        while try reader.next(&row) {
            related.add(pass.relations(of: row), line: row.line)
            try progress.goOn()
        }
        related.finish()
        return related.lines
    }

    /// Stores rows that were all good a moment ago, in batches. Should one of them not be any more, or the run be stopped, all of it is taken
    /// back: either all of the file is stored or nothing, whatever others do meanwhile.
    func storeInPieces(_ record: inout ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws {
        do {
            let pass: ImportPass = try await batches(&record, progress, actor, whileAllAreGood: true)
            if pass.counts.failed == 0 {
                try take(pass, into: &record)
                record.counts = pass.counts
                record.state = .done
                return
            }
            try await unstore(&record, actor)
            try refuse(pass, &record)
        } catch {
            try await unstore(&record, actor)
            throw error
        }
    }

    /// Takes back what a run has stored that is to store all or nothing.
    func unstore(_ record: inout ImportRecord, _ actor: Actor) async throws {
        let begun: ImportRecord = record
        // A task of its own: a run that was stopped leaves nothing either.
        let undoing = Task { try await self.takenBack(begun, ImportProgress(total: begun.counts.total), actor) }
        let revert: ImportRevert = try await undoing.value
        (record.counts.created, record.counts.updated, record.counts.unchanged) = (0, 0, 0)
        record.details.unchanged = 0
        if revert.kept > 0 { record.details.faults = revert.faults }
    }

    /// Takes back what an import has stored, the last first, a piece at a time; what is taken back is forgotten with it, so that whoever was
    /// stopped in the middle can go on.
    func takenBack(_ record: ImportRecord, _ progress: ImportProgress, _ actor: Actor) async throws -> ImportRevert {
        let id: Int64 = record.id
        let touches: [ImportLedger.Touch] = try await store.read(as: actor) { tx in try ImportLedger.touches(of: id, tx.connection) }
        var counts: ImportRecord.Counts = record.counts
        counts.total = touches.count
        var revert = ImportRevert()
        for start in stride(from: 0, to: touches.count, by: Self.batchRows) {
            let piece: ArraySlice<ImportLedger.Touch> = touches[start..<min(start + Self.batchRows, touches.count)]
            let (before, begun) = (revert, counts)
            revert = try await stoppable(progress, as: actor) { tx in
                // Whoever imported may take it back, even without the right to delete other records.
                let whole: StoreTransaction = tx.withRights(for: "taking back import \(id)")
                var revert: ImportRevert = before
                var now: ImportRecord.Counts = begun
                for (place, touch) in zip(piece.indices, piece) {
                    WriterWatch.shared.goOn()
                    now.done = place
                    progress.set(now)
                    try revert.takeBack(touch, in: whole)
                    try progress.goOn()
                }
                try ImportLedger.forget(piece, of: id, tx.connection)
                return revert
            }
        }
        return revert
    }
}
