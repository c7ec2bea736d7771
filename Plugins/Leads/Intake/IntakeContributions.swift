import PluginAPI

/// All that brings leads in from outside: forms, keys, advertisements, and what failed of it.
enum IntakeContributions {
    static func register(with crm: inout Registrar) {
        forms(&crm)
        keys(&crm)
        facebook(&crm)
        failed(&crm)
        rights(&crm)
        crm.demo("leads_intake", IntakeDemo.fill)
    }

    private static func forms(_ crm: inout Registrar) {
        crm.entity(LeadForm.self)
        crm.list(
            LeadForm.self, columns: [LeadForm.name, LeadForm.title, LeadForm.active, LeadForm.source, LeadForm.campaign, LeadForm.assignTo],
            filters: [LeadForm.active], sort: .ascending(LeadForm.name))
        crm.detail(
            LeadForm.self, FieldSection("", LeadForm.name, LeadForm.active, LeadForm.key),
            FieldSection("What visitors see", LeadForm.title, LeadForm.introduction, LeadForm.fields, LeadForm.required, LeadForm.labels, LeadForm.button),
            FieldSection("What becomes of it", LeadForm.source, LeadForm.campaign, LeadForm.assignTo, LeadForm.thanks, LeadForm.redirect),
            FieldSection("Where it may be", LeadForm.origins, LeadForm.ownMarkup, LeadForm.perMinute, LeadForm.perAddress))
        crm.prepare(LeadForm.self, LeadFormRules.prepare)
        crm.validate(LeadForm.self, LeadFormRules.problems)
        crm.action(RenewFormKey.self)
        crm.leadingPanel(LeadForm.self, "address", "Where it is", FormSnippets.panel)
        crm.route(.get, "forms/{key}", requires: .everyone, FormRoutes.show)
        crm.route(.post, "forms/{key}", requires: .everyone, FormRoutes.take)
        crm.route(.get, "forms/{key}/thanks", requires: .everyone, FormRoutes.thank)
    }

    private static func keys(_ crm: inout Registrar) {
        crm.entity(InboundKey.self)
        crm.list(
            InboundKey.self, columns: [InboundKey.name, InboundKey.active, InboundKey.hint, InboundKey.source, InboundKey.assignTo],
            sort: .ascending(InboundKey.name))
        crm.prepare(InboundKey.self, InboundKey.check)
        crm.action(NewInboundKey.self)
        crm.route(.post, "inbound", requires: .everyone, InboundRoutes.take)
        crm.route(.post, "inbound/{key}", requires: .everyone, InboundRoutes.take)
    }

    private static func facebook(_ crm: inout Registrar) {
        crm.entity(FacebookForm.self)
        crm.list(
            FacebookForm.self, columns: [FacebookForm.name, FacebookForm.formID, FacebookForm.active, FacebookForm.source, FacebookForm.assignTo],
            sort: .ascending(FacebookForm.name))
        crm.prepare(FacebookForm.self, FacebookForm.check)
        crm.entity(FacebookLead.self)
        crm.list(
            FacebookLead.self,
            columns: [FacebookLead.leadgenID, FacebookLead.formID, FacebookLead.state, FacebookLead.attempts, FacebookLead.problem, FacebookLead.lead],
            filters: [FacebookLead.state])
        crm.setting(FacebookSettings.appSecret)
        crm.setting(FacebookSettings.verifyToken)
        crm.setting(FacebookSettings.pageToken)
        crm.setting(FacebookSettings.graph)
        crm.route(.get, "facebook", requires: .everyone, FacebookRoutes.verify)
        crm.route(.post, "facebook", requires: .everyone, FacebookRoutes.take)
        crm.job(FacebookFetch.job, .onDemand, FacebookFetch.run)
    }

    private static func failed(_ crm: inout Registrar) {
        crm.entity(FailedSubmission.self)
        crm.list(
            FailedSubmission.self,
            columns: [
                FailedSubmission.sender, FailedSubmission.state, FailedSubmission.reason, FailedSubmission.channel, FailedSubmission.form,
                FailedSubmission.times, FailedSubmission.createdAt, FailedSubmission.lead,
            ],
            filters: [FailedSubmission.state, FailedSubmission.channel, FailedSubmission.form, FailedSubmission.key])
        crm.view(FailedSubmission.self, "Waiting", where: FailedSubmission.state == .waiting)
        crm.view(FailedSubmission.self, "Spam", where: FailedSubmission.state == .spam)
        crm.view(FailedSubmission.self, "Dealt with", where: FailedSubmission.state.isOne(of: [.accepted, .discarded]))
        crm.detail(
            FailedSubmission.self,
            FieldSection("", FailedSubmission.sender, FailedSubmission.state, FailedSubmission.reason, FailedSubmission.values, FailedSubmission.other),
            FieldSection(
                "Where it came from", FailedSubmission.channel, FailedSubmission.form, FailedSubmission.key, FailedSubmission.facebookLead,
                FailedSubmission.address, FailedSubmission.times, FailedSubmission.lead))
        crm.action(RetrySubmission.self)
        crm.action(DiscardSubmission.self)
        crm.job(SubmissionPruning.job, .daily(at: "03:20"), SubmissionPruning.run)
        crm.metric(
            "leads.failed_submissions", "Failed submissions", over: FailedSubmission.self, .count, where: FailedSubmission.state == .waiting)
        crm.metric(
            "leads.spam", "Spam through forms", over: FailedSubmission.self, .count, where: FailedSubmission.state == .spam,
            date: FailedSubmission.createdAt)
    }

    /// Marketing makes forms; what opens something is for administrators.
    private static func rights(_ crm: inout Registrar) {
        let looking: [Grant] = [.view(), .export(), .delete(), .action(RetrySubmission.name), .action(DiscardSubmission.name)]
        let building: [Grant] = [.view(), .create, .edit(), .delete()]
        crm.grant(DefaultRole.administrators, LeadForm.self, Grant.everything + [.action(RenewFormKey.name)])
        crm.grant(DefaultRole.administrators, InboundKey.self, Grant.everything + [.action(NewInboundKey.name)])
        crm.grant(DefaultRole.administrators, FacebookForm.self, Grant.everything)
        crm.grant(DefaultRole.administrators, FacebookLead.self, [.view(), .delete()])
        crm.grant(DefaultRole.administrators, FailedSubmission.self, looking)
        crm.grant([.marketing], LeadForm.self, building + [.action(RenewFormKey.name)])
        crm.grant([.marketing], FacebookForm.self, building)
        crm.grant([.marketing], FacebookLead.self, [.view()])
        crm.grant([.marketing], FailedSubmission.self, looking)
        crm.grant([.salesManager, .management], LeadForm.self, [.view()])
        crm.grant([.marketing, .management], InboundKey.self, [.view()])
        crm.grant([.salesManager], FailedSubmission.self, [.view(), .action(RetrySubmission.name), .action(DiscardSubmission.name)])
        crm.grant([.management], InboundKey.self, [.view()])
        crm.grant([.management], FacebookForm.self, [.view()])
        crm.grant([.management], FacebookLead.self, [.view()])
        crm.grant([.management], FailedSubmission.self, [.view()])
    }
}
