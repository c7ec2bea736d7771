import PluginAPI

/// What the default roles may do with companies and customers until an administrator says otherwise.
enum CustomersRights {
    static func grant(with crm: inout Registrar) {
        crm.grant(DefaultRole.administrators, Company.self, Grant.everything)
        crm.grant(DefaultRole.administrators, Customer.self, Grant.everything)
        crm.grant(DefaultRole.administrators, CustomerGroup.self, Grant.everything)
        crm.grant(DefaultRole.others, CustomerGroup.self, [.view()])

        // Everyone in sales must see whether a company is known already, whoever looks after it.
        crm.grant([.salesManager], Company.self, [.view(), .create, .edit(.team), .delete(.team), .import, .export(.team)])
        crm.grant([.salesAgent, .sdr], Company.self, [.view(), .create, .edit(.own)])
        crm.grant([.accountManager], Company.self, [.view(), .create, .edit(), .import, .export()])
        crm.grant([.marketing, .finance, .management], Company.self, [.view(), .export()])

        crm.grant([.salesManager], Customer.self, [.view(), .create, .edit(.team), .delete(.team), .import, .export(.team)])
        crm.grant([.salesAgent, .sdr], Customer.self, [.view(.own), .create, .edit(.own)])
        crm.grant([.accountManager], Customer.self, [.view(), .create, .edit(), .import, .export()])
        crm.grant([.marketing], Customer.self, [.view()])
        crm.grant([.finance, .management], Customer.self, [.view(), .export()])
    }
}
