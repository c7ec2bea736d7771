import PluginAPI

/// Lets whoever converts a lead create a deal with the new customer at once, or add the lead to a deal that is there already.
enum DealOfLead: ActionExtension {
    typealias Target = Lead
    static let action = "convert"

    static let createDeal = Field<Bool>("create_deal", .help("The same as deal_option new."), .byDefault(false), .hidden)
    static let option = Field<DealOption>("deal_option", .label("Deal"), .byDefault(DealOption.none))
    static let deal = Field<Reference<Deal>?>(
        "deal", .label("Which deal"), .help("One that is still open."), .shown(when: option, is: .existing))
    static let title = Field<String?>("deal_title", .maxLength(200), .shown(when: option, is: .new))
    static let value = Field<Money?>("deal_value", .shown(when: option, is: .new))
    static let pipeline = Field<Reference<Pipeline>?>("deal_pipeline", .label("Pipeline"), .shown(when: option, is: .new))
    static let stage = Field<Reference<Stage>?>(
        "deal_stage", .label("Stage"), .help("The pipeline's default stage unless chosen."), .shown(when: option, is: .new))
    static let expectedCloseDate = Field<Day?>(
        "deal_expected_close_date", .label("Expected close"), .shown(when: option, is: .new))
    static let form = Form<Self>(createDeal, option, deal, title, value, pipeline, stage, expectedCloseDate)

    enum DealOption: String, Choice {
        case none, existing, new

        var label: String {
            switch self {
            case .none: "No deal"
            case .existing: "A known deal"
            case .new: "A new deal"
            }
        }
    }

    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        if call.isEmpty(title) { call[title] = call.record[Lead.title] }
        if call.isEmpty(value) { call[value] = call.record[Lead.value] }
        if call.isEmpty(pipeline), call.isEmpty(stage) { call[pipeline] = try Pipeline.standard(transaction) }
    }

    static func complete(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        if call[createDeal], call[option] == .none { call[option] = .new }
    }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        let deal: Record<Deal>
        switch call[option] {
        case .none: return
        case .existing:
            deal = try joined(call, transaction)
            call.message = "It belongs to the deal \(deal[Deal.title])."
        case .new:
            deal = try inWordsOfTheForm { try made(call, transaction) }
            call.message = "The deal \(deal[Deal.title]) is there."
        }
        try transaction.continueTimeline(from: call.record, to: deal)
        call.results["deal"] = .integer(deal.id.raw)
    }

    private static func made(_ call: ActionCall<Self>, _ transaction: Transaction) throws -> Record<Deal> {
        let lead = call.record
        return try transaction.insert(Deal.self) {
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
    }

    /// A deal that is there already: it learns what it does not know yet, and keeps the rest.
    private static func joined(_ call: ActionCall<Self>, _ transaction: Transaction) throws -> Record<Deal> {
        guard let chosen = call[deal] else { throw wrong("choose a deal, or no deal") }
        var deal = try transaction.find(chosen)
        guard deal[Deal.outcome] == .open else {
            throw wrong("\(deal[Deal.title]) is \(deal[Deal.outcome].rawValue) already; choose an open deal")
        }
        if deal[Deal.sourceLead] == nil { deal[Deal.sourceLead] = Reference(call.record.id) }
        if deal[Deal.customer] == nil { deal[Deal.customer] = Reference(value: call.results["customer"] ?? .null) }
        if deal[Deal.company] == nil { deal[Deal.company] = Reference(value: call.results["company"] ?? .null) }
        return try transaction.save(deal)
    }

    /// What is wrong with the deal, told of the fields that were asked for.
    private static func inWordsOfTheForm<T>(_ body: () throws -> T) throws -> T {
        let asked: [String: String] = [
            Deal.title.name: title.name, Deal.value.name: value.name, Deal.pipeline.name: pipeline.name, Deal.stage.name: stage.name,
            Deal.expectedCloseDate.name: expectedCloseDate.name,
        ]
        do { return try body() } catch var error as CRMError {
            error.problems = error.problems.map { Problem(field: asked[$0.field] ?? $0.field, $0.message) }
            throw error
        }
    }

    private static func wrong(_ message: String) -> CRMError {
        CRMError(.invalid, message, problems: [Problem(deal, message)])
    }
}
