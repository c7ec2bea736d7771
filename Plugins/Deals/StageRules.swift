import PluginAPI

/// At most one stage of a pipeline is the default, one won, one lost; and deals can rely on theirs.
enum StageRules {
    /// A won deal is certain, a lost one certainly not.
    @Sendable static func certainty(_ change: inout Change<Stage>, _ transaction: Transaction) throws {
        if change.new[Stage.isWon] { change.new[Stage.probability] = 100 }
        if change.new[Stage.isLost] { change.new[Stage.probability] = 0 }
    }

    @Sendable static func wonOrLost(_ stage: Record<Stage>) -> [Problem] {
        var problems: [Problem] = []
        if stage[Stage.isWon], stage[Stage.isLost] {
            problems.append(Problem(Stage.isLost, "a stage is won or lost, not both"))
        }
        if stage[Stage.isDefault], stage[Stage.isWon] || stage[Stage.isLost] {
            problems.append(Problem(Stage.isDefault, "deals cannot begin at a won or lost stage"))
        }
        return problems
    }

    @Sendable static func keepOneOfAKind(_ change: Change<Stage>, _ transaction: Transaction) throws {
        let stage = change.new
        guard stage[Stage.isDefault] || stage[Stage.isWon] || stage[Stage.isLost] else { return }
        let others = try transaction.all(Stage.self, where: Stage.pipeline == stage[Stage.pipeline]).filter { $0.id != stage.id }
        for var other in others where stage[Stage.isDefault] && other[Stage.isDefault] {
            other[Stage.isDefault] = false
            try transaction.save(other)
        }
        for (flag, word) in [(Stage.isWon, "won"), (Stage.isLost, "lost")] where stage[flag] {
            guard let other = others.first(where: { $0[flag] }) else { continue }
            let problem = Problem(flag, "\(other[Stage.name]) is the \(word) stage of this pipeline already")
            throw CRMError(.invalid, "a pipeline has one \(word) stage", problems: [problem])
        }
    }

    /// Deals at the stage have their outcome and their pipeline from it.
    @Sendable static func keepWhatDealsRelyOn(_ change: Change<Stage>, _ transaction: Transaction) throws {
        guard !change.isNew else { return }
        guard change.changed(Stage.isWon) || change.changed(Stage.isLost) || change.changed(Stage.pipeline) else { return }
        let everyone = transaction.elevated(for: "Deals that the user does not see count, too.")
        let count = try everyone.count(Deal.self, where: Deal.stage == Reference(change.new.id))
        guard count > 0 else { return }
        throw CRMError.refused(
            "\(count == 1 ? "one deal relies" : "\(count) deals rely") on the stage's pipeline and on its being won, lost or open",
            hint: "Move \(count == 1 ? "it" : "them") to another stage first.",
            links: [.init(.list(entity: Deal.schema.name, field: Deal.stage.name, id: change.new.id))])
    }

    @Sendable static func keepDefault(_ stage: Record<Stage>, _ transaction: Transaction) throws {
        guard stage[Stage.isDefault] else { return }
        let others = try transaction.count(Stage.self, where: Stage.pipeline == stage[Stage.pipeline]) - 1
        guard others > 0 else { return }
        throw CRMError.refused(
            "the default stage cannot be deleted while the pipeline has \(others == 1 ? "another" : "\(others) others")",
            hint: "Make another stage the default first.",
            links: [.init(.list(entity: Stage.schema.name, field: Stage.pipeline.name, id: stage[Stage.pipeline].id))])
    }
}
