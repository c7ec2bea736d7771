import PluginAPI

/// The rules of users.
enum UserRules {
    static func prepare(_ change: inout Change<SystemUser>, _ transaction: Transaction) throws {
        change.new[SystemUser.email] = Authenticator.normalised(change.new[SystemUser.email])
    }

    /// Whoever hands out roles must be allowed to manage users, and only an administrator makes administrators: the right to
    /// edit users alone must not be a way to every other right. Runs before the change is stored, so that nobody is judged
    /// by the roles that are about to be given.
    static func guardRights(_ change: inout Change<SystemUser>, _ transaction: Transaction) throws {
        let old = Set(change.old?[SystemUser.roles].ids ?? [])
        let new = Set(change.new[SystemUser.roles].ids)
        let touched = old.symmetricDifference(new)
        guard !touched.isEmpty else { return }
        let mayGiveEverything = try RoleRules.require(.manageUsers, transaction)
        guard !mayGiveEverything else { return }
        let roles = try RoleRules.roles(Array(touched), transaction)
        if roles.contains(where: { RoleDocument(tolerating: $0[SystemRole.grants].text).isEverything }) {
            throw CRMError(
                .forbidden, "only an administrator may give or take a role that has every right",
                hint: "Ask an administrator.")
        }
    }

    /// Somebody must be left who can let others in.
    static func keepAnAdministrator(_ change: Change<SystemUser>, _ transaction: Transaction) throws {
        guard let old = change.old, old[SystemUser.active] else { return }
        let administrators = try administratorRole(transaction)
        guard let administrators, old[SystemUser.roles].ids.contains(administrators) else { return }
        let stays = change.new[SystemUser.active] && change.new[SystemUser.roles].ids.contains(administrators)
        if !stays { try requireAnother(than: change.new.id, administrators, transaction) }
    }

    static func deleted(_ user: Record<SystemUser>, _ transaction: Transaction) throws {
        try keepAnother(than: user, transaction)
        // Should the user come back by undoing this, password and keys do not: nothing that opens a door is kept of somebody who is gone.
        guard let store = transaction.byName as? StoreTransaction else { return }
        for table in ["tenon_credential", "tenon_token", "tenon_session"] {
            try store.connection.execute("DELETE FROM \"\(table)\" WHERE \"user_id\" = ?", [.integer(user.id.raw)])
        }
    }

    private static func keepAnother(than user: Record<SystemUser>, _ transaction: Transaction) throws {
        let administrators = try administratorRole(transaction)
        guard let administrators, user[SystemUser.active], user[SystemUser.roles].ids.contains(administrators) else { return }
        try requireAnother(than: user.id, administrators, transaction)
    }

    private static func administratorRole(_ transaction: Transaction) throws -> RecordID? {
        try transaction.elevated(for: "an administrator must be left")
            .first(SystemRole.self, where: SystemRole.key == DefaultRole.administrator.rawValue)?.id
    }

    private static func requireAnother(than user: RecordID, _ role: RecordID, _ transaction: Transaction) throws {
        let active = try transaction.elevated(for: "an administrator must be left")
            .all(SystemUser.self, where: SystemUser.active == true, limit: 100_000)
        guard active.contains(where: { $0.id != user && $0[SystemUser.roles].ids.contains(role) }) else {
            throw CRMError.refused(
                "this is the last active administrator", hint: "Make somebody else an administrator first.")
        }
    }
}
