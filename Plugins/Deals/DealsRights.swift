import PluginAPI

/// What the default roles may do with deals until an administrator says otherwise.
enum DealsRights {
    static func grant(with crm: inout Registrar) {
        crm.grant(DefaultRole.administrators, Deal.self, Grant.everything + closing(.all))
        crm.grant(DefaultRole.administrators, Pipeline.self, Grant.everything)
        crm.grant(DefaultRole.administrators, Stage.self, Grant.everything)

        let others = DefaultRole.others
        crm.grant(others, Pipeline.self, [.view()])
        crm.grant(others, Stage.self, [.view()])

        crm.grant([.salesManager], Deal.self, [.view(.team), .create, .edit(.team), .delete(.team), .import, .export(.team)] + closing(.team))
        crm.grant([.salesAgent, .accountManager], Deal.self, [.view(.own), .create, .edit(.own)] + closing(.own))
        crm.grant([.sdr], Deal.self, [.view(.own), .create])
        crm.grant([.management, .finance], Deal.self, [.view(), .export()])
    }

    private static func closing(_ scope: Scope) -> [Grant] { [MarkWon.name, MarkLost.name].map { .action($0, scope) } }
}
