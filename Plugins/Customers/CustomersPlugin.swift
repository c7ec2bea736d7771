public import PluginAPI

/// Keeps the organisations and people a company sells to.
public struct CustomersPlugin: Plugin {
    public init() {}

    public func register(with crm: inout Registrar) {
        // What is kept
        crm.entity(Company.self)
        crm.entity(Customer.self)
        crm.entity(CustomerGroup.self)

        // How companies are shown
        crm.list(
            Company.self,
            columns: [
                Company.name, Company.officeEmail, Company.officePhone, Company.website, Company.industry, Company.owner,
                Company.active,
            ],
            filters: [Company.industry, Company.country, Company.owner, Company.active, Company.parent],
            sort: .ascending(Company.name))
        crm.view(Company.self, "Active", where: Company.active == true)
        crm.view(Company.self, "Mine", where: Company.owner.is(.equal, .currentUser))
        crm.view(Company.self, "Inactive", where: Company.active == false)
        crm.detail(
            Company.self,
            FieldSection("", Company.name, Company.industry, Company.owner, Company.active, Company.description),
            FieldSection("Contact", Company.website, Company.officeEmail, Company.officePhone),
            FieldSection(
                "Address", Company.street, Company.postalCode, Company.city, Company.state, Company.country),
            FieldSection("Facts", Company.parent, Company.employees, Company.annualRevenue, Company.founded))
        crm.related(
            Company.self, Customer.company, title: "Contacts", columns: [Customer.email, Customer.phone, Customer.group, Customer.owner],
            sort: .ascending(Customer.name))
        crm.related(
            Company.self, Company.parent, title: "Subsidiaries", columns: [Company.industry, Company.owner, Company.active],
            sort: .ascending(Company.name))

        // How customers are shown
        crm.list(
            Customer.self,
            columns: [
                Customer.name, Customer.email, Customer.phone, Customer.company, Customer.group, Customer.owner,
            ],
            filters: [Customer.company, Customer.group, Customer.country, Customer.owner],
            sort: .ascending(Customer.name))
        crm.view(Customer.self, "Mine", where: Customer.owner.is(.equal, .currentUser))
        crm.view(
            Customer.self, "New in 30 days", where: Customer.createdAt.is(.greaterOrEqual, .today(plusDays: -30)),
            sort: .descending(Customer.createdAt))
        crm.detail(
            Customer.self,
            FieldSection("", Customer.name, Customer.company, Customer.group, Customer.owner),
            FieldSection("Contact", Customer.email, Customer.phone),
            FieldSection("Address", Customer.street, Customer.postalCode, Customer.city, Customer.state, Customer.country))

        // How groups are shown
        crm.list(
            CustomerGroup.self,
            columns: [
                CustomerGroup.name, CustomerGroup.code, CustomerGroup.discountPercent, CustomerGroup.priority,
                CustomerGroup.active,
            ],
            filters: [CustomerGroup.active],
            sort: .descending(CustomerGroup.priority))
        crm.view(CustomerGroup.self, "Active", where: CustomerGroup.active == true)
        crm.view(CustomerGroup.self, "Inactive", where: CustomerGroup.active == false)
        crm.counts(CustomerGroup.self, "customers", Customer.group)
        crm.cards(
            CustomerGroup.self, "customers.groups", "customers.active_groups", "customers.discount_groups", "customers.grouped")
        crm.related(
            CustomerGroup.self, Customer.group, columns: [Customer.company, Customer.email, Customer.owner],
            sort: .ascending(Customer.name))

        // What must hold
        crm.validate(Company.self, CompanyTree.ownParent)
        crm.onSave(Company.self, CompanyTree.refuseCircle)
        crm.setting(DefaultCountry.setting)
        crm.prepare(Company.self, DefaultCountry.fillInCompany)
        crm.prepare(Customer.self, DefaultCountry.fillInCustomer)

        crm.duplicates(
            Company.self, .same(Company.officeEmail), .same(Company.officePhone), .same(Company.website), .similar(Company.name))
        crm.duplicates(Customer.self, .same(Customer.email), .same(Customer.phone), .similar(Customer.name, Customer.company))

        // What is counted
        crm.metric("customers.total", "Customers", over: Customer.self, .count)
        crm.metric("customers.new", "New customers", over: Customer.self, .count, date: Customer.createdAt)
        crm.metric("customers.companies", "Active companies", over: Company.self, .count, where: Company.active == true)

        crm.metric("customers.groups", "Groups", over: CustomerGroup.self, .count)
        crm.metric("customers.active_groups", "Active groups", over: CustomerGroup.self, .count, where: CustomerGroup.active == true)
        crm.metric(
            "customers.discount_groups", "Groups with a discount", over: CustomerGroup.self, .count,
            where: CustomerGroup.discountPercent > FixedDecimal(units: 0, scale: 2))
        crm.metric("customers.grouped", "Customers in groups", over: Customer.self, .count, where: Customer.group != nil)
        crm.metric("customers.all_companies", "Companies", over: Company.self, .count)

        // What stands on the dashboard of all of sales, to which other plugins add
        crm.dashboard("crm", "CRM")
        crm.widget("crm", .figure("customers.all_companies", and: "customers.companies", as: "active"), order: 100)
        crm.widget("crm", .figure("customers.total"), order: 110)
        crm.widget(
            "crm", .records("Recent companies", Company.self, columns: [Company.industry, Company.owner, Company.createdAt])
                .whenEmpty("No company yet."), order: 400)
        crm.widget(
            "crm", .records("Recent customers", Customer.self, columns: [Customer.company, Customer.owner, Customer.createdAt])
                .whenEmpty("No customer yet."), order: 410)

        // Who may do what at first, and records to try it out with
        CustomersRights.grant(with: &crm)
        crm.demo("customers", CustomersDemo.fill)
    }
}

@_cdecl("tenon_plugin")
public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(CustomersPlugin()) }
