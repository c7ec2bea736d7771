public import PluginAPI

/// Where we are with a lead: a column of the board.
public enum LeadStatus: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable)
    public static let color = Field<String?>("color", .color)
    public static let isDefault = Field<Bool>("is_default", .label("Default"), .help("New leads begin here."), .byDefault(false))
    public static let isFinal = Field<Bool>("is_final", .label("Final"), .help("Not shown on the board."), .byDefault(false))
    public static let isQualified = Field<Bool>(
        "is_qualified", .label("Qualified"), .help("Leads here count as qualified."), .byDefault(false))
    public static let position = Field<Int>("position", .indexed, .byDefault(0))

    public static let schema = Schema("lead_status", name, color, isDefault, isFinal, isQualified, position)
        .icon("flag").group("Sales").lookup().keptInMemory()
}
