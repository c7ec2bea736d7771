public import PluginAPI

/// A way of selling: stages in an order.
public enum Pipeline: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable)
    public static let description = Field<String?>("description", .multiline)
    public static let active = Field<Bool>("active", .byDefault(true))
    public static let isDefault = Field<Bool>("is_default", .label("Default"), .help("New deals begin here."), .byDefault(false))
    public static let position = Field<Int>("position", .indexed, .byDefault(0))

    public static let rottingDays = Field<Int?>(
        "rotting_days", .range(1...3650),
        .help("An open deal that is so many days in the same stage is marked as rotting. Empty: never."))

    public static let schema = Schema("pipeline", name, description, active, isDefault, position, rottingDays)
        .icon("layers").group("Sales").lookup().keptInMemory()
}
