import PluginAPI

/// What the kernel itself contributes, by the same door as everybody else: users, teams and roles.
struct SystemPlugin: Plugin {
    static let id = Composition.kernel

    func register(with crm: inout Registrar) {
        crm.entity(SystemRole.self)
        crm.entity(SystemTeam.self)
        crm.entity(SystemUser.self)
        crm.setting(KernelSettings.name)
        crm.setting(KernelSettings.currency)
        crm.setting(KernelSettings.timeZone)
        for group in CallBudgets.Group.allCases { crm.setting(group.setting) }

        crm.list(
            SystemUser.self, columns: [SystemUser.name, SystemUser.email, SystemUser.roles, SystemUser.teams, SystemUser.active],
            filters: [SystemUser.active], sort: .ascending(SystemUser.name))
        crm.view(SystemUser.self, "Active", where: SystemUser.active == true)
        crm.view(SystemUser.self, "Deactivated", where: SystemUser.active == false)
        crm.detail(
            SystemUser.self, FieldSection("", SystemUser.name, SystemUser.email, SystemUser.active),
            FieldSection("Rights", SystemUser.roles, SystemUser.teams))
        crm.list(
            SystemTeam.self, columns: [SystemTeam.name, SystemTeam.manager, SystemTeam.members], sort: .ascending(SystemTeam.name))
        crm.detail(SystemTeam.self, FieldSection("", SystemTeam.name, SystemTeam.manager, SystemTeam.members))
        crm.list(SystemRole.self, columns: [SystemRole.name, SystemRole.description], sort: .ascending(SystemRole.name))
        crm.detail(
            SystemRole.self, FieldSection("", SystemRole.name, SystemRole.key, SystemRole.description),
            FieldSection("Rights", SystemRole.grants))

        crm.prepare(SystemUser.self, UserRules.prepare)
        crm.prepare(SystemUser.self, priority: 1000, UserRules.guardRights)
        crm.onSave(SystemUser.self, UserRules.keepAnAdministrator)
        crm.onSave(SystemUser.self, Membership.userSaved)
        crm.onDelete(SystemUser.self, UserRules.deleted)
        crm.prepare(SystemTeam.self, Membership.prepare)
        crm.onSave(SystemTeam.self, Membership.teamSaved)
        crm.validateChange(SystemRole.self, RoleRules.problems)
        crm.prepare(SystemRole.self, priority: 1000, RoleRules.guardRights)
        crm.onDelete(SystemRole.self, RoleRules.deleted)

        crm.setting(KernelSettings.privateAddresses)
        crm.setting(KernelSettings.mailServer)
        crm.setting(KernelSettings.mailSender)
        crm.setting(KernelSettings.mailUser)
        crm.setting(KernelSettings.mailUnencrypted)
        crm.setting(KernelSettings.undoDays)
        crm.job(ChangeSetLedger.forgetting, .daily(at: "03:50"), ChangeSetLedger.forget)
        WebhookContributions.register(with: &crm)
        NoteContributions.register(with: &crm)

        for role in DefaultRole.allCases {
            crm.grant(role, SystemUser.self, .view())
            crm.grant(role, SystemTeam.self, .view())
        }
        crm.demo("people", DemoPeople.fill)
    }
}
