import PluginAPI

/// The rules of roles.
enum RoleRules {
    static func problems(_ change: Change<SystemRole>) -> [Problem] {
        var problems = RoleDocument.problems(in: change.new[SystemRole.grants].text).map { Problem(SystemRole.grants, $0) }
        guard let old = change.old else { return problems }
        if old[SystemRole.key] != change.new[SystemRole.key] {
            problems.append(Problem(SystemRole.key, "cannot be changed"))
        }
        if old[SystemRole.key] == DefaultRole.administrator.rawValue,
            !RoleDocument(tolerating: change.new[SystemRole.grants].text).isEverything {
            problems.append(Problem(SystemRole.grants, "the administrator's role keeps every right"))
        }
        return problems
    }

    /// Whoever changes what roles grant must be allowed to manage roles; every right is given by administrators only.
    /// Runs before the change is stored.
    static func guardRights(_ change: inout Change<SystemRole>, _ transaction: Transaction) throws {
        let old = RoleDocument(tolerating: change.old?[SystemRole.grants].text ?? "{}")
        let new = RoleDocument(tolerating: change.new[SystemRole.grants].text)
        guard old != new else { return }
        let hasEverything = try require(.manageRoles, transaction)
        if !hasEverything, old.isEverything != new.isEverything {
            throw CRMError(.forbidden, "only an administrator may give or take every right", hint: "Ask an administrator.")
        }
    }

    static func deleted(_ role: Record<SystemRole>, _ transaction: Transaction) throws {
        guard let key = role[SystemRole.key], DefaultRole(rawValue: key) != nil else { return }
        throw CRMError.refused(
            "\(role[SystemRole.name]) is one of the roles that every deployment has",
            hint: "Take its rights away, or take it from its users.")
    }

    /// Throws `forbidden` unless the user has a right over the deployment; says whether the user has every right. The product
    /// itself always has.
    static func require(_ special: SpecialRight, _ transaction: Transaction) throws -> Bool {
        guard let user = transaction.user else { return true }
        let elevated = transaction.elevated(for: "rights are looked up")
        let person = try elevated.find(SystemUser.self, user.id)
        let held = try roles(person[SystemUser.roles].ids, transaction).map { RoleDocument(tolerating: $0[SystemRole.grants].text) }
        if held.contains(where: \.isEverything) { return true }
        guard held.contains(where: { $0.specials.contains(special.rawValue) }) else {
            throw CRMError(
                .forbidden, "you may not \(special.title.lowercased())", hint: "An administrator can give a role this right.")
        }
        return false
    }

    static func roles(_ ids: [RecordID], _ transaction: Transaction) throws -> [Record<SystemRole>] {
        let elevated = transaction.elevated(for: "rights are looked up")
        return try elevated.all(SystemRole.self, limit: 10_000).filter { ids.contains($0.id) }
    }
}
