public import PluginAPI

/// Where leads come from.
public enum LeadSource: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable)
    public static let active = Field<Bool>("active", .byDefault(true), .toggle)

    public static let schema = Schema("lead_source", name, active).icon("inbox").group("Sales").lookup().keptInMemory()
}
