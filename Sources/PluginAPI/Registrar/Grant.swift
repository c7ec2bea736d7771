/// How far a right reaches.
@frozen
public enum Scope: String, Sendable, Hashable, CaseIterable, Comparable {
    /// The records that belong to the user.
    case own
    /// Those that belong to anyone in one of the user's teams.
    case team
    /// All records.
    case all

    /// Orders by reach.
    public static func < (left: Scope, right: Scope) -> Bool { left.reach < right.reach }
    private var reach: Int {
        switch self {
        case .own: 0
        case .team: 1
        case .all: 2
        }
    }
}

/// A right on an entity with its scope, as plugins give it to default roles.
public struct Grant: Sendable, Hashable {
    /// The right: `view`, `create`, `edit`, `delete`, `import`, `export`, or the name of an action.
    public var right: String
    /// How far it reaches. Creating and importing know only `all`.
    public var scope: Scope
    /// Makes a grant.
    public init(_ right: String, _ scope: Scope = .all) {
        self.right = right
        self.scope = scope
    }
    /// Sees records.
    public static func view(_ scope: Scope = .all) -> Grant { Grant("view", scope) }
    /// Makes records.
    public static var create: Grant { Grant("create") }
    /// Changes records.
    public static func edit(_ scope: Scope = .all) -> Grant { Grant("edit", scope) }
    /// Deletes records.
    public static func delete(_ scope: Scope = .all) -> Grant { Grant("delete", scope) }
    /// Imports files.
    public static var `import`: Grant { Grant("import") }
    /// Exports files.
    public static func export(_ scope: Scope = .all) -> Grant { Grant("export", scope) }
    /// Everything but actions, on all records.
    public static var everything: [Grant] { [.view(), .create, .edit(), .delete(), .import, .export()] }
    /// Uses an action.
    public static func action(_ name: String, _ scope: Scope = .all) -> Grant { Grant(name, scope) }
}

/// The roles that every deployment begins with.
public enum DefaultRole: String, Sendable, CaseIterable {
    /// Everything, including the deployment itself.
    case administrator
    /// Sees everything.
    case management
    /// Runs a sales team.
    case salesManager = "sales_manager"
    /// Sells.
    case salesAgent = "sales_agent"
    /// Finds and qualifies prospects.
    case sdr
    /// Looks after those who have bought.
    case accountManager = "account_manager"
    /// Brings prospects in.
    case marketing
    /// Looks after the money.
    case finance
    /// Looks after the records and settings of sales, but neither after users nor after plugins.
    case crmAdministrator = "crm_administrator"

    /// The role's name as people see it.
    public var title: String {
        switch self {
        case .sdr: "SDR"
        case .crmAdministrator: "CRM administrator"
        default: rawValue.readable
        }
    }

    /// Those who look after a plugin's records as a whole: grant them everything.
    public static var administrators: [DefaultRole] { [.administrator, .crmAdministrator] }
    /// Everyone else.
    public static var others: [DefaultRole] { allCases.filter { !administrators.contains($0) } }
}
