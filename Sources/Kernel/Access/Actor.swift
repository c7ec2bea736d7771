import PluginAPI

/// On whose behalf something is done, with the rights as they were when the request began.
struct Actor: Sendable {
    /// The user, or nil for the product itself.
    let userID: Int64?
    /// For the audit trail: `web`, `api`, `cli`, `import 5`, `job cleanup`.
    var via: String
    /// Whether every right is given: the product's own work, and plugins that were elevated.
    let isElevated: Bool
    /// The rights of everyone, frozen.
    let rights: RightsSnapshot

    /// The product itself.
    static func system(_ via: String, rights: RightsSnapshot) -> Actor {
        Actor(userID: nil, via: via, isElevated: true, rights: rights)
    }

    /// A user.
    static func user(_ id: Int64, via: String, rights: RightsSnapshot) -> Actor {
        Actor(userID: id, via: via, isElevated: false, rights: rights)
    }

    /// The same user with every right, as a plugin was granted by name.
    func elevated(for reason: String) -> Actor {
        Actor(userID: userID, via: via + " (elevated: \(reason))", isElevated: true, rights: rights)
    }

    /// How far a right on an entity reaches; nil when the user does not have it.
    func scope(_ right: String, on entity: String) -> Scope? {
        if isElevated { return .all }
        guard let userID else { return nil }
        return rights.scope(of: userID, right: right, entity: entity)
    }

    func can(_ right: String, on entity: String) -> Bool { scope(right, on: entity) != nil }

    /// Whether the user has a right over the deployment itself.
    func can(_ special: SpecialRight) -> Bool {
        if isElevated { return true }
        guard let userID else { return false }
        return rights.has(special, user: userID)
    }

    func mask(_ field: String, of entity: String) -> FieldMask {
        if isElevated { return .none }
        guard let userID else { return .hidden }
        return rights.mask(of: userID, entity: entity, field: field)
    }

    /// The users whose records the user may reach with a right; nil for everyone's, empty for nobody's.
    func owners(_ right: String, on entity: String) -> [Int64]? {
        switch scope(right, on: entity) {
        case .all: nil
        case .team: userID.map { rights.teammates(of: $0) } ?? []
        case .own: userID.map { [$0] } ?? []
        case nil: []
        }
    }

    /// Throws `forbidden` unless the user has the right, however far it reaches.
    func require(_ right: String, on entity: EntityModel) throws {
        guard can(right, on: entity.name) else {
            throw CRMError(
                .forbidden, "you may not \(right.replacing("-", with: " ")) \(entity.pluralTitle.lowercased())",
                hint: "An administrator can give a role this right.")
        }
    }

    func require(_ special: SpecialRight) throws {
        guard can(special) else {
            throw CRMError(.forbidden, "you may not \(special.title.lowercased())", hint: "An administrator can give a role this right.")
        }
    }
}

/// A right over the deployment itself, outside any entity.
enum SpecialRight: String, Sendable, CaseIterable {
    case manageUsers = "manage_users"
    case manageRoles = "manage_roles"
    case managePlugins = "manage_plugins"
    case manageSettings = "manage_settings"
    case customizeFields = "customize_fields"
    case seeOperations = "see_operations"

    var title: String { rawValue.readable }
}

/// What a role may do with a field.
enum FieldMask: String, Sendable, Comparable, CaseIterable {
    case none
    case readOnly = "read_only"
    case hidden

    private var strength: Int {
        switch self {
        case .none: 0
        case .readOnly: 1
        case .hidden: 2
        }
    }
    static func < (left: FieldMask, right: FieldMask) -> Bool { left.strength < right.strength }
}
