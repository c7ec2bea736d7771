import PluginAPI

extension StoreTransaction {
    /// Does something wholly or not at all: whoever catches what it throws may go on as if it had never been tried. Rows, trail, search,
    /// events and jobs are the database's; the rest stands in the transaction. Nothing else within one sets a savepoint.
    func wholly<T>(_ body: () throws -> T) throws -> T {
        let mark: Core.Mark = core.beginStep()
        do {
            let result: T = try connection.savepoint(body)
            core.endStep(mark, isKept: true)
            return result
        } catch {
            core.endStep(mark, isKept: false)
            throw error
        }
    }
}

extension StoreTransaction.Core {
    /// How far a transaction had come, in what it keeps beside the database.
    struct Mark {
        fileprivate let effects: CommitEffects.Mark
        fileprivate let gathered: Gathered.Mark
        fileprivate let events: Int
        fileprivate let bulkAssignments: [Int64: Int]?
    }

    fileprivate func beginStep() -> Mark {
        Mark(effects: effects.mark, gathered: gathered.begin(), events: recorder?.events.count ?? 0, bulkAssignments: bulkAssignments)
    }

    /// Forgets what came after a mark, unless it is kept.
    fileprivate func endStep(_ mark: Mark, isKept: Bool) {
        gathered.end(mark.gathered, isKept: isKept)
        if isKept { return }
        effects.goBack(to: mark.effects)
        // The next record may get the number of one that is not there any more.
        matchKeys = nil
        recorder?.forgetEvents(after: mark.events)
        bulkAssignments = mark.bulkAssignments
    }
}
