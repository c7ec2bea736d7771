public import PluginAPI

/// Points that a lead gets when something holds for it.
public enum LeadScoreRule: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable)
    public static let condition = Field<String?>(
        "condition", .formula(on: Lead.self, result: .boolean),
        .help("Which leads get the points, such as company_size >= 50 or source.name = \"Referral\". Empty: all."))
    public static let points = Field<Int>("points", .range(-100...100), .byDefault(10), .help("From -100 to 100."))
    public static let pointsFormula = Field<String?>(
        "points_formula", .label("Points as a formula"), .formula(on: Lead.self, result: .number),
        .help("Instead of a fixed number, such as min(activities * 5, 30). Rounded, and held between -100 and 100."))
    public static let halfLife = Field<Int?>(
        "half_life", .label("Half-life in days"), .range(1...3650),
        .help("Half of the points go each time so many days pass without activity. Empty: they stay."))
    public static let active = Field<Bool>("active", .byDefault(true), .toggle)
    public static let position = Field<Int>("position", .indexed, .byDefault(0))

    public static let schema = Schema("lead_score_rule", name, condition, points, pointsFormula, halfLife, active, position)
        .icon("star").group("Sales").lookup().keptInMemory()
}
