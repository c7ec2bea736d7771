import PluginAPI

/// The trail and the records tell the same: every record has its beginning there, is what its last entries say, and none is gone
/// without a word. What is worked out, secret or a log stands in no entry, and is not compared.
struct AuditCheck {
    let tx: StoreTransaction
    private static let most = 20

    /// What is not as the trail says, as `entity id`.
    private struct Faults {
        var unborn: [String] = []
        var different: [String] = []
        var lost: [String] = []
        var count = 0
    }

    private struct Stored {
        let id: Int64
        let version: Int64
        let values: [String: Value]
    }

    /// What the trail says of one record.
    private struct Told {
        var isBorn = false
        var version: Int64 = 0
        var values: [String: Value] = [:]
    }

    func finding() throws -> Finding {
        var faults = Faults()
        for entity in tx.registry.entities where Self.isAudited(entity) {
            try compare(entity, &faults)
            try lost(entity, &faults)
        }
        var problems: [String] = []
        func add(_ names: [String], _ words: String) {
            if !names.isEmpty { problems.append("\(listed(names)) \(words)") }
        }
        add(faults.unborn, "without a beginning in the trail")
        add(faults.different, "not as the trail says")
        add(faults.lost, "gone without a word in the trail")
        guard !problems.isEmpty else { return .ok("audit", "\(faults.count) \(faults.count == 1 ? "record is" : "records are") as the trail says") }
        return Finding(
            state: .failed, check: "audit", message: problems.joined(separator: "; "),
            hint: "Somebody changed the database past the product, or a disk lost something: compare with a backup.")
    }

    /// Deliveries of webhooks are a log that is written past the store.
    private static func isAudited(_ entity: EntityModel) -> Bool { !entity.schema.isLog && entity.name != "webhook_delivery" }

    /// The fields whose values the trail has. What roles grant changes also when plugins come and go, without an entry.
    private func fields(_ entity: EntityModel) -> [FieldModel] {
        entity.fields.filter { field in
            !field.isSystem && field.isStored && !field.isWorkedOut && !field.description.isSecret
                && !(entity.plugin == Composition.kernel && field.type == .json)
        }
    }

    private func compare(_ entity: EntityModel, _ faults: inout Faults) throws {
        let fields: [FieldModel] = fields(entity)
        let columns: [String] = ["version"] + fields.flatMap { $0.type == .money ? [$0.name, $0.currencyColumn] : [$0.name] }
        try tx.connection.batches(of: entity.name, columns) { row in
            var values: [String: Value] = [:]
            var place = 2
            for field in fields {
                values[field.name] = field.read(row, at: place)
                place += field.type == .money ? 2 : 1
            }
            return Stored(id: row.integer(0), version: row.integer(1), values: values)
        } _: { batch, ids in
            let told: [Int64: Told] = try self.told(entity, ids)
            for record in batch {
                faults.count += 1
                check(record, told[record.id] ?? Told(), entity, fields, &faults)
            }
        }
    }

    private func told(_ entity: EntityModel, _ ids: ClosedRange<Int64>) throws -> [Int64: Told] {
        var all: [Int64: Told] = [:]
        try tx.connection.query(
            "SELECT record, version, action, changes FROM tenon_audit WHERE entity = ? AND record >= ? AND record <= ? ORDER BY record, id",
            [.text(entity.name), .integer(ids.lowerBound), .integer(ids.upperBound)]
        ) { row in
            let action: String = row.text(2)
            if AuditEntry.NoteDeed(rawValue: action) != nil { return true }
            var one: Told = all.removeValue(forKey: row.integer(0)) ?? Told()
            if action == "created" || action == "restored" { one.isBorn = true }
            one.version = max(one.version, row.integer(1))
            for change in try AuditJSON.read(row.text(3), entity) { one.values[change.field] = change.new }
            all[row.integer(0)] = one
            return true
        }
        return all
    }

    private func check(_ record: Stored, _ told: Told, _ entity: EntityModel, _ fields: [FieldModel], _ faults: inout Faults) {
        guard told.isBorn else {
            if faults.unborn.count < Self.most { faults.unborn.append("\(entity.name) \(record.id)") }
            return
        }
        var names: [String] = []
        if told.version != record.version { names.append("version") }
        for field in fields {
            guard let last = told.values[field.name], let value = record.values[field.name], last != value else { continue }
            // Nothing and nothing; and a link whose target's plugin was uninstalled, which empties it without an entry.
            if value.isEmpty, last.isEmpty || field.target != nil { continue }
            names.append(field.name)
        }
        guard !names.isEmpty, faults.different.count < Self.most else { return }
        faults.different.append("\(entity.name) \(record.id) (\(listed(names, most: 3)))")
    }

    private func lost(_ entity: EntityModel, _ faults: inout Faults) throws {
        faults.lost += try tx.connection.all(
            """
            SELECT DISTINCT a.record FROM tenon_audit a WHERE a.entity = ? AND a.record > 0 \
            AND NOT EXISTS (SELECT 1 FROM \(quoted(entity.name)) t WHERE t.id = a.record) \
            AND NOT EXISTS (SELECT 1 FROM tenon_audit d WHERE d.entity = a.entity AND d.record = a.record AND d.action = 'deleted') \
            ORDER BY a.record LIMIT ?
            """, [.text(entity.name), .integer(Int64(Self.most))]
        ) { "\(entity.name) \($0.integer(0))" }
    }
}
