import PluginAPI

/// Takes an import back, the last row first: what it made is deleted, what it changed gets its old values. What somebody
/// has changed since is left as it is, and named.
struct ImportRevert {
    private(set) var deleted: Int = 0
    private(set) var restored: Int = 0
    private(set) var faults: [RowFault] = []
    /// How many records were changed since by others; the first of them are among the faults.
    private(set) var kept: Int = 0
    /// The versions of records that this revert itself has changed.
    private var versions: [String: [RecordID: Int64]] = [:]

    mutating func takeBack(_ touch: ImportLedger.Touch, in backend: StoreTransaction) throws {
        guard let entity = backend.registry.entity(touch.entity) else {
            return keep(touch, "is of a kind that is switched off")
        }
        guard let record = try backend.find(touch.entity, touch.record) else { return }
        let expected: Int64 = versions[touch.entity]?[touch.record] ?? touch.version
        do {
            try backend.wholly {
                switch touch.action {
                case .created:
                    guard record.version == expected else { throw CRMError(.conflict, "has been changed since") }
                    try backend.delete(touch.entity, touch.record)
                    deleted += 1
                case .updated:
                    try restore(touch, record, expected, entity, backend)
                }
            }
        } catch let error as CRMError where error.code != .unavailable {
            let label: String = if case .text(let text) = record[entity.labelField] { text } else { touch.record.description }
            keep(touch, "\(entity.title) \(CellReader.quoted(label)) is kept: \(RowImporter.message(of: error))")
        }
    }

    private mutating func restore(
        _ touch: ImportLedger.Touch, _ record: RecordData, _ expected: Int64, _ entity: EntityModel,
        _ backend: any TransactionBackend
    ) throws {
        var changed: RecordData = record
        var conflicting: [String] = []
        for change in touch.before {
            guard let field = entity.field(change.field) else { continue }
            if record[change.field] == change.new.value {
                changed[change.field] = change.old.value
            } else {
                conflicting.append(field.label)
            }
        }
        let saved: RecordData = try backend.save(touch.entity, changed)
        restored += 1
        if conflicting.isEmpty {
            // Nobody else's change is in it: an earlier row of the same import may take it back further.
            versions[touch.entity, default: [:]][touch.record] = expected == record.version ? saved.version : nil
        } else {
            keep(touch, "\(conflicting.joined(separator: ", ")) changed since and kept")
        }
    }

    private mutating func keep(_ touch: ImportLedger.Touch, _ message: String) {
        kept += 1
        guard faults.count < ImportRecord.keptFaults else { return }
        faults.append(RowFault(row: touch.row, column: nil, field: nil, message: message))
    }
}
