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

        // How customers are shown
        crm.list(
            Customer.self,
            columns: [
                Customer.name, Customer.email, Customer.phone, Customer.company, Customer.group, Customer.owner,
            ],
            filters: [Customer.company, Customer.group, Customer.owner],
            sort: .ascending(Customer.name))
        crm.view(Customer.self, "Mine", where: Customer.owner.is(.equal, .currentUser))
        crm.view(
            Customer.self, "New in 30 days", where: Customer.createdAt.is(.greaterOrEqual, .today(plusDays: -30)),
            sort: .descending(Customer.createdAt))
        crm.list(
            CustomerGroup.self,
            columns: [
                CustomerGroup.name, CustomerGroup.code, CustomerGroup.discountPercent, CustomerGroup.priority,
                CustomerGroup.active,
            ],
            filters: [CustomerGroup.active],
            sort: .descending(CustomerGroup.priority))

        // What must hold
        crm.validate(Company.self, CompanyTree.ownParent)
        crm.onSave(Company.self, CompanyTree.refuseCircle)

        // What is counted
        crm.metric("customers.total", "Customers", over: Customer.self, .count)
        crm.metric("customers.new", "New customers", over: Customer.self, .count, date: Customer.createdAt)
        crm.metric("customers.companies", "Active companies", over: Company.self, .count, where: Company.active == true)

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
