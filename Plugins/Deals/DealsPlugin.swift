public import PluginAPI

/// Follows sales opportunities through pipelines until they are won or lost.
public struct DealsPlugin: Plugin {
    public init() {}

    public func register(with crm: inout Registrar) {
        // What is kept
        crm.entity(Deal.self)
        crm.entity(Pipeline.self)
        crm.entity(Stage.self)
        crm.uses(Customer.self)
        crm.uses(Company.self)
        crm.uses(Lead.self)
        crm.uses(LostReason.self)
        crm.migration("deals.1_defaults", DealDefaults.insert)

        // How it is shown
        crm.list(
            Deal.self,
            columns: [
                Deal.title, Deal.value, Deal.stage, Deal.probability, Deal.expectedCloseDate, Deal.company, Deal.customer, Deal.owner,
            ],
            filters: [Deal.pipeline, Deal.stage, Deal.outcome, Deal.owner, Deal.company, Deal.customer, Deal.expectedCloseDate])
        crm.view(Deal.self, "Open", where: Deal.outcome == .open)
        crm.view(Deal.self, "Mine", where: Deal.outcome == .open && Deal.owner.is(.equal, .currentUser))
        crm.view(
            Deal.self, "Closing in 30 days",
            where: Deal.outcome == .open && Deal.expectedCloseDate.is(.greaterOrEqual, .today(plusDays: 0))
                && Deal.expectedCloseDate.is(.lessOrEqual, .today(plusDays: 30)),
            sort: .ascending(Deal.expectedCloseDate))
        crm.view(
            Deal.self, "Overdue", where: Deal.outcome == .open && Deal.expectedCloseDate.is(.less, .today(plusDays: 0)),
            sort: .ascending(Deal.expectedCloseDate))
        crm.view(Deal.self, "Won", where: Deal.outcome == .won, sort: .descending(Deal.actualCloseDate))
        crm.view(Deal.self, "Lost", where: Deal.outcome == .lost, sort: .descending(Deal.actualCloseDate))
        crm.board(
            Deal.self, by: Deal.stage, within: Deal.pipeline, columnWithin: Stage.pipeline,
            card: [Deal.value, Deal.company, Deal.customer, Deal.owner], sum: Deal.value)
        crm.detail(
            Deal.self,
            FieldSection("", Deal.title, Deal.value, Deal.pipeline, Deal.stage, Deal.outcome, Deal.probability, Deal.owner),
            FieldSection("Dates", Deal.expectedCloseDate, Deal.actualCloseDate),
            FieldSection("With whom", Deal.company, Deal.customer, Deal.sourceLead),
            FieldSection("About", Deal.description, Deal.lostReason))
        crm.list(
            Pipeline.self, columns: [Pipeline.name, Pipeline.description, Pipeline.isDefault, Pipeline.active, Pipeline.position],
            filters: [Pipeline.active], sort: .ascending(Pipeline.position))
        crm.list(
            Stage.self,
            columns: [
                Stage.name, Stage.pipeline, Stage.color, Stage.probability, Stage.isDefault, Stage.isWon, Stage.isLost, Stage.position,
            ],
            filters: [Stage.pipeline], sort: .ascending(Stage.position))

        // What must hold
        crm.prepare(Deal.self, priority: 0, DealPlacement.choosePipelineAndStage)
        crm.prepare(Deal.self, priority: 1, DealPlacement.enterStage)
        crm.validate(Deal.self, DealPlacement.openHasNoEnd)
        crm.prepare(Pipeline.self, PipelineRules.firstIsDefault)
        crm.validate(Pipeline.self, PipelineRules.defaultIsActive)
        crm.onSave(Pipeline.self, PipelineRules.keepOneDefault)
        crm.onDelete(Pipeline.self, PipelineRules.keepDefault)
        crm.prepare(Stage.self, StageRules.certainty)
        crm.validate(Stage.self, StageRules.wonOrLost)
        crm.onSave(Stage.self, StageRules.keepOneOfAKind)
        crm.onSave(Stage.self, StageRules.keepWhatDealsRelyOn)
        crm.onDelete(Stage.self, StageRules.keepDefault)

        // What it tells the others
        crm.hook(dealStageChanged, "A deal has moved to another stage.")
        crm.hook(dealWon, "A deal is won: it came to the won stage, or was made in it.")
        crm.hook(dealLost, "A deal is lost: it came to the lost stage, or was made in it.")
        crm.onSave(Deal.self, DealNews.tell)

        // What can be done
        crm.extend(DealOfLead.self)

        // What is counted
        crm.metric("deals.open", "Open deals", over: Deal.self, .count, where: Deal.outcome == .open)
        crm.metric(
            "deals.pipeline_value", "Value of open deals", over: Deal.self, .sum(Deal.value.name), where: Deal.outcome == .open)
        crm.metric("deals.won", "Won deals", over: Deal.self, .count, where: Deal.outcome == .won, date: Deal.actualCloseDate)
        crm.metric(
            "deals.won_value", "Value of won deals", over: Deal.self, .sum(Deal.value.name), where: Deal.outcome == .won,
            date: Deal.actualCloseDate)
        crm.metric(
            "deals.average_won", "Average won deal", over: Deal.self, .average(Deal.value.name), where: Deal.outcome == .won,
            date: Deal.actualCloseDate)
        crm.metric("deals.lost", "Lost deals", over: Deal.self, .count, where: Deal.outcome == .lost, date: Deal.actualCloseDate)

        // Who may do what at first, and records to try it out with
        DealsRights.grant(with: &crm)
        crm.demo("deals", DealsDemo.fill)
    }
}

@_cdecl("tenon_plugin")
public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(DealsPlugin()) }
