public import PluginAPI

/// Customers who are treated alike.
public enum CustomerGroup: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable)
    public static let code = Field<String?>("code", .maxLength(30), .unique, .searchable)
    public static let description = Field<String?>("description", .multiline)
    public static let discountPercent = Field<FixedDecimal?>(
        "discount_percent", .label("Discount %"), .scale(2), .range(0...100), .aliases("discount", "rabatt"))
    public static let priority = Field<Int>("priority", .help("Higher comes first."), .range(0...1000))
    public static let active = Field<Bool>("active", .byDefault(true), .toggle)

    public static let schema = Schema("customer_group", name, code, description, discountPercent, priority, active)
        .icon("users").group("Sales").lookup()
}
