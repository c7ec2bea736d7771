import PluginAPI

/// One change for many records, as one set that can be taken back. Each record succeeds or fails by itself; some share a
/// transaction, so that others get their turn in between.
struct BulkChange: Sendable {
    /// How many records may be named at once.
    static let most = 1000
    private static let share = 50

    struct Outcome: Sendable {
        var done: [Int64] = []
        var failed: [(id: Int64, error: CRMError)] = []
        /// What actions had to say, by record.
        var told: [(id: Int64, outcome: ActionOutcome)] = []
        /// The set; nil when nothing was changed.
        var change: Int64?
        /// How many records each user was assigned.
        fileprivate var assigned: [Int64: Int] = [:]
    }

    let entity: EntityModel
    let kind: ChangeSet.Kind
    let what: String
    /// Changes one record; gives what an action came to.
    let apply: @Sendable (StoreTransaction, RecordID) throws -> ActionOutcome?

    /// Fields set to values that were read already.
    static func set(_ values: [String: Value], of entity: EntityModel) -> BulkChange {
        let labels: [String] = entity.fields.filter { values[$0.name] != nil }.map(\.label)
        return BulkChange(entity: entity, kind: .update, what: labels.joined(separator: ", ")) { tx, id in
            var record: RecordData = try tx.require(entity, id)
            for (name, value) in values { record[name] = value }
            _ = try tx.save(entity.name, record)
            return nil
        }
    }

    /// Fields as a JSON object holds them.
    static func update(_ fields: JSONValue, of entity: EntityModel) -> BulkChange {
        let names: [String] = (fields.members ?? []).map(\.name)
        let labels: [String] = entity.fields.filter { names.contains($0.name) }.map(\.label)
        return BulkChange(entity: entity, kind: .update, what: labels.joined(separator: ", ")) { tx, id in
            var record: RecordData = try tx.require(entity, id)
            try RecordInput(transaction: tx).apply(fields, to: &record, of: entity)
            _ = try tx.save(entity.name, record)
            return nil
        }
    }

    static func delete(_ entity: EntityModel) -> BulkChange {
        BulkChange(entity: entity, kind: .delete, what: "") { tx, id in
            try tx.delete(entity.name, id)
            return nil
        }
    }

    static func action(
        _ action: ActionModel, of entity: EntityModel, _ input: @escaping @Sendable (StoreTransaction) throws -> [String: Value]
    ) -> BulkChange {
        BulkChange(entity: entity, kind: .action, what: action.name) { tx, id in
            try tx.run(entity, action, id, input: try input(tx))
        }
    }

    /// Changes the records, each once, in the order given.
    func run(_ ids: [Int64], in store: Store, as actor: Actor) async throws -> Outcome {
        var known: Set<Int64> = []
        let ids: [Int64] = ids.filter { known.insert($0).inserted }
        guard ids.count <= BulkChange.most else {
            throw CRMError(.tooLarge, "more than \(BulkChange.most) records at once", hint: "Take them in parts.")
        }
        var outcome = Outcome()
        for start in stride(from: 0, to: ids.count, by: BulkChange.share) {
            let part = Array(ids[start..<min(start + BulkChange.share, ids.count)])
            let (before, isLast) = (outcome, start + BulkChange.share >= ids.count)
            outcome = try await store.write(as: actor) { tx in
                var outcome: Outcome = before
                try step(part, &outcome, tx, toldEach: ids.count == 1)
                if isLast { try tellOwners(outcome.assigned, tx) }
                return outcome
            }
        }
        return outcome
    }

    private func step(_ ids: [Int64], _ outcome: inout Outcome, _ tx: StoreTransaction, toldEach: Bool) throws {
        if let change = outcome.change {
            // Whoever took the beginning back does not want the rest either.
            guard let set = try ChangeSetLedger.find(change, tx.connection), set.undoneAt == nil else {
                throw CRMError(.conflict, "the change was taken back while it was under way")
            }
            tx.core.changeSet = change
        } else {
            try tx.openChangeSet(kind, entity, what: what)
        }
        defer { tx.core.changeSet = nil }
        for id in ids {
            WriterWatch.shared.goOn()
            tx.core.bulkAssignments = toldEach ? nil : outcome.assigned
            defer { tx.core.bulkAssignments = nil }
            do {
                let told: ActionOutcome? = try tx.wholly { try apply(tx, RecordID(id)) }
                outcome.done.append(id)
                if let told { outcome.told.append((id, told)) }
                outcome.assigned = tx.core.bulkAssignments ?? outcome.assigned
            } catch let error as CRMError where error.code != .internalError && error.code != .unavailable {
                outcome.failed.append((id, tx.told(error)))
            }
        }
        guard let change = tx.core.changeSet else { return }
        if outcome.done.isEmpty {
            try ChangeSetLedger.remove(change, tx.connection)
        } else {
            outcome.change = change
            try ChangeSetLedger.setCount(outcome.done.count, of: change, tx.connection)
        }
    }

    /// One notice for each user, however many of the records are theirs now.
    private func tellOwners(_ assigned: [Int64: Int], _ tx: StoreTransaction) throws {
        try tx.tellOwners(assigned, of: entity)
    }
}

extension StoreTransaction {
    /// Tells users how many records they were assigned together: those who may see such records.
    func tellOwners(_ assigned: [Int64: Int], of entity: EntityModel) throws {
        let who: String? = actor.userID.flatMap { actor.rights.people[$0]?.name }
        for (user, count) in assigned.sorted(by: { $0.key < $1.key }) {
            guard actor.rights.isActive(user), actor.rights.scope(of: user, right: "view", entity: entity.name) != nil else { continue }
            let noun: String = count == 1 ? "1 \(entity.title.lowercased())" : "\(count) \(entity.pluralTitle.lowercased())"
            let message: String = who.map { "\($0) assigned you \(noun)" } ?? "You were assigned \(noun)"
            try notify(RecordID(user), message, about: nil)
        }
    }
}
