import PluginAPI

/// Closes a deal that is won: it comes to the won stage of its pipeline, with all that asks for.
enum MarkWon: Action {
    typealias Target = Deal
    static let name = "mark-won"
    static let summary = "Moves the deal to the won stage of its pipeline. Moving it back undoes it."
    static let style = ActionStyle.primary

    static func isAvailable(_ deal: Record<Deal>) -> Bool { deal[Deal.outcome] == .open }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var deal = try transaction.find(Deal.self, call.record.id)
        deal[Deal.stage] = Reference(try Stage.ending(of: deal[Deal.pipeline], Stage.isWon, "won", transaction).id)
        try transaction.save(deal)
        call.message = "The deal is won."
    }
}

/// Closes a deal that is lost, with the reason where there are any to choose from.
enum MarkLost: Action {
    typealias Target = Deal
    static let name = "mark-lost"
    static let summary = "Moves the deal to the lost stage of its pipeline, with the reason. Moving it back undoes it."
    static let reason = Field<Reference<LostReason>?>("lost_reason", .label("Reason"))
    static let form = Form<Self>(reason)

    static func isAvailable(_ deal: Record<Deal>) -> Bool { deal[Deal.outcome] == .open }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var deal = try transaction.find(Deal.self, call.record.id)
        deal[Deal.stage] = Reference(try Stage.ending(of: deal[Deal.pipeline], Stage.isLost, "lost", transaction).id)
        if let reason = call[reason] { deal[Deal.lostReason] = reason }
        try transaction.save(deal)
        call.message = "The deal is lost."
    }
}

extension Stage {
    /// The stage that ends the deals of a pipeline in one way.
    static func ending(
        of pipeline: Reference<Pipeline>, _ flag: EntityField<Stage, Bool>, _ word: String, _ transaction: Transaction
    ) throws -> Record<Stage> {
        guard let stage = try transaction.first(Stage.self, where: Stage.pipeline == pipeline && flag == true) else {
            throw CRMError.refused(
                "the deal's pipeline has no \(word) stage", hint: "Mark one of its stages as \(word) first, under Settings, Stages.")
        }
        return stage
    }
}
