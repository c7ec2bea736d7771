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
        crm.migration("deals.2_expected_revenue", DealValue.fillIn)

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
        crm.view(Deal.self, "Rotting", where: .marked("rotting"), sort: .ascending(Deal.stageSince))
        crm.mark(
            Deal.self, "rotting", "Rotting", when: "outcome = \"open\" and today() - stage_since >= pipeline.rotting_days", color: "#b45309",
            help: "Longer in its stage than the pipeline allows.")
        crm.board(
            Deal.self, by: Deal.stage, within: Deal.pipeline, columnWithin: Stage.pipeline,
            card: [Deal.value, Deal.company, Deal.customer, Deal.owner], sums: [Deal.value, Deal.expectedRevenue], rows: [Deal.owner])
        crm.board(
            Deal.self, "forecast", "Forecast", months: Deal.expectedCloseDate, earlier: "Overdue", within: Deal.pipeline,
            card: [Deal.expectedRevenue, Deal.stage, Deal.company, Deal.customer, Deal.owner], sums: [Deal.expectedRevenue, Deal.value],
            cards: Deal.outcome == .open, rows: [Deal.owner, Deal.pipeline])
        crm.detail(
            Deal.self,
            FieldSection("", Deal.title, Deal.value, Deal.pipeline, Deal.stage, Deal.outcome, Deal.probability, Deal.expectedRevenue, Deal.owner),
            FieldSection("Dates", Deal.expectedCloseDate, Deal.actualCloseDate, Deal.stageSince),
            FieldSection("With whom", Deal.company, Deal.customer, Deal.sourceLead),
            FieldSection("About", Deal.description, Deal.lostReason))
        crm.related(
            Company.self, Deal.company, columns: [Deal.stage, Deal.value, Deal.owner, Deal.expectedCloseDate],
            sort: .ascending(Deal.expectedCloseDate))
        crm.related(
            Customer.self, Deal.customer, columns: [Deal.stage, Deal.value, Deal.owner, Deal.expectedCloseDate],
            sort: .ascending(Deal.expectedCloseDate))
        crm.list(
            Pipeline.self, columns: [Pipeline.name, Pipeline.description, Pipeline.isDefault, Pipeline.active, Pipeline.rottingDays, Pipeline.position],
            filters: [Pipeline.active], sort: .ascending(Pipeline.position))
        crm.list(
            Stage.self,
            columns: [
                Stage.name, Stage.pipeline, Stage.color, Stage.probability, Stage.isDefault, Stage.isWon, Stage.isLost, Stage.position,
                Stage.requiredFields,
            ],
            filters: [Stage.pipeline], sort: .ascending(Stage.position))

        // What must hold
        crm.prepare(Deal.self, priority: 0, DealPlacement.choosePipelineAndStage)
        crm.prepare(Deal.self, priority: 1, DealPlacement.enterStage)
        crm.prepare(Deal.self, priority: 2, DealValue.weigh)
        crm.prepare(Deal.self, priority: 3, StageGate.ask)
        crm.prepare(Deal.self, StageGate.chooseWhatIsActive)
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
        crm.onSave(Deal.self, DealNews.goAlong)

        // What can be done
        crm.action(MarkWon.self)
        crm.action(MarkLost.self)
        crm.extend(DealOfLead.self)

        // What is counted
        crm.metric("deals.open", "Open deals", over: Deal.self, .count, where: Deal.outcome == .open)
        crm.metric(
            "deals.pipeline_value", "Value of open deals", over: Deal.self, .sum(Deal.value.name), where: Deal.outcome == .open)
        crm.metric(
            "deals.forecast", "Expected revenue", over: Deal.self, .sum(Deal.expectedRevenue.name), where: Deal.outcome == .open,
            date: Deal.expectedCloseDate)
        crm.metric("deals.won", "Won deals", over: Deal.self, .count, where: Deal.outcome == .won, date: Deal.actualCloseDate)
        crm.metric(
            "deals.won_value", "Value of won deals", over: Deal.self, .sum(Deal.value.name), where: Deal.outcome == .won,
            date: Deal.actualCloseDate)
        crm.metric(
            "deals.average_won", "Average won deal", over: Deal.self, .average(Deal.value.name), where: Deal.outcome == .won,
            date: Deal.actualCloseDate)
        crm.metric("deals.lost", "Lost deals", over: Deal.self, .count, where: Deal.outcome == .lost, date: Deal.actualCloseDate)

        // What stands on the dashboard of all of sales
        crm.metric("deals.total", "Deals", over: Deal.self, .count)
        crm.metric("deals.value", "Value of deals", over: Deal.self, .sum(Deal.value.name))
        crm.metric("deals.created", "New deals", over: Deal.self, .count, date: Deal.createdAt)
        crm.widget("crm", .figure("deals.created", title: "Deals"), order: 130)
        crm.widget("crm", .figure("deals.open"), order: 140)
        crm.widget("crm", .figure("deals.won"), order: 150)
        crm.widget("crm", .figure("deals.won_value", title: "Won").section("Revenue"), order: 200)
        crm.widget("crm", .figure("deals.pipeline_value", title: "Potential").section("Revenue"), order: 210)
        crm.widget("crm", .figure("deals.average_won", title: "Average won deal").section("Revenue"), order: 220)
        crm.widget(
            "crm", .chart(
                "Deals by month", .init("deals.created", "Total new"), .init("deals.won", "Won"), .init("deals.lost", "Lost"),
                .init("deals.won_value", "Revenue"), months: 6
            ).whenEmpty("No deal in these six months."), order: 300)
        crm.widget(
            "crm", .chart(
                "Pipeline overview", .init("deals.total", "Deals"), .init("deals.value", "Value"), by: Deal.stage, within: Deal.pipeline,
                shape: .table
            ).whenEmpty("No deal yet."), order: 320)
        crm.widget(
            "crm", .records("Recent deals", Deal.self, columns: [Deal.value, Deal.stage, Deal.company])
                .whenEmpty("No deal yet."), order: 420)

        // Who may do what at first, and records to try it out with
        DealsRights.grant(with: &crm)
        crm.demo("deals", DealsDemo.fill)
    }
}

@_cdecl("tenon_plugin")
public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(DealsPlugin()) }
