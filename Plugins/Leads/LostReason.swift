public import PluginAPI

/// Why a lead or a deal is lost.
public enum LostReason: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable)
    public static let active = Field<Bool>("active", .byDefault(true), .toggle)

    public static let schema = Schema("lost_reason", name, active).icon("tag").group("Sales").lookup().keptInMemory()
}
