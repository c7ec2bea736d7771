import PluginAPI

extension StoreTransaction {
    /// Does something wholly or not at all: whoever catches what it throws may go on as if it had never been tried. Rows, trail, search,
    /// figures, events and jobs are the database's; the rest stands in the transaction.
    func wholly<T>(_ body: () throws -> T) throws -> T {
        let mark: Core.Mark = core.mark
        do { return try connection.savepoint(body) } catch {
            core.goBack(to: mark)
            throw error
        }
    }
}

extension StoreTransaction.Core {
    /// How far a transaction had come, in what it keeps beside the database.
    struct Mark {
        fileprivate let effects: CommitEffects.Mark
        fileprivate let keptBoards: [String: Set<String>]
        fileprivate let read: [KeptRecords.Query: KeptRecords.Answer]
        fileprivate let events: Int
        fileprivate let bulkAssignments: [Int64: Int]?
    }

    var mark: Mark {
        Mark(
            effects: effects.mark, keptBoards: keptBoards, read: read, events: recorder?.events.count ?? 0,
            bulkAssignments: bulkAssignments)
    }

    /// Forgets what came after a mark.
    func goBack(to mark: Mark) {
        effects.goBack(to: mark.effects)
        keptBoards = mark.keptBoards
        // Answers may tell of what was never stored, and the next record may get the number of one that is not there any more.
        read = mark.read
        matchKeys = nil
        recorder?.forgetEvents(after: mark.events)
        bulkAssignments = mark.bulkAssignments
    }
}
