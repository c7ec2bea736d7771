public import PluginAPI

/// The log of statuses: a lead went from one to another. When, and by whom, is when and by whom the entry was made.
///
/// There is none for a new lead: until its first change, the lead itself says in which status it is and since when.
public enum LeadStatusChange: Entity {
    public static let lead = Field<Reference<Lead>>("lead", .whenTargetIsDeleted(.cascade))
    /// Empty once that status was deleted.
    public static let from = Field<Reference<LeadStatus>?>("from_status", .label("From"), .whenTargetIsDeleted(.clear))
    public static let to = Field<Reference<LeadStatus>?>("to_status", .label("To"), .whenTargetIsDeleted(.clear))
    public static let seconds = Field<Int?>("seconds", .label("Seconds before"), .help("How long the lead had been in the status before."))

    public static let schema = Schema("lead_status_change", lead, from, to, seconds).icon("clock").group("Sales").lookup().log()
}
