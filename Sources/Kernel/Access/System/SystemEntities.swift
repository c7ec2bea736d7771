import PluginAPI

/// How a user's screens look.
enum Theme: String, Choice {
    case system, light, dark
}

/// A person who logs in, with all fields. Plugins see the part of it that PluginAPI names `User`; the first fields stand in
/// the same order there.
enum SystemUser: Entity {
    static let name = Field<String>("name", .maxLength(120), .searchable)
    static let email = Field<String>(
        "email", .email, .maxLength(254), .unique, .searchable, .label("E-mail"), .help("Used to log in."))
    static let active = Field<Bool>("active", .byDefault(true), .indexed, .help("Whoever is not active cannot log in."))
    static let roles = Field<References<SystemRole>>("roles", .help("What the user may do is what all roles together allow."))
    // PluginAPI's keys for users and teams are used in links between the two: a schema cannot be made while it makes itself.
    static let teams = Field<References<Team>>("teams", .whenTargetIsDeleted(.clear))
    static let locale = Field<String?>("locale", .maxLength(35), .hidden)
    static let theme = Field<Theme?>("theme", .hidden)

    static let schema = Schema("user", name, email, active, roles, teams, locale, theme).icon("user").group("Administration")
}

/// A group of users.
enum SystemTeam: Entity {
    static let name = Field<String>("name", .maxLength(120), .unique, .searchable)
    static let manager = Field<Reference<User>?>("manager", .whenTargetIsDeleted(.clear), .help("Is a member, too."))
    static let members = Field<References<User>>("members", .whenTargetIsDeleted(.clear))

    static let schema = Schema("team", name, manager, members).icon("users").group("Administration")
}

/// What its holders may do.
enum SystemRole: Entity {
    static let name = Field<String>("name", .maxLength(120), .unique, .searchable)
    static let key = Field<String?>(
        "key", .maxLength(60), .unique, .readOnly, .help("Names the roles that every deployment begins with."))
    static let description = Field<String?>("description", .maxLength(1000), .multiline)
    static let grants = Field<JSONText>("grants", .byDefault(JSONText(RoleDocument().text)))

    static let schema = Schema("role", name, key, description, grants).icon("shield").group("Administration")
}
