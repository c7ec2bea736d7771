import PluginAPI

/// The roles that every deployment begins with, and the rights that plugins give to them.
enum DefaultRoles {
    /// Makes the roles that are not there yet. Done by the product itself, whoever set it going.
    static func ensure(in store: StoreTransaction) throws {
        let transaction = store.byProduct("default roles").transaction
        let present = Set(try transaction.all(SystemRole.self, limit: 10_000).compactMap { $0[SystemRole.key] })
        for role in DefaultRole.allCases where !present.contains(role.rawValue) {
            try transaction.insert(SystemRole.self) { record in
                record[SystemRole.name] = role.title
                record[SystemRole.key] = role.rawValue
                record[SystemRole.description] = summary(of: role)
                record[SystemRole.grants] = JSONText(document(of: role).text)
            }
        }
    }

    /// Adds the rights that a plugin gives to default roles, once for each entity: what an administrator took away later
    /// stays away, and an entity that a later release brings gets its rights. What the roles say already stands.
    /// Done by the product itself: whoever may enable plugins need not be allowed to manage roles.
    static func mergeGrants(_ entries: [Contributions.GrantEntry], of plugin: String, into store: StoreTransaction) throws {
        let connection = store.connection
        let transaction = store.byProduct("grants of \(plugin)").transaction
        let done = Set(
            try connection.all(#"SELECT "name" FROM "tenon_migration" WHERE "plugin" = ?"#, [.text(plugin)]) { $0.text(0) })
        let fresh = entries.filter { !done.contains(ledgerName($0)) }
        guard !fresh.isEmpty else { return }
        let roles = try transaction.all(SystemRole.self, limit: 10_000)
        for (key, offers) in Dictionary(grouping: fresh, by: \.role).sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard var role = roles.first(where: { $0[SystemRole.key] == key.rawValue }) else { continue }
            var document = RoleDocument(tolerating: role[SystemRole.grants].text)
            for (entity, entries) in Dictionary(grouping: offers, by: \.entity) {
                let widest = Dictionary(entries.map { ($0.grant.right, $0.grant.scope) }) { max($0, $1) }
                for (right, scope) in widest { document.offer(Grant(right, scope), on: entity) }
            }
            role[SystemRole.grants] = JSONText(document.text)
            try transaction.save(role)
        }
        for name in Set(fresh.map(ledgerName)).sorted() {
            try connection.execute(
                #"INSERT INTO "tenon_migration" ("plugin", "name", "at") VALUES (?, ?, ?)"#,
                [.text(plugin), .text(name), .integer(transaction.now.milliseconds)])
        }
    }

    /// Roles that came with a later release: their rights are given where the others got theirs before.
    private static let later: Set<DefaultRole> = [.crmAdministrator]

    private static func ledgerName(_ entry: Contributions.GrantEntry) -> String { ledgerName(entry.entity, entry.role.rawValue) }

    /// How the ledger notes that a default role has had its rights on an entity.
    static func ledgerName(_ entity: String, _ role: String) -> String {
        "grants " + entity + (later.contains { $0.rawValue == role } ? " " + role : "")
    }

    static func document(of role: DefaultRole) -> RoleDocument {
        var document = RoleDocument()
        switch role {
        case .administrator: document.isEverything = true
        case .management: document.specials = [SpecialRight.seeOperations.rawValue]
        case .crmAdministrator:
            document.specials = [SpecialRight.manageSettings.rawValue, SpecialRight.customizeFields.rawValue]
        default: break
        }
        return document
    }

    private static func summary(of role: DefaultRole) -> String {
        switch role {
        case .administrator: "Everything, including the deployment itself."
        case .management: "Sees everything."
        case .salesManager: "Runs a team."
        case .salesAgent: "Sells."
        case .sdr: "Finds people who may buy, and finds out whether they will."
        case .accountManager: "Looks after those who have bought."
        case .marketing: "Makes the firm known and brings people in."
        case .finance: "Looks after the money."
        case .crmAdministrator: "Looks after all records and settings, but neither users nor plugins."
        @unknown default: ""
        }
    }
}
