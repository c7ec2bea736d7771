import PluginAPI
import Synchronization

/// The projections that were made for a registry and for the rights as they are: what a list reads depends on who asks for
/// which fields in which order, and the same is asked over and over.
final class ProjectionCache: Sendable {
    struct Key: Hashable {
        let entity: String
        /// Nil for the product itself and for whoever has every right, who see the same.
        let user: Int64?
        let fields: Set<String>?
        let labels: Projection.Labels
        let sort: Sort?
    }

    private struct State {
        var rights: RightsSnapshot?
        var projections: [Key: Projection] = [:]
        var numbers: [Projection.Identity: Int] = [:]
        var lastNumber = 0
    }

    private static let most = 500
    private let state = Mutex(State())

    /// The known projection, or one made now. Those made with other rights are forgotten.
    func projection(_ key: Key, _ rights: RightsSnapshot, _ make: () throws -> Projection) throws -> Projection {
        let known: Projection? = state.withLock { $0.rights === rights ? $0.projections[key] : nil }
        if let known { return known }
        var made = try make()
        made.number = state.withLock { state in
            if state.rights !== rights || state.projections.count >= ProjectionCache.most {
                state.projections = [:]
                state.numbers = [:]
                state.rights = rights
            }
            let number: Int = state.numbers[made.identity] ?? state.lastNumber + 1
            state.lastNumber = max(state.lastNumber, number)
            state.numbers[made.identity] = number
            made.number = number
            state.projections[key] = made
            return number
        }
        return made
    }
}
