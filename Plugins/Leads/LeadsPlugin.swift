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
        crm.uses(Customer.self)
        crm.uses(Company.self)
        crm.migration("leads.1_defaults", LeadDefaults.insert)

        // How it is shown
        crm.list(
            Lead.self,
            columns: [Lead.title, Lead.contactName, Lead.companyName, Lead.status, Lead.value, Lead.source, Lead.owner, Lead.outcome],
            filters: [Lead.status, Lead.source, Lead.owner, Lead.outcome, Lead.lostReason])
        crm.view(Lead.self, "Open", where: Lead.outcome == .open)
        crm.view(Lead.self, "Mine", where: Lead.outcome == .open && Lead.owner.is(.equal, .currentUser))
        crm.view(Lead.self, "Today", where: Lead.createdAt.is(.greaterOrEqual, .today(plusDays: 0)))
        crm.view(
            Lead.self, "Untouched 14 days",
            where: Lead.outcome == .open && Lead.updatedAt.is(.less, .today(plusDays: -14)), sort: .ascending(Lead.updatedAt))
        crm.view(Lead.self, "Converted", where: Lead.outcome == .converted, sort: .descending(Lead.convertedAt))
        crm.view(Lead.self, "Lost", where: Lead.outcome == .lost)
        crm.view(Lead.self, "Junk", where: Lead.outcome == .junk)
        crm.setAside(Lead.self, where: Lead.outcome == .junk)
        crm.board(
            Lead.self, by: Lead.status, card: [Lead.companyName, Lead.value, Lead.owner], sum: Lead.value,
            columns: (LeadStatus.isFinal == false).filter, cards: Lead.outcome == .open)
        crm.detail(
            Lead.self,
            FieldSection("", Lead.title, Lead.status, Lead.outcome, Lead.value, Lead.source, Lead.owner, Lead.score),
            FieldSection("Contact", Lead.contactName, Lead.email, Lead.phone, Lead.companyName),
            FieldSection("About", Lead.description),
            FieldSection("Where it came from", Lead.campaign, Lead.form),
            FieldSection("Outcome", Lead.convertedAt, Lead.convertedCustomer, Lead.lostReason))
        crm.list(
            LeadStatus.self,
            columns: [LeadStatus.name, LeadStatus.color, LeadStatus.isDefault, LeadStatus.isFinal, LeadStatus.position],
            sort: .ascending(LeadStatus.position))
        crm.list(LeadSource.self, columns: [LeadSource.name, LeadSource.active], sort: .ascending(LeadSource.name))
        crm.list(LostReason.self, columns: [LostReason.name, LostReason.active], sort: .ascending(LostReason.name))

        // What must hold
        crm.prepare(Lead.self, LeadRules.fillInStatus)
        crm.prepare(Lead.self, LeadRules.refuseSecondOpenLead)
        crm.validate(Lead.self, LeadRules.reasonOfLostOnly)
        crm.prepare(LeadStatus.self, LeadStatusRules.firstIsDefault)
        crm.onSave(LeadStatus.self, LeadStatusRules.keepOneDefault)
        crm.onDelete(LeadStatus.self, LeadStatusRules.keepDefault)

        crm.duplicates(Lead.self, .same(Lead.email), .same(Lead.phone), .similar(Lead.contactName, Lead.companyName))

        // What it tells the others
        crm.hook(leadStatusChanged, "A lead has moved to another status.")
        crm.hook(leadConverted, "A lead has become a customer.")
        crm.onSave(Lead.self, LeadRules.tellOfStatus)

        // What can be done
        crm.action(ConvertLead.self)
        crm.action(MarkLost.self)
        crm.action(MarkJunk.self)
        crm.action(Reopen.self)

        // What is counted
        crm.metric("leads.created", "New leads", over: Lead.self, .count, where: Lead.outcome != .junk, date: Lead.createdAt)
        crm.metric("leads.open", "Open leads", over: Lead.self, .count, where: Lead.outcome == .open)
        crm.metric("leads.open_value", "Value of open leads", over: Lead.self, .sum(Lead.value.name), where: Lead.outcome == .open)
        crm.metric(
            "leads.converted", "Converted leads", over: Lead.self, .count, where: Lead.outcome == .converted, date: Lead.convertedAt)

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
