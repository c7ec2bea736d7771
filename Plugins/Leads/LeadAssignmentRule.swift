public import PluginAPI

/// To whom a lead goes when something holds for it: the members of a team, or some users, in turn.
public enum LeadAssignmentRule: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable)
    public static let condition = Field<String?>(
        "condition", .formula(on: Lead.self, result: .boolean),
        .help("Which leads go there, such as area = \"North\" or value > 10000. Empty: all. The first rule that holds decides."))
    public static let team = Field<Reference<Team>?>("team", .help("Its members take turns."))
    public static let users = Field<References<User>>("users", .whenTargetIsDeleted(.clear), .help("Take turns, too; needed without a team."))
    public static let capacity = Field<Int?>(
        "capacity", .label("Most open leads each"), .range(1...100_000), .help("Whoever has so many gets no more. Empty: any number."))
    public static let teamCapacity = Field<Int?>(
        "team_capacity", .label("Most open leads of the team"), .range(1...1_000_000),
        .help("Together: while the team's members have so many, none of them gets more. Where several rules name the team, the least counts."))
    public static let active = Field<Bool>("active", .byDefault(true), .toggle)
    public static let position = Field<Int>("position", .indexed, .byDefault(0))
    /// Whose turn it was last.
    public static let lastUser = Field<Reference<User>?>("last_user", .label("Last turn"), .derived, .whenTargetIsDeleted(.clear))

    public static let schema = Schema("lead_assignment_rule", name, condition, team, users, capacity, teamCapacity, active, position, lastUser)
        .icon("users").group("Sales").lookup().keptInMemory()
}
