import PluginAPI

/// One pipeline is the default.
enum PipelineRules {
    @Sendable static func firstIsDefault(_ change: inout Change<Pipeline>, _ transaction: Transaction) throws {
        guard change.isNew, change.new[Pipeline.active], !change.new[Pipeline.isDefault] else { return }
        change.new[Pipeline.isDefault] = try transaction.count(Pipeline.self, where: Pipeline.isDefault == true) == 0
    }

    @Sendable static func defaultIsActive(_ pipeline: Record<Pipeline>) -> [Problem] {
        guard pipeline[Pipeline.isDefault], !pipeline[Pipeline.active] else { return [] }
        return [Problem(Pipeline.active, "the default pipeline is active; make another one the default first")]
    }

    @Sendable static func keepOneDefault(_ change: Change<Pipeline>, _ transaction: Transaction) throws {
        guard change.changed(Pipeline.isDefault), change.new[Pipeline.isDefault] else { return }
        let defaults = try transaction.all(Pipeline.self, where: Pipeline.isDefault == true)
        for var other in defaults where other.id != change.new.id {
            other[Pipeline.isDefault] = false
            try transaction.save(other)
        }
    }

    @Sendable static func keepDefault(_ pipeline: Record<Pipeline>, _ transaction: Transaction) throws {
        guard pipeline[Pipeline.isDefault] else { return }
        throw CRMError.refused("the default pipeline cannot be deleted", hint: "Make another pipeline the default first.")
    }
}

extension Pipeline {
    /// The pipeline of a deal that names none: the default, else the first active one.
    static func standard(_ transaction: Transaction) throws -> Reference<Pipeline>? {
        try transaction.first(
            Pipeline.self, where: Pipeline.active == true, sort: .descending(Pipeline.isDefault), .ascending(Pipeline.position)
        ).map { Reference($0.id) }
    }
}
