import PluginAPI

/// The country of addresses that name none: most firms sell where they are.
enum DefaultCountry {
    static let setting = Setting<String?>(
        "customers.default_country", "Country of addresses that name none", default: nil, .maxLength(100),
        .help("Filled in when a company or a customer gets a street, city or postal code without a country."))

    @Sendable static func fillInCompany(_ change: inout Change<Company>, _ transaction: Transaction) throws {
        guard isNeeded(change, [Company.street, Company.city, Company.postalCode], Company.country) else { return }
        change.new[Company.country] = try transaction.setting(setting)
    }

    @Sendable static func fillInCustomer(_ change: inout Change<Customer>, _ transaction: Transaction) throws {
        guard isNeeded(change, [Customer.street, Customer.city, Customer.postalCode], Customer.country) else { return }
        change.new[Customer.country] = try transaction.setting(setting)
    }

    /// Whether an address has just come into being without its country. One that was emptied by hand stays empty.
    private static func isNeeded<E: Entity>(
        _ change: Change<E>, _ parts: [EntityField<E, String?>], _ country: EntityField<E, String?>
    ) -> Bool {
        func has(_ record: Record<E>) -> Bool { parts.contains { !(record[$0] ?? "").isEmpty } }
        guard (change.new[country] ?? "").isEmpty, has(change.new) else { return false }
        return change.old.map { !has($0) } ?? true
    }
}
