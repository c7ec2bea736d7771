import PluginAPI

/// What a transaction has gathered and not written yet, and what it has read and may go on with. A step that is undone takes its part
/// with it.
///
/// The figures of boards are gathered, since a file of many records changes the same few of them with each: written one by one, a
/// database that keeps old rows until the end of the transaction would step over all of them each time.
final class Gathered {
    /// A figure of a board.
    struct Place: Hashable, Comparable {
        let entity: String
        let board: String
        let cell: BoardFigures.Cell

        static func < (left: Place, right: Place) -> Bool {
            (left.entity, left.board, left.cell) < (right.entity, right.board, right.cell)
        }
    }

    /// How far a transaction had come, to go back to.
    struct Mark {
        fileprivate let changes: Int
        fileprivate let queries: Int
    }

    private var totals: [Place: BoardFigures.Figure] = [:]
    /// The entities of which records were changed: also those whose figures stayed as they are, which may have to be counted.
    private var entities: Set<String> = []
    /// The plans on record of the boards of an entity, where they were asked for and the answer has come.
    private var plans: [String: [String: String]] = [:]
    private var answers: [KeptRecords.Query: (answer: KeptRecords.Answer, lasts: Bool)] = [:]

    /// How many steps are open, and what was gathered since the outermost began.
    private var depth = 0
    private var changes: [(place: Place, change: BoardFigures.Figure)] = []
    private var queries: [KeptRecords.Query] = []
    private static let mostAnswers = 200

    // MARK: Figures

    func add(_ change: BoardFigures.Figure, to place: Place) {
        entities.insert(place.entity)
        totals[place, default: .init()] = (totals[place] ?? .init()) + change
        if depth > 0 { changes.append((place, change)) }
    }

    /// Notes that a record of an entity was changed; whether it is the first.
    func touch(_ entity: String) -> Bool { entities.insert(entity).inserted && plans[entity] == nil }

    func plans(of entity: String) -> [String: String]? { plans[entity] }
    func note(_ found: [String: String], of entity: String) { plans[entity] = found }
    /// The plans on record are being changed.
    func forgetPlans(of entity: String) { plans[entity] = nil }

    /// The changes of each entity's figures in a fixed order, so that two transactions never wait for each other crosswise. What is taken
    /// here is gathered no more.
    func take() -> [(entity: String, figures: [(place: Place, change: BoardFigures.Figure)])] {
        guard !entities.isEmpty else { return [] }
        var due: [String: [(place: Place, change: BoardFigures.Figure)]] = [:]
        for (place, change) in totals.sorted(by: { $0.key < $1.key }) where change != BoardFigures.Figure() {
            due[place.entity, default: []].append((place, change))
            if depth > 0 { changes.append((place, -change)) }
        }
        let names: [String] = entities.sorted()
        (totals, entities) = ([:], [])
        return names.map { ($0, due[$0] ?? []) }
    }

    // MARK: Answers

    /// What a query came to in this transaction, unless somebody has touched the entity since.
    func records(_ query: KeptRecords.Query, touches: Int) -> [RecordData]? {
        guard let known = answers[query]?.answer, known.touches == touches else { return nil }
        return known.records
    }

    /// - Parameter lasts: whether the next transactions may go on with it.
    func keep(_ answer: KeptRecords.Answer, lasts: Bool) {
        guard answers.count < Gathered.mostAnswers || answers[answer.query] != nil else { return }
        answers[answer.query] = (answer, lasts)
        if depth > 0 { queries.append(answer.query) }
    }

    /// What the next transactions may go on with.
    var lasting: [KeptRecords.Answer] { answers.values.filter { $0.lasts }.map { $0.answer } }

    // MARK: Steps

    func begin() -> Mark {
        depth += 1
        return Mark(changes: changes.count, queries: queries.count)
    }

    /// Ends a step; forgets what came with it if it is undone.
    func end(_ mark: Mark, isKept: Bool) {
        if !isKept {
            for (place, change) in changes[mark.changes...] {
                entities.insert(place.entity)
                totals[place, default: .init()] = (totals[place] ?? .init()) + -change
            }
            for query in queries[mark.queries...] { answers[query] = nil }
            // Those that were put on record in the step are not there any more.
            plans = [:]
            changes.removeSubrange(mark.changes...)
            queries.removeSubrange(mark.queries...)
        }
        depth -= 1
        if depth == 0 { (changes, queries) = ([], []) }
    }
}
