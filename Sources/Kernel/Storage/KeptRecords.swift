import PluginAPI
import Synchronization

/// What transactions that write have read of entities that change seldom, by the query that asked: rules and statuses are needed
/// with every change of other records, and are the same every time.
///
/// Writers take turns, so that what one of them read holds for the next one until somebody touches the entity. An answer is kept
/// when its transaction is stored, and only if nobody has touched the entity since it was read.
final class KeptRecords: Sendable {
    struct Query: Hashable, Sendable {
        let sql: StatementText
        let arguments: [SQLValue]

        init(sql: String, arguments: [SQLValue]) {
            self.sql = StatementText(sql)
            self.arguments = arguments
        }
    }

    /// An answer that waits for its transaction to be stored.
    struct Answer: Sendable {
        let entity: String
        let query: Query
        let records: [RecordData]
        /// How often the entity had been touched when it was read.
        let touches: Int
    }

    private struct Kept {
        var touches = 0
        var answers: [Query: [RecordData]] = [:]
    }

    /// So many records at most are kept of an answer, and so many answers of an entity.
    static let mostRecords = 200
    private static let mostAnswers = 50
    private let state = Mutex<[String: Kept]>([:])

    func records(_ entity: String, _ query: Query) -> [RecordData]? { state.withLock { $0[entity]?.answers[query] } }

    func touches(_ entity: String) -> Int { state.withLock { $0[entity]?.touches ?? 0 } }

    /// Forgets what was read of an entity: one of its records is being changed.
    func touch(_ entity: String) {
        state.withLock { state in
            state[entity, default: Kept()].touches += 1
            state[entity]?.answers = [:]
        }
    }

    func keep(_ answers: some Sequence<Answer>) {
        state.withLock { state in
            for answer in answers where (state[answer.entity]?.touches ?? 0) == answer.touches {
                var kept: Kept = state[answer.entity] ?? Kept()
                if kept.answers.count >= KeptRecords.mostAnswers { kept.answers = [:] }
                kept.answers[answer.query] = answer.records
                state[answer.entity] = kept
            }
        }
    }
}
