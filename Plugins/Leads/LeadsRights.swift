import PluginAPI

/// What the default roles may do with leads until an administrator says otherwise.
enum LeadsRights {
    static func grant(with crm: inout Registrar) {
        crm.grant(DefaultRole.administrators, Lead.self, Grant.everything + working(.all) + [.action("assign")])
        crm.grant(DefaultRole.administrators, LeadStatus.self, Grant.everything)
        crm.grant(DefaultRole.administrators, LeadSource.self, Grant.everything)
        crm.grant(DefaultRole.administrators, LostReason.self, Grant.everything)
        crm.grant(DefaultRole.administrators, LeadScoreRule.self, Grant.everything)
        crm.grant(DefaultRole.administrators, LeadAssignmentRule.self, Grant.everything)
        crm.grant(DefaultRole.administrators + [.management], LeadStatusChange.self, [.view(), .export()])

        let others = DefaultRole.others
        crm.grant(others, LeadStatus.self, [.view()])
        crm.grant(others, LeadSource.self, [.view()])
        crm.grant(others, LostReason.self, [.view()])
        crm.grant(others, LeadScoreRule.self, [.view()])
        crm.grant([.management, .salesManager], LeadAssignmentRule.self, [.view()])

        crm.grant(
            [.salesManager], Lead.self,
            [.view(.team), .create, .edit(.team), .delete(.team), .import, .export(.team)] + working(.team) + [.action("assign", .team)])
        crm.grant([.salesAgent, .sdr], Lead.self, [.view(.own), .create, .edit(.own)] + working(.own))
        crm.grant([.accountManager], Lead.self, [.view(.own), .create, .edit(.own)])
        crm.grant([.marketing], Lead.self, [.view(), .create, .import, .export()])
        crm.grant([.management], Lead.self, [.view(), .export()])
    }

    private static func working(_ scope: Scope) -> [Grant] {
        ["convert", "mark-lost", "mark-junk", "reopen", "adjust-score"].map { .action($0, scope) }
    }
}
