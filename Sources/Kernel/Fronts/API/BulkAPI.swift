import PluginAPI

/// One change for many records: `POST /api/v1/<plural>/bulk` with `ids` and `update` (fields), `delete: true`, or `action`
/// and `input`. Each record succeeds or fails by itself; the answer says which and why.
struct BulkAPI: Sendable {
    let kernel: Kernel
    let entity: EntityModel
    static let most = 1000

    struct Outcome: Sendable {
        var done: [Int64] = []
        var failed: [(id: Int64, error: CRMError)] = []
    }

    enum Change: Sendable {
        case update(JSONValue)
        case delete
        case action(ActionModel, JSONValue)
    }

    func respond(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        guard let ids = body["ids"]?.array?.map(\.int), !ids.isEmpty, !ids.contains(nil) else {
            throw CRMError(.invalid, "no records are named", problems: [Problem(field: "ids", "must be a list of ids")])
        }
        let change: Change
        if let fields = body["update"] {
            change = .update(fields)
        } else if body["delete"]?.bool == true {
            change = .delete
        } else if let name = body["action"]?.text {
            guard let action = entity.action(name) else {
                throw CRMError(.invalid, "there is no such action", problems: [Problem(field: "action", "is not an action of \(entity.pluralTitle.lowercased())")])
            }
            change = .action(action, body["input"] ?? .object([]))
        } else {
            throw CRMError(.invalid, "nothing is to be changed", hint: "Send update, delete or action.")
        }
        let outcome = try await run(ids.compactMap { $0 }, change, caller)
        return .json(
            JSONWriter.object { json in
                json.field("done", outcome.done.count)
                json.key("failed")
                json.beginArray()
                for failure in outcome.failed {
                    json.beginObject()
                    json.field("id", failure.id)
                    json.field("message", failure.error.message)
                    if !failure.error.hint.isEmpty { json.field("hint", failure.error.hint) }
                    json.key("errors")
                    json.beginArray()
                    for problem in failure.error.problems {
                        json.beginObject()
                        json.field("field", problem.field)
                        json.field("message", problem.message)
                        json.endObject()
                    }
                    json.endArray()
                    json.links(failure.error)
                    json.endObject()
                }
                json.endArray()
            })
    }

    func run(_ ids: [Int64], _ change: Change, _ caller: Caller) async throws -> Outcome {
        guard ids.count <= BulkAPI.most else {
            throw CRMError(.tooLarge, "more than \(BulkAPI.most) records at once", hint: "Take them in parts.")
        }
        let entity = entity
        return try await kernel.store.write(as: caller.actor) { tx in
            var outcome = Outcome()
            for id in ids {
                let before = tx.core.effects
                do {
                    try tx.connection.savepoint { try BulkAPI.apply(change, entity, RecordID(id), tx) }
                    outcome.done.append(id)
                } catch let error as CRMError where error.code != .internalError {
                    tx.core.effects = before
                    outcome.failed.append((id, tx.told(error)))
                }
            }
            return outcome
        }
    }

    private static func apply(_ change: Change, _ entity: EntityModel, _ id: RecordID, _ tx: StoreTransaction) throws {
        switch change {
        case .update(let fields):
            var record = try tx.require(entity, id)
            try RecordInput(transaction: tx).apply(fields, to: &record, of: entity)
            _ = try tx.save(entity.name, record)
        case .delete: try tx.delete(entity.name, id)
        case .action(let action, let input):
            _ = try tx.run(entity, action, id, input: try ActionInput.read(action, json: input, tx))
        }
    }
}
