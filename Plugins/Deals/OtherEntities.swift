public import PluginAPI

/// Who buys; kept by Customers.
public enum Customer: ForeignEntity {
    public static let name = Field<String>("name")
    public static let company = Field<Reference<Company>?>("company")
    public static let owner = Field<Reference<User>?>("assigned_to")
    public static let schema = Schema("customer", name, company, owner)
}

/// The organisation that buys; kept by Customers.
public enum Company: ForeignEntity {
    public static let name = Field<String>("name")
    public static let schema = Schema("company", name)
}

/// Where a deal comes from; kept by Leads, which may be switched off.
public enum Lead: ForeignEntity {
    public static let title = Field<String>("title")
    public static let value = Field<Money?>("value")
    public static let owner = Field<Reference<User>?>("assigned_to")
    public static let convertedCustomer = Field<Reference<Customer>?>("converted_customer")
    public static let schema = Schema("lead", title, value, owner, convertedCustomer)
}

/// Why a deal is lost; kept by Leads, which may be switched off.
public enum LostReason: ForeignEntity {
    public static let name = Field<String>("name")
    public static let active = Field<Bool>("active")
    public static let schema = Schema("lost_reason", name, active)
}
