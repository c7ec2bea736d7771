import Synchronization

/// The labels of records that change seldom and that many others point at, such as statuses and users: a list says them in every
/// row, and would look for each of them in each row.
///
/// What is known holds until one of the entity's records changes. It is forgotten when such a change is stored, and before
/// whoever made it is told so. What a transaction has read is kept only if nothing was forgotten since before it began: else
/// it may have seen what was there before the change.
final class KnownLabels: Sendable {
    /// Labels as UTF-8, by the record's id.
    typealias Texts = [Int64: [UInt8]]

    private struct State {
        var age = 0
        var texts: [String: Texts] = [:]
    }

    /// So many are known of an entity at most.
    private static let most = 10_000
    private let state = Mutex(State())

    /// How often something was forgotten: what a transaction has to ask before it reads anything.
    var age: Int { state.withLock { $0.age } }

    func texts(_ entity: String) -> Texts { state.withLock { $0.texts[entity] ?? [:] } }

    /// Keeps what was read by a transaction that began at an age.
    func keep(_ text: [UInt8], of id: Int64, _ entity: String, age: Int) {
        state.withLock { state in
            guard state.age == age else { return }
            if state.texts[entity]?.count ?? 0 >= KnownLabels.most { state.texts[entity] = nil }
            state.texts[entity, default: [:]][id] = text
        }
    }

    /// Forgets what is known of entities; also tells whoever is reading that it may be out of date.
    func forget(_ entities: some Collection<String>) {
        guard !entities.isEmpty else { return }
        state.withLock { state in
            state.age += 1
            for entity in entities { state.texts[entity] = nil }
        }
    }

    func forgetAll() {
        state.withLock { state in
            state.age += 1
            state.texts = [:]
        }
    }
}
