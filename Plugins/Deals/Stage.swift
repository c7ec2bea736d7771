public import PluginAPI

/// A step of a pipeline: a column of its board.
public enum Stage: Entity {
    public static let pipeline = Field<Reference<Pipeline>>("pipeline", .indexed)
    public static let name = Field<String>("name", .maxLength(100), .searchable)
    public static let color = Field<String?>("color", .color)
    public static let isDefault = Field<Bool>(
        "is_default", .label("Default"), .help("New deals of the pipeline begin here."), .byDefault(false))
    public static let isWon = Field<Bool>("is_won", .label("Won"), .byDefault(false))
    public static let isLost = Field<Bool>("is_lost", .label("Lost"), .byDefault(false))
    public static let position = Field<Int>("position", .indexed, .byDefault(0))
    public static let probability = Field<Int>("probability", .label("Probability %"), .range(0...100), .byDefault(0))

    public static let requiredFields = Field<String?>(
        "required_fields", .label("Needed to enter"), .fieldNames(of: Deal.self),
        .help("A deal comes to this stage only with these fields filled in."))

    public static let schema = Schema("stage", pipeline, name, color, isDefault, isWon, isLost, position, probability, requiredFields)
        .label(by: name).icon("columns").group("Sales").lookup().keptInMemory().unique(together: pipeline, name)

    /// The stage at which a deal begins: the pipeline's default, else its first that neither wins nor loses.
    static func first(of pipeline: Reference<Pipeline>, _ transaction: Transaction) throws -> Record<Stage>? {
        try transaction.first(
            Stage.self, where: Stage.pipeline == pipeline, sort: .descending(Stage.isDefault), .ascending(Stage.isWon), .ascending(Stage.isLost),
            .ascending(Stage.position))
    }

    /// What being at this stage makes of a deal.
    static func outcome(of stage: Record<Stage>) -> Deal.Outcome { stage[isWon] ? .won : stage[isLost] ? .lost : .open }
}
