import PluginAPI

/// Formula fields that are to be worked out for many records: in batches, each a transaction that notes how far it came.
struct FormulaWork: Sendable {
    static let batch = 200

    let id: Int64
    let entity: String
    /// The field that was made or changed; empty when others changed what is read.
    let field: String
    /// The links by which records read what changed; none for all records.
    let links: [String]
    let target: Int64
    /// The last record that is done.
    let after: Int64

    private static let columns = "\"id\", \"entity\", \"field\", \"links\", \"target\", \"after\""

    private init(_ row: any Row) {
        id = row.integer(0)
        entity = row.text(1)
        field = row.optionalText(2) ?? ""
        links = (row.optionalText(3) ?? "").split(separator: ".").map(String.init)
        target = row.optionalInteger(4) ?? 0
        after = row.integer(5)
    }

    static func next(_ connection: any Connection) throws -> FormulaWork? {
        try connection.first("SELECT \(columns) FROM \"tenon_formula_work\" ORDER BY \"id\" LIMIT 1") { FormulaWork($0) }
    }

    /// Work of the same kind that waits already is begun anew instead.
    static func add(entity: String, field: String, links: [String] = [], target: Int64 = 0, _ connection: any Connection) throws {
        let joined: String = links.joined(separator: ".")
        try connection.execute(
            "DELETE FROM \"tenon_formula_work\" WHERE \"entity\" = ? AND \"field\" = ? AND \"links\" = ? AND \"target\" = ?",
            [.text(entity), .text(field), .text(joined), .integer(target)])
        let total: Int64 = links.isEmpty ? try connection.integer("SELECT count(*) FROM \(quoted(entity))") ?? 0 : 0
        try connection.execute(
            """
            INSERT INTO "tenon_formula_work" ("entity", "field", "links", "target", "after", "total", "done") VALUES (?, ?, ?, ?, 0, ?, 0)
            """, [.text(entity), .text(field), .text(joined), .integer(target), .integer(total)])
    }

    /// Does the next batch. Gives false when all is done.
    static func step(_ transaction: StoreTransaction) throws -> Bool {
        let connection: any Connection = transaction.connection
        guard let work = try next(connection) else { return false }
        guard let entity = transaction.registry.entity(work.entity) else {
            // Its plugin is switched off: what it needs is worked out when it comes back.
            try connection.execute("DELETE FROM \"tenon_formula_work\" WHERE \"id\" = ?", [.integer(work.id)])
            return true
        }
        let steps: [FormulaUses.Read.Step] = try work.steps(entity, transaction.registry)
        let ids: [RecordID] = steps.isEmpty
            ? try connection.all(
                "SELECT \"id\" FROM \(quoted(entity.name)) WHERE \"id\" > ? ORDER BY \"id\" LIMIT ?",
                [.integer(work.after), .integer(Int64(batch))]) { RecordID($0.integer(0)) }
            : try FormulaWork.ids(steps, work.target, after: work.after, limit: batch, connection)
        try transaction.recalculate(entity, ids)
        if ids.count < batch {
            try connection.execute("DELETE FROM \"tenon_formula_work\" WHERE \"id\" = ?", [.integer(work.id)])
        } else {
            try connection.execute(
                "UPDATE \"tenon_formula_work\" SET \"after\" = ?, \"done\" = \"done\" + ? WHERE \"id\" = ?",
                [.integer(ids[ids.count - 1].raw), .integer(Int64(ids.count)), .integer(work.id)])
        }
        return true
    }

    /// The links with the entities that have them; none when one of them is gone.
    private func steps(_ entity: EntityModel, _ registry: Registry) throws -> [FormulaUses.Read.Step] {
        var owner: EntityModel = entity
        var steps: [FormulaUses.Read.Step] = []
        for link in links {
            steps.append(.init(entity: owner.name, field: link))
            guard let target = owner.field(link)?.target, let next = registry.entity(target) else { return [] }
            owner = next
        }
        return steps
    }

    /// The records that point at one by some links, by id.
    static func ids(
        _ links: [FormulaUses.Read.Step], _ target: Int64, after: Int64, limit: Int, _ connection: any Connection
    ) throws -> [RecordID] {
        var condition = "= ?"
        for link in links.dropFirst().reversed() {
            condition = "IN (SELECT \"id\" FROM \(quoted(link.entity)) WHERE \(quoted(link.field)) \(condition))"
        }
        guard let first = links.first else { return [] }
        let sql = "SELECT \"id\" FROM \(quoted(first.entity)) WHERE \(quoted(first.field)) \(condition) AND \"id\" > ? ORDER BY \"id\" LIMIT ?"
        return try connection.all(sql, [.integer(target), .integer(after), .integer(Int64(limit))]) { RecordID($0.integer(0)) }
    }
}

/// How a formula field does.
struct FormulaStatus: Sendable {
    /// Why it is not worked out now; empty while it is.
    var problem = ""
    /// How many records it comes to nothing for, and why, for one of them.
    var failing = 0
    var reason = ""
    var failingRecord: Int64?
    /// How far the records are filled in; nil when all are.
    var progress: (done: Int, total: Int)?

    init(_ entity: String, _ field: String, _ transaction: StoreTransaction) throws {
        problem = transaction.registry.fieldFormulas.field(field, of: entity)?.problem ?? "its entity is switched off"
        let key: [SQLValue] = [.text(entity), .text(field)]
        let connection: any Connection = transaction.connection
        failing = Int(
            try connection.integer("SELECT count(*) FROM \"tenon_formula_failure\" WHERE \"entity\" = ? AND \"field\" = ?", key) ?? 0)
        let sample: (String, Int64)? = try connection.first(
            "SELECT \"reason\", \"record\" FROM \"tenon_formula_failure\" WHERE \"entity\" = ? AND \"field\" = ? ORDER BY \"record\" LIMIT 1", key
        ) { ($0.text(0), $0.integer(1)) }
        reason = sample?.0 ?? ""
        failingRecord = sample?.1
        progress = try connection.first(
            "SELECT \"done\", \"total\" FROM \"tenon_formula_work\" WHERE \"entity\" = ? AND \"field\" = ?", key
        ) { (Int($0.integer(0)), Int($0.integer(1))) }
    }
}
