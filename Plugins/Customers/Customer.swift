public import PluginAPI

/// A person or account that buys.
public enum Customer: Entity {
    public static let name = Field<String>(
        "name", .maxLength(200), .searchable, .indexed, .aliases("full name", "contact", "contact name", "customer", "client", "kontakt", "ansprechpartner", "kunde"))
    public static let email = Field<String?>(
        "email", .label("E-mail"), .email, .maxLength(200), .searchable, .indexed, .aliases("e-mail", "mail", "email address"))
    public static let phone = Field<String?>(
        "phone", .phone, .maxLength(50), .searchable, .aliases("telephone", "mobile", "business phone"))
    public static let company = Field<Reference<Company>?>(
        "company", .indexed, .aliases("account", "account name", "company name", "organisation", "firma", "unternehmen"))
    public static let group = Field<Reference<CustomerGroup>?>("group", .indexed, .aliases("customer group", "kundengruppe"))
    public static let street = Field<String?>(
        "street", .maxLength(200), .aliases("address", "mailing street", "street address"))
    public static let city = Field<String?>("city", .maxLength(100), .aliases("town", "mailing city"))
    public static let state = Field<String?>("state", .maxLength(100), .aliases("region", "province", "mailing state"))
    public static let postalCode = Field<String?>(
        "postal_code", .maxLength(20), .aliases("zip", "zip code", "postcode", "mailing postal code"))
    public static let country = Field<String?>("country", .maxLength(100), .indexed, .aliases("mailing country"))
    public static let owner = Field<Reference<User>?>(
        "assigned_to", .owner, .indexed, .whenTargetIsDeleted(.clear), .aliases("owner", "contact owner", "sales_agent", "agent"))

    public static let schema = Schema(
        "customer", name, email, phone, company, group, street, city, state, postalCode, country, owner
    ).icon("user").group("Sales")
}
