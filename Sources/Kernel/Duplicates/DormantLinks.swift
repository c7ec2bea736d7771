import PluginAPI

/// The fields of switched-off plugins that point at an entity: nobody reads them now, but they are there again when the
/// plugin comes back. Known from what is on record of the plugins; their rules cannot be asked.
struct DormantLinks {
    private let transaction: StoreTransaction
    private let links: [PluginOutline.Link]

    init(to target: String, _ transaction: StoreTransaction) throws {
        self.transaction = transaction
        let running: Set<String> = Set(transaction.registry.plugins.map(\.id))
        let stored: [(String, String)] = try transaction.connection.all(
            "SELECT id, outline FROM tenon_plugin WHERE outline IS NOT NULL"
        ) { ($0.text(0), $0.text(1)) }
        let asleep: [String] = stored.filter { !running.contains($0.0) }.map(\.1)
        links = asleep.compactMap { try? PluginOutline(stored: $0) }.flatMap(\.links).filter { link in
            link.target == target && transaction.registry.entity(link.entity) == nil
        }
    }

    /// Moves the links, each with an entry in the trail like any other change.
    func move(from others: [RecordID], to survivor: RecordID) throws {
        for link in links where try transaction.connection.columns(of: link.entity).contains(link.field) {
            for other in others { try move(link, from: other, to: survivor) }
        }
    }

    private func move(_ link: PluginOutline.Link, from other: RecordID, to survivor: RecordID) throws {
        let connection: any Connection = transaction.connection
        let (table, column): (String, String) = (quoted(link.entity), quoted(link.field))
        let found: [(id: Int64, version: Int64)] = try connection.all(
            "SELECT \"id\", \"version\" FROM \(table) WHERE \(column) = ? ORDER BY \"id\"", [.integer(other.raw)]
        ) { ($0.integer(0), $0.integer(1)) }
        for record in found {
            try connection.execute(
                "UPDATE \(table) SET \(column) = ?, \"version\" = ? WHERE \"id\" = ?",
                [.integer(survivor.raw), .integer(record.version + 1), .integer(record.id)])
            try transaction.auditDormant(link, RecordID(record.id), record.version + 1, from: other, to: survivor)
        }
    }
}
