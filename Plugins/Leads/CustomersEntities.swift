public import PluginAPI

/// The customer that a lead becomes; kept by another plugin.
public enum Customer: ForeignEntity {
    public static let name = Field<String>("name")
    public static let email = Field<String?>("email")
    public static let phone = Field<String?>("phone")
    public static let company = Field<Reference<Company>?>("company")
    public static let owner = Field<Reference<User>?>("assigned_to")
    public static let schema = Schema("customer", name, email, phone, company, owner)
}

/// The company of a customer; kept by another plugin.
public enum Company: ForeignEntity {
    public static let name = Field<String>("name")
    public static let owner = Field<Reference<User>?>("assigned_to")
    public static let schema = Schema("company", name, owner)
}
