public import PluginAPI

/// Follows prospects from the first contact until they become customers or are lost.
public struct LeadsPlugin: Plugin {
    public init() {}

    public func register(with crm: inout Registrar) {
        // What is kept
        crm.entity(Lead.self)
        crm.entity(LeadStatus.self)
        crm.entity(LeadSource.self)
        crm.entity(LostReason.self)
        crm.entity(LeadStatusChange.self)
        crm.entity(LeadScoreRule.self)
        crm.entity(LeadAssignmentRule.self)
        crm.uses(Customer.self)
        crm.uses(Company.self)
        crm.migration("leads.1_defaults", LeadDefaults.insert)
        crm.migration("leads.2_qualified", LeadDefaults.markQualified)
        crm.migration("leads.3_status_log", StatusLog.begin)
        crm.migration("leads.4_example_rules", LeadDefaults.insertExamples)

        // How it is shown
        crm.list(
            Lead.self,
            columns: [
                Lead.title, Lead.contactName, Lead.companyName, Lead.status, Lead.score, Lead.value, Lead.source, Lead.owner, Lead.nextFollowUp,
                Lead.outcome,
            ],
            filters: [Lead.status, Lead.source, Lead.owner, Lead.outcome, Lead.lastActivityAt, Lead.statusSince])
        crm.view(Lead.self, "Open", where: Lead.outcome == .open)
        crm.view(Lead.self, "Mine", where: Lead.outcome == .open && Lead.owner.is(.equal, .currentUser))
        crm.view(Lead.self, "New today", where: Lead.createdAt.is(.greaterOrEqual, .today(plusDays: 0)))
        crm.view(
            Lead.self, "Follow up today", where: Lead.outcome == .open && Lead.nextFollowUp.is(.lessOrEqual, .today(plusDays: 0)),
            sort: .ascending(Lead.nextFollowUp))
        crm.view(Lead.self, "High scores", where: Lead.outcome == .open, sort: .descending(Lead.score))
        crm.view(
            Lead.self, "Untouched 14 days",
            where: Lead.outcome == .open && Lead.lastActivityAt.is(.less, .today(plusDays: -14)), sort: .ascending(Lead.lastActivityAt))
        crm.view(
            Lead.self, "Stagnant 14 days",
            where: Lead.outcome == .open && Lead.statusSince.is(.less, .today(plusDays: -14)), sort: .ascending(Lead.statusSince))
        crm.view(Lead.self, "Converted", where: Lead.outcome == .converted, sort: .descending(Lead.convertedAt))
        crm.view(Lead.self, "Lost", where: Lead.outcome == .lost)
        crm.view(Lead.self, "Junk", where: Lead.outcome == .junk)
        crm.setAside(Lead.self, where: Lead.outcome == .junk)
        crm.board(
            Lead.self, by: Lead.status, card: [Lead.companyName, Lead.value, Lead.owner], sum: Lead.value,
            columns: (LeadStatus.isFinal == false).filter, cards: Lead.outcome == .open)
        crm.detail(
            Lead.self,
            // In the order in which somebody on the telephone types it.
            FieldSection("", Lead.title, Lead.contactName, Lead.email, Lead.phone, Lead.companyName, Lead.function),
            FieldSection("Where we are", Lead.status, Lead.outcome, Lead.value, Lead.source, Lead.owner, Lead.nextFollowUp, Lead.score),
            FieldSection("Company", Lead.industry, Lead.companySize, Lead.area),
            FieldSection("About", Lead.description),
            FieldSection("Where it came from", Lead.campaign, Lead.form),
            FieldSection("Outcome", Lead.convertedAt, Lead.convertedCustomer, Lead.lostReason))
        crm.list(
            LeadStatus.self,
            columns: [
                LeadStatus.name, LeadStatus.color, LeadStatus.isDefault, LeadStatus.isFinal, LeadStatus.isQualified, LeadStatus.position,
            ],
            sort: .ascending(LeadStatus.position))
        crm.list(
            LeadStatusChange.self,
            columns: [
                LeadStatusChange.lead, LeadStatusChange.from, LeadStatusChange.to, LeadStatusChange.seconds, LeadStatusChange.createdAt,
                LeadStatusChange.createdBy,
            ])
        crm.list(
            LeadScoreRule.self,
            columns: [
                LeadScoreRule.name, LeadScoreRule.condition, LeadScoreRule.points, LeadScoreRule.pointsFormula, LeadScoreRule.halfLife,
                LeadScoreRule.active, LeadScoreRule.position,
            ],
            sort: .ascending(LeadScoreRule.position))
        crm.list(
            LeadAssignmentRule.self,
            columns: [
                LeadAssignmentRule.name, LeadAssignmentRule.condition, LeadAssignmentRule.team, LeadAssignmentRule.users,
                LeadAssignmentRule.capacity, LeadAssignmentRule.teamCapacity, LeadAssignmentRule.active, LeadAssignmentRule.position,
            ],
            sort: .ascending(LeadAssignmentRule.position))
        crm.list(LeadSource.self, columns: [LeadSource.name, LeadSource.active], sort: .ascending(LeadSource.name))
        crm.list(LostReason.self, columns: [LostReason.name, LostReason.active], sort: .ascending(LostReason.name))

        // What must hold
        crm.prepare(Lead.self, LeadRules.convertedWithCustomer)
        crm.prepare(Lead.self, LeadRules.refuseSecondOpenLead)
        crm.prepare(Lead.self, LeadRules.chooseWhatIsActive)
        crm.prepare(Lead.self, StatusLog.place)
        crm.prepare(Lead.self, LeadActivity.note)
        crm.prepare(Lead.self, LeadAssignment.assignNew)
        crm.prepare(Lead.self, LeadAssignment.forgetReason)
        crm.validate(Lead.self, LeadRules.reasonOfLostOnly)
        crm.prepare(LeadStatus.self, LeadStatusRules.firstIsDefault)
        crm.onSave(LeadStatus.self, LeadStatusRules.keepOneDefault)
        crm.onDelete(LeadStatus.self, LeadStatusRules.keepDefault)
        crm.validate(LeadAssignmentRule.self, LeadAssignment.checkRule)

        // What follows: the score, the log of statuses
        crm.onSave(Lead.self, priority: -10, LeadScoring.follow)
        crm.onSave(Lead.self, StatusLog.note)
        crm.onSave(LeadScoreRule.self, LeadScoring.ruleChanged)
        crm.onDelete(LeadScoreRule.self, LeadScoring.ruleDeleted)
        crm.onSave(LeadStatus.self, LeadStatusRules.followQualified)
        crm.on(Hook<NoteAdded>("note_added"), LeadActivity.noted)
        crm.job(LeadRefresh.job, .daily(at: "00:05"), LeadRefresh.run)
        crm.setting(LeadAssignment.onCreation)

        crm.duplicates(Lead.self, .same(Lead.email), .same(Lead.phone), .similar(Lead.contactName, Lead.companyName))

        // What it tells the others
        crm.hook(leadStatusChanged, "A lead has moved to another status.")
        crm.hook(leadConverted, "A lead has become a customer.")
        crm.onSave(Lead.self, LeadRules.tellOfStatus)

        // What its page works out
        crm.panel(Lead.self, "score", "Score", LeadPanels.score)
        crm.panel(Lead.self, "assignment", "Assignment", LeadPanels.assignment)
        crm.panel(Lead.self, "status-times", "Time in each status", LeadPanels.times)

        // What can be done
        crm.action(ConvertLead.self)
        crm.action(MarkLost.self)
        crm.action(MarkJunk.self)
        crm.action(Reopen.self)
        crm.action(AssignLead.self)
        crm.action(AdjustScore.self)

        // What is counted
        crm.metric("leads.created", "New leads", over: Lead.self, .count, where: Lead.outcome != .junk, date: Lead.createdAt)
        crm.metric("leads.open", "Open leads", over: Lead.self, .count, where: Lead.outcome == .open)
        crm.metric("leads.open_value", "Value of open leads", over: Lead.self, .sum(Lead.value.name), where: Lead.outcome == .open)
        crm.metric(
            "leads.converted", "Converted leads", over: Lead.self, .count, where: Lead.outcome == .converted, date: Lead.convertedAt)
        crm.metric(
            "leads.qualified", "Qualified leads", over: Lead.self, .count, where: Lead.qualifiedAt != nil && Lead.outcome != .junk,
            date: Lead.qualifiedAt)

        // What comes from outside
        IntakeContributions.register(with: &crm)

        // What stands on the dashboard of all of sales; junk is out of it
        crm.widget("crm", .figure("leads.created", and: "leads.qualified", as: "qualified", title: "Leads"), order: 120)
        crm.widget(
            "crm", .chart("Leads by source", .init("leads.created", "Leads"), by: Lead.source).whenEmpty("No lead yet."), order: 310)

        // Who may do what at first, and records to try it out with
        LeadsRights.grant(with: &crm)
        crm.demo("leads", LeadsDemo.fill)
    }
}

@_cdecl("tenon_plugin")
public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(LeadsPlugin()) }
