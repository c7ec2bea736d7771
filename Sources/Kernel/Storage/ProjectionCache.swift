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
        let made = try make()
        state.withLock { state in
            if state.rights !== rights || state.projections.count >= ProjectionCache.most {
                state.projections = [:]
                state.numbers = [made.identity: made.number]
                state.rights = rights
            }
            state.projections[key] = made
        }
        return made
    }

    /// The number that stands for what a projection makes of a row; never one that has stood for something else.
    func number(of identity: Projection.Identity) -> Int {
        state.withLock { state in
            if let known = state.numbers[identity] { return known }
            state.lastNumber += 1
            state.numbers[identity] = state.lastNumber
            return state.lastNumber
        }
    }
}
