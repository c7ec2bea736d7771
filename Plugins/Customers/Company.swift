public import PluginAPI

/// An organisation.
public enum Company: Entity {
    public static let name = Field<String>(
        "name", .maxLength(200), .searchable, .indexed, .aliases("account", "account name", "company", "company name", "organisation", "firma", "firmenname", "unternehmen", "kunde"))
    public static let website = Field<String?>("website", .url, .maxLength(200), .searchable, .aliases("url", "homepage", "web"))
    public static let officePhone = Field<String?>(
        "office_phone", .phone, .maxLength(50), .searchable, .aliases("phone", "telephone"))
    public static let officeEmail = Field<String?>(
        "office_email", .label("Office e-mail"), .email, .maxLength(200), .unique, .searchable, .aliases("email", "e-mail"))
    public static let street = Field<String?>(
        "street", .maxLength(200), .aliases("address", "billing street", "street address"))
    public static let city = Field<String?>("city", .maxLength(100), .aliases("town", "billing city"))
    public static let state = Field<String?>("state", .maxLength(100), .aliases("region", "province", "billing state"))
    public static let postalCode = Field<String?>(
        "postal_code", .maxLength(20), .aliases("zip", "zip code", "postcode", "billing postal code"))
    public static let country = Field<String?>(
        "country", .maxLength(100), .indexed, .aliases("office_location", "billing country"))
    public static let industry = Field<String?>("industry", .maxLength(100), .indexed, .aliases("sector", "branch"))
    public static let description = Field<String?>("description", .multiline, .aliases("notes", "about"))
    public static let owner = Field<Reference<User>?>(
        "assigned_to", .owner, .indexed, .whenTargetIsDeleted(.clear), .aliases("owner", "account owner", "sales_agent", "agent"))
    public static let active = Field<Bool>("active", .byDefault(true), .indexed, .toggle)
    public static let parent = Field<Reference<Company>?>(
        "parent", .label("Parent company"), .indexed, .aliases("subsidiary_of", "parent account", "parent company", "muttergesellschaft"))
    public static let employees = Field<Int?>(
        "employees", .range(0...100_000_000), .aliases("number of employees", "headcount", "staff", "mitarbeiter", "mitarbeiterzahl"))
    public static let annualRevenue = Field<Money?>("annual_revenue", .aliases("revenue", "turnover", "umsatz", "jahresumsatz"))
    public static let founded = Field<Int?>(
        "founded", .label("Founded in"), .help("The year."), .range(1000...9999), .aliases("year_established", "established", "gründungsjahr", "gegründet"))

    public static let schema = Schema(
        "company", name, website, officePhone, officeEmail, street, city, state, postalCode, country, industry, description, owner,
        active, parent, employees, annualRevenue, founded
    ).icon("building").group("Sales")
}
