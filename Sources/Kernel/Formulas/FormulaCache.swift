import PluginAPI
import Synchronization

/// The formulas of one registry that were asked for: each text is read once. Another registry begins with none, since names
/// may mean something else there.
final class FormulaCache: Sendable {
    private struct Key: Hashable {
        let text: String
        let entity: String
    }

    /// More texts than anyone writes down; programs that make theirs anew each time do not fill the memory.
    private static let most = 500
    private let known = Mutex<[Key: Formula]>([:])

    fileprivate func formula(_ text: String, _ entity: EntityModel, _ registry: Registry) throws -> Formula {
        let key = Key(text: text, entity: entity.name)
        if let found = known.withLock({ $0[key] }) { return found }
        let made = try Formula(text, on: entity, in: registry)
        known.withLock { known in
            if known.count >= FormulaCache.most { known = [:] }
            known[key] = made
        }
        return made
    }
}

extension Registry {
    /// A condition or a value over the records of an entity for somebody. Throws ``FormulaRefusal``; a field that is hidden
    /// from the user is as unknown as one that is not there.
    func formula(_ text: String, on entity: EntityModel, for actor: Actor) throws -> Formula {
        if let formula = try? formulaCache.formula(text, entity, self), formula.isVisible(to: actor) { return formula }
        return try Formula(text, on: entity, in: self) { actor.mask($1, of: $0) != .hidden }
    }
}

extension Formula {
    func isVisible(to actor: Actor) -> Bool {
        actor.isElevated || uses.reads.allSatisfy { $0.steps.allSatisfy { actor.mask($0.field, of: $0.entity) != .hidden } }
    }
}
