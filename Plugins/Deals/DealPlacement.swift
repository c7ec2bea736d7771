import PluginAPI

/// Keeps pipeline, stage, outcome and dates of a deal together.
enum DealPlacement {
    @Sendable static func choosePipelineAndStage(_ change: inout Change<Deal>, _ transaction: Transaction) throws {
        if change.new.isEmpty(Deal.pipeline) {
            if !change.new.isEmpty(Deal.stage) {
                change.new[Deal.pipeline] = try transaction.find(change.new[Deal.stage])[Stage.pipeline]
            } else if let pipeline = try Pipeline.standard(transaction) {
                change.new[Deal.pipeline] = pipeline
            } else {
                return
            }
        }
        let pipeline = change.new[Deal.pipeline]
        if change.new.isEmpty(Deal.stage) {
            guard let first = try Stage.first(of: pipeline, transaction) else {
                let problem = Problem(Deal.pipeline, "the pipeline has no stages")
                throw CRMError(.invalid, "the pipeline has no stages", hint: "Add a stage to it first.", problems: [problem])
            }
            change.new[Deal.stage] = Reference(first.id)
        } else if change.changed(Deal.pipeline) || change.changed(Deal.stage) {
            let stage = try transaction.find(change.new[Deal.stage])
            guard stage[Stage.pipeline] != pipeline else { return }
            guard !change.isNew, !change.changed(Deal.stage) else {
                let problem = Problem(Deal.stage, "\(stage[Stage.name]) is a stage of another pipeline")
                throw CRMError(.invalid, "the stage belongs to another pipeline", problems: [problem])
            }
            change.new[Deal.stage] = try counterpart(of: stage, in: pipeline, transaction)
        }
    }

    /// The stage of another pipeline that means the same: by name, else won for won and lost for lost, else where deals begin.
    private static func counterpart(
        of stage: Record<Stage>, in pipeline: Reference<Pipeline>, _ transaction: Transaction
    ) throws -> Reference<Stage> {
        let stages = try transaction.all(Stage.self, where: Stage.pipeline == pipeline, sort: .ascending(Stage.position))
        let outcome = Stage.outcome(of: stage)
        let match =
            stages.first { $0[Stage.name].lowercased() == stage[Stage.name].lowercased() }
            ?? (outcome == .open ? nil : stages.first { Stage.outcome(of: $0) == outcome })
            ?? stages.first { $0[Stage.isDefault] } ?? stages.first
        guard let match else {
            let problem = Problem(Deal.pipeline, "the pipeline has no stages")
            throw CRMError(.invalid, "the pipeline has no stages", hint: "Add a stage to it first.", problems: [problem])
        }
        return Reference(match.id)
    }

    @Sendable static func enterStage(_ change: inout Change<Deal>, _ transaction: Transaction) throws {
        guard !change.new.isEmpty(Deal.stage) else { return }
        let wasOpen = change.old.map { $0[Deal.outcome] == .open } ?? true
        let previous = change.old?[Deal.outcome]
        if change.isNew || change.changed(Deal.stage) {
            let stage = try transaction.find(change.new[Deal.stage])
            change.new[Deal.outcome] = Stage.outcome(of: stage)
            change.new[Deal.stageSince] = transaction.today
            if change.new.isEmpty(Deal.probability) || !change.changed(Deal.probability) {
                change.new[Deal.probability] = stage[Stage.probability]
            }
        }
        let outcome = change.new[Deal.outcome]
        if outcome == .open {
            // What was there before goes; what somebody sets now is a mistake that `openHasNoEnd` names.
            if !wasOpen, !change.changed(Deal.actualCloseDate) { change.new[Deal.actualCloseDate] = nil }
        } else if change.new.isEmpty(Deal.actualCloseDate) {
            change.new[Deal.actualCloseDate] = transaction.today
        } else if let previous, previous != outcome, !change.changed(Deal.actualCloseDate) {
            change.new[Deal.actualCloseDate] = transaction.today
        }
        if outcome != .lost, !change.isNew, !change.changed(Deal.lostReason) { change.new[Deal.lostReason] = nil }
    }

    @Sendable static func openHasNoEnd(_ deal: Record<Deal>) -> [Problem] {
        var problems: [Problem] = []
        if deal[Deal.outcome] == .open, deal[Deal.actualCloseDate] != nil {
            problems.append(Problem(Deal.actualCloseDate, "only a won or lost deal is closed on a day; its stage is open"))
        }
        if deal[Deal.outcome] != .lost, deal[Deal.lostReason] != nil {
            problems.append(Problem(Deal.lostReason, "only a lost deal has a reason"))
        }
        return problems
    }
}
