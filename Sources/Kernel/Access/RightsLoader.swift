import PluginAPI

/// Reads users, teams and roles into a snapshot: at the start, and after each commit that touched one of them.
enum RightsLoader {
    /// The entities on which the snapshot depends.
    static let entities: Set<String> = ["user", "team", "role"]

    static func load(_ connection: any Connection) throws -> RightsSnapshot {
        guard try !connection.columns(of: "role").isEmpty, try !connection.columns(of: "user").isEmpty else { return .empty }
        let roles = try connection.all(#"SELECT "id", "key", "name", "grants" FROM "role""#) { row in
            let document = RoleDocument(tolerating: row.optionalText(3) ?? "{}")
            let role = RightsSnapshot.Role(key: row.optionalText(1) ?? "", name: row.text(2), grants: document.grants)
            return (row.integer(0), role)
        }
        let people = try connection.all(#"SELECT "id", "name", "email", "active", "roles", "teams" FROM "user""#) { row in
            let person = RightsSnapshot.Person(
                name: row.text(1), email: row.text(2), isActive: row.integer(3) != 0,
                roles: row.withText(4, FieldModel.ids).map(\.raw), teams: row.withText(5, FieldModel.ids).map(\.raw))
            return (row.integer(0), person)
        }
        return RightsSnapshot(
            people: Dictionary(people) { first, _ in first }, roles: Dictionary(roles) { first, _ in first })
    }
}
