public import PluginAPI

/// A deal has moved to another stage.
public struct DealStageChanged: HookPayload {
    public var deal: RecordID
    public var from, to: RecordID
}

/// A deal is won or lost.
public struct DealClosed: HookPayload {
    public var deal: RecordID
    public var stage: RecordID
}

let dealStageChanged = Hook<DealStageChanged>("deal_stage_changed")
let dealWon = Hook<DealClosed>("deal_won")
let dealLost = Hook<DealClosed>("deal_lost")

/// Tells the others what happens to deals.
enum DealNews {
    /// What happens to a deal is part of what happens with its customer.
    @Sendable static func goAlong(_ change: Change<Deal>, _ transaction: Transaction) throws {
        guard change.changed(Deal.customer), let customer = change.new[Deal.customer], transaction.has(Customer.self) else { return }
        guard let there = try transaction.first(Customer.self, where: Condition(.compare("id", .equal, .value(.integer(customer.id.raw))))) else { return }
        try transaction.continueTimeline(from: change.new, to: there)
    }

    @Sendable static func tell(_ change: Change<Deal>, _ transaction: Transaction) throws {
        let deal = change.new
        let stage = deal[Deal.stage].id
        if let old = change.old, change.changed(Deal.stage) {
            try transaction.emit(dealStageChanged, DealStageChanged(deal: deal.id, from: old[Deal.stage].id, to: stage))
        }
        guard change.old?[Deal.outcome] != deal[Deal.outcome] else { return }
        switch deal[Deal.outcome] {
        case .open: break
        case .won: try transaction.emit(dealWon, DealClosed(deal: deal.id, stage: stage))
        case .lost: try transaction.emit(dealLost, DealClosed(deal: deal.id, stage: stage))
        }
    }
}
