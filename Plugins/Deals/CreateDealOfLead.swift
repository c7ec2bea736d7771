import PluginAPI

/// Lets whoever converts a lead create a deal with the new customer at once.
enum CreateDealOfLead: ActionExtension {
    typealias Target = Lead
    static let action = "convert"

    static let createDeal = Field<Bool>("create_deal", .label("Create a deal"), .byDefault(false))
    static let title = Field<String?>("deal_title", .maxLength(200), .shown(when: createDeal, is: true))
    static let value = Field<Money?>("deal_value", .shown(when: createDeal, is: true))
    static let pipeline = Field<Reference<Pipeline>?>("deal_pipeline", .label("Pipeline"), .shown(when: createDeal, is: true))
    static let stage = Field<Reference<Stage>?>(
        "deal_stage", .label("Stage"), .help("The pipeline's default stage unless chosen."), .shown(when: createDeal, is: true))
    static let expectedCloseDate = Field<Day?>(
        "deal_expected_close_date", .label("Expected close"), .shown(when: createDeal, is: true))
    static let form = Form<Self>(createDeal, title, value, pipeline, stage, expectedCloseDate)

    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        if call.isEmpty(title) { call[title] = call.record[Lead.title] }
        if call.isEmpty(value) { call[value] = call.record[Lead.value] }
        if call.isEmpty(pipeline), call.isEmpty(stage) { call[pipeline] = try Pipeline.standard(transaction) }
    }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        guard call[createDeal] else { return }
        let lead = call.record
        let deal = try transaction.insert(Deal.self) {
            $0[Deal.title] = call[title] ?? lead[Lead.title]
            $0[Deal.value] = call[value]
            if let pipeline = call[pipeline] { $0[Deal.pipeline] = pipeline }
            if let stage = call[stage] { $0[Deal.stage] = stage }
            $0[Deal.expectedCloseDate] = call[expectedCloseDate]
            $0[Deal.customer] = Reference(value: call.results["customer"] ?? .null)
            $0[Deal.company] = Reference(value: call.results["company"] ?? .null)
            $0[Deal.owner] = lead[Lead.owner] ?? transaction.user
            $0[Deal.sourceLead] = Reference(lead.id)
        }
        call.results["deal"] = .integer(deal.id.raw)
    }
}
