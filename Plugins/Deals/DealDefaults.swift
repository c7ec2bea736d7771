import PluginAPI

/// What a new deployment begins with.
enum DealDefaults {
    @Sendable static func insert(_ transaction: Transaction) throws {
        let pipeline = try transaction.insert(Pipeline.self) {
            $0[Pipeline.name] = "Sales"
            $0[Pipeline.isDefault] = true
            $0[Pipeline.position] = 1
        }
        try stages(
            of: pipeline,
            [
                ("Prospecting", "#64748b", 10), ("Engaging", "#2563eb", 30), ("Proposal", "#7c3aed", 50), ("Negotiation", "#b45309", 75),
                ("Won", "#15803d", 100), ("Lost", "#b91c1c", 0),
            ], transaction)
    }

    /// Stages in order: the first is the default, the last but one won, the last lost.
    static func stages(
        of pipeline: Record<Pipeline>, _ stages: [(name: String, color: String, probability: Int)], _ transaction: Transaction
    ) throws {
        for (place, stage) in stages.enumerated() {
            try transaction.insert(Stage.self) {
                $0[Stage.pipeline] = Reference(pipeline.id)
                $0[Stage.name] = stage.name
                $0[Stage.color] = stage.color
                $0[Stage.probability] = stage.probability
                $0[Stage.position] = place + 1
                $0[Stage.isDefault] = place == 0
                $0[Stage.isWon] = place == stages.count - 2
                $0[Stage.isLost] = place == stages.count - 1
            }
        }
    }
}
