import PluginAPI

/// The kernel's own tables. Additive like all tables: a column added here appears in every deployment at its next start.
enum KernelTables {
    /// Rises when an older release could no longer work with the tables.
    static let format: Int64 = 1

    /// Makes what is missing. Costs one query when nothing is.
    static func prepare(_ connection: any Connection, _ dialect: any Dialect) throws {
        let plans: [TablePlan] = all(dialect)
        let text: String = plans.map(\.text).joined()
        if try !connection.columns(of: "tenon_meta").isEmpty {
            let stored: Int64 = try connection.first("SELECT \"value\" FROM \"tenon_meta\" WHERE \"key\" = 'format'") { Int64($0.text(0)) ?? 0 } ?? 0
            guard stored <= format else {
                throw CRMError(
                    .unavailable, "the data has format \(stored), and this release knows format \(format)",
                    hint: "A newer release has worked with this data: install that release or a later one.")
            }
            let before: String? = try connection.first("SELECT \"value\" FROM \"tenon_meta\" WHERE \"key\" = 'tables'") { $0.text(0) }
            if before == text { return }
        }
        for plan in plans { try plan.apply(to: connection) }
        try dialect.prepareSearch(connection, table: Note.table, columns: Note.searched)
        try connection.execute("DELETE FROM \"tenon_meta\" WHERE \"key\" IN ('format', 'tables')")
        try connection.execute(
            "INSERT INTO \"tenon_meta\" (\"key\", \"value\") VALUES ('format', ?), ('tables', ?)", [.text(String(format)), .text(text)])
    }

    static func all(_ dialect: any Dialect) -> [TablePlan] {
        let make = Maker(dialect: dialect)
        return make.deployment + make.access + make.records + make.background + make.people + make.imports + make.peers
    }
}

/// Writes tables briefly: columns by type, in order.
private struct Maker {
    let dialect: any Dialect

    private enum Kind { case integer, text, count, blob }

    private func table(
        _ name: String, id: Bool = false, key: [String] = [], _ columns: KeyValuePairs<String, Kind>, indexes: [[String]] = [],
        unique: [[String]] = [], sparse: [String] = [], isKeyOnly: Bool = false
    ) -> TablePlan {
        var plan = TablePlan(name)
        plan.primaryKey = key
        // Rows that are nothing but their key are kept once, in its order.
        if isKeyOnly { plan.tail = dialect.keyOnlyTail }
        if id { plan.idColumn(dialect) }
        for (column, kind) in columns {
            switch kind {
            case .integer: plan.column(column, dialect.integerType)
            case .text: plan.column(column, dialect.textType)
            case .blob: plan.column(column, dialect.blobType)
            case .count: plan.column(column, dialect.integerType + " NOT NULL DEFAULT 0")
            }
        }
        for columns in indexes { plan.index(columns) }
        for columns in unique { plan.unique(columns) }
        for column in sparse { plan.index(sparse: column) }
        return plan
    }

    var deployment: [TablePlan] {
        [
            table("tenon_meta", key: ["key"], ["key": .text, "value": .text]),
            table(
                "tenon_plugin", key: ["id"],
                [
                    "id": .text, "enabled": .count, "version": .text, "state": .text, "reason": .text, "enabled_at": .integer,
                    "enabled_by": .integer, "checksum": .text, "approved": .text,
                    "manifest": .text, "outline": .text, "pending": .text, "setback": .text,
                ]),
            table("tenon_migration", key: ["plugin", "name"], ["plugin": .text, "name": .text, "at": .integer]),
            table("tenon_schema", key: ["plugin"], ["plugin": .text, "plan": .text]),
            table(
                "tenon_owner", key: ["kind", "parent", "name"],
                ["kind": .text, "name": .text, "parent": .text, "plugin": .text], indexes: [["plugin"]]),
            table(
                "tenon_custom_field", id: true,
                ["entity": .text, "name": .text, "definition": .text, "removed_at": .integer], unique: [["entity", "name"]]),
            table(
                "tenon_formula_work", id: true,
                [
                    "entity": .text, "field": .text, "links": .text, "target": .integer, "after": .count, "total": .count, "done": .count,
                ], indexes: [["entity", "field"]]),
            table(
                "tenon_formula_failure", key: ["entity", "field", "record"],
                ["entity": .text, "field": .text, "record": .integer, "reason": .text], indexes: [["entity", "record"]]),
            table("tenon_formula_broken", key: ["entity", "field"], ["entity": .text, "field": .text]),
            table("tenon_setting", key: ["key"], ["key": .text, "plugin": .text, "value": .text]),
            table(
                "tenon_crash", id: true,
                [
                    "file": .text, "at": .integer, "kind": .text, "plugin": .text, "version": .text, "summary": .text, "document": .text,
                    "counts": .count,
                ], indexes: [["plugin", "at"]], unique: [["file"]]),
            table("tenon_quarantine", key: ["plugin"], ["plugin": .text, "since": .integer, "reason": .text]),
        ]
    }

    var access: [TablePlan] {
        [
            table("tenon_credential", key: ["user_id"], ["user_id": .integer, "password": .text, "updated_at": .integer]),
            table(
                "tenon_session", key: ["hash"],
                [
                    "hash": .text, "user_id": .integer, "csrf": .text, "created_at": .integer, "seen_at": .integer,
                    "expires_at": .integer, "agent": .text, "address": .text,
                ], indexes: [["user_id"], ["expires_at"]]),
            table(
                "tenon_token", id: true,
                [
                    "user_id": .integer, "name": .text, "hash": .text, "created_at": .integer, "seen_at": .integer,
                    "expires_at": .integer,
                ], indexes: [["user_id"]], unique: [["hash"]]),
            table(
                "tenon_login", id: true,
                ["email": .text, "address": .text, "at": .integer, "ok": .count, "user_id": .integer],
                indexes: [["email", "at"], ["address", "at"]]),
        ]
    }

    var records: [TablePlan] {
        [
            table(
                "tenon_audit", id: true,
                [
                    "entity": .text, "record": .integer, "version": .integer, "at": .integer, "user_id": .integer, "via": .text,
                    "action": .text, "changes": .text, "change_set": .integer,
                ], indexes: [["entity", "record", "id"]], sparse: ["change_set"]),
            table(
                "tenon_change_set", id: true,
                [
                    "at": .integer, "user_id": .integer, "via": .text, "kind": .text, "entity": .text, "record": .integer,
                    "what": .text, "count": .count, "undone_at": .integer, "undone_by": .integer, "undone_in": .integer, "kept": .text,
                ], indexes: [["user_id", "id"], ["at"], ["kind", "record"]]),
            table(
                "tenon_match_key", key: ["entity", "key", "record"], ["entity": .text, "key": .integer, "record": .integer],
                indexes: [["entity", "record"]], isKeyOnly: true),
            table("tenon_match_rule", key: ["entity"], ["entity": .text, "rules": .text, "after": .count, "done": .count]),
            table(
                "tenon_note", id: true,
                [
                    "entity": .text, "record": .integer, "at": .integer, "user_id": .integer, "via": .text, "text": .text,
                    "edited_at": .integer,
                ], indexes: [["entity", "record", "id"]]),
            table(
                "tenon_continuation", key: ["entity", "record", "source_entity", "source"],
                [
                    "entity": .text, "record": .integer, "source_entity": .text, "source": .integer, "as_one": .count, "at": .integer,
                ], indexes: [["source_entity", "source"]]),
            table("tenon_view", id: true,
                [
                    "user_id": .integer, "entity": .text, "title": .text, "query": .text, "shared": .count, "position": .count,
                ], indexes: [["entity", "user_id"]]),
            table("tenon_board", key: ["entity", "board"], ["entity": .text, "board": .text, "plan": .text]),
            table(
                "tenon_board_figure", key: ["entity", "board", "within", "value", "owner", "measure", "currency"],
                [
                    "entity": .text, "board": .text, "within": .integer, "value": .text, "owner": .integer, "measure": .text,
                    "currency": .text, "count": .count, "high": .count, "low": .count,
                ]),
            table("tenon_preference", key: ["user_id", "key"], ["user_id": .integer, "key": .text, "value": .text]),
            table(
                "tenon_idempotency", key: ["key", "user_id"],
                [
                    "key": .text, "user_id": .integer, "at": .integer, "status": .integer, "body": .text, "version": .integer, "location": .text, "request": .text,
                ], indexes: [["at"]]),
        ]
    }

    var background: [TablePlan] {
        [
            table(
                "tenon_outbox", id: true,
                [
                    "hook": .text, "plugin": .text, "listener": .text, "payload": .text, "user_id": .integer, "created_at": .integer,
                    "next_at": .integer, "attempts": .count, "state": .text, "error": .text,
                ], indexes: [["state", "plugin", "hook", "listener", "id"]]),
            table(
                "tenon_job", id: true,
                [
                    "name": .text, "plugin": .text, "payload": .text, "user_id": .integer, "run_at": .integer, "state": .text,
                    "attempts": .count, "error": .text, "created_at": .integer, "started_at": .integer, "finished_at": .integer,
                ], indexes: [["state", "name", "run_at", "id"]]),
            table(
                "tenon_plugin_use", key: ["plugin", "kind", "target", "refused"],
                [
                    "plugin": .text, "kind": .text, "target": .text, "refused": .count, "count": .count, "first_at": .integer,
                    "last_at": .integer,
                ]),
            table(
                "tenon_webhook_secret", key: ["webhook"],
                ["webhook": .integer, "secret": .text, "previous": .text, "previous_until": .integer]),
            table(
                "tenon_schedule", key: ["name"],
                ["name": .text, "plugin": .text, "next_at": .integer, "last_at": .integer]),
            table(
                "tenon_slow_call", key: ["plugin", "kind", "name"],
                [
                    "plugin": .text, "kind": .text, "name": .text, "count": .count, "worst_ms": .count, "last_ms": .count,
                    "budget_ms": .count, "last_at": .integer, "told_on": .text,
                ]),
        ]
    }

    /// Servers on one database: who serves, who has what to do, and what the others are to follow.
    var peers: [TablePlan] {
        [
            table(
                "tenon_peer", id: true,
                [
                    "node": .text, "host": .text, "process": .integer, "address": .text, "version": .text, "started_at": .integer,
                    "seen_at": .integer, "left_at": .integer, "follows": .count,
                ], indexes: [["node"]]),
            table(
                "tenon_lease", key: ["name"],
                ["name": .text, "peer": .integer, "turn": .count, "until": .integer], indexes: [["peer"]]),
            table(
                "tenon_import_file", key: ["import_id", "kind", "part"],
                ["import_id": .integer, "kind": .integer, "part": .integer, "bytes": .blob]),
            table("tenon_change", id: true, ["peer": .integer, "at": .integer, "what": .text], indexes: [["at"]]),
        ]
    }

    var people: [TablePlan] {
        [
            table(
                "tenon_notification", id: true,
                [
                    "user_id": .integer, "message": .text, "entity": .text, "record": .integer, "created_at": .integer,
                    "read_at": .integer,
                ], indexes: [["user_id", "id"], ["user_id", "read_at"]])
        ]
    }

    var imports: [TablePlan] {
        [
            table(
                "tenon_import", id: true,
                [
                    "entity": .text, "user_id": .integer, "file_name": .text, "state": .text, "options": .text, "total": .count,
                    "done": .count, "created": .count, "updated": .count, "failed": .count, "created_at": .integer,
                    "finished_at": .integer, "error": .text,
                ]),
            table(
                "tenon_import_row", id: true,
                [
                    "import_id": .integer, "row": .integer, "record": .integer, "action": .text, "version": .integer,
                    "before": .text,
                ], indexes: [["import_id", "row"]]),
        ]
    }
}
