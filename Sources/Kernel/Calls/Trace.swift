import PluginAPI
import Synchronization

/// What happened within one request that somebody wants to look into: a tree of steps, each with its time, what it changed and
/// how it ended. Written by any thread that works for the request, also after its answer: deliveries add to it.
final class Trace: Sendable {
    /// What a step is.
    enum Kind: Sendable, Equatable {
        /// A transaction.
        case read, write
        /// A change of one record.
        case create, update, delete
        /// An action, with its extensions.
        case act
        /// A hook that is sent.
        case emit
        /// Code of a plugin.
        case call(CallKind)

        var word: String {
            switch self {
            case .read: "read"
            case .write: "write"
            case .create: "create"
            case .update: "update"
            case .delete: "delete"
            case .act: "act"
            case .emit: "emit"
            case .call(let kind): kind.rawValue
            }
        }
    }

    /// How a step ended.
    enum Outcome: String, Sendable {
        case running
        case done
        /// The plugin whose code this is refused.
        case vetoed
        /// The kernel refused: a right, a rule of a field.
        case refused
        /// Something within refused.
        case undone
    }

    struct Change: Sendable, Equatable {
        var field: String
        var old: Value
        var new: Value
    }

    struct Failure: Sendable, Equatable {
        var code: String
        var message: String
        var problems: [Problem]

        init(_ error: any Error) {
            if let known = error as? CRMError {
                code = known.code.rawValue
                message = known.message
                problems = known.problems
            } else {
                code = CRMError.Code.internalError.rawValue
                message = String(describing: error)
                problems = []
            }
        }
        init(_ problems: [Problem]) {
            code = CRMError.Code.invalid.rawValue
            message = "breaks a rule"
            self.problems = problems
        }
    }

    /// What a change leaves to be done after it.
    enum Queued: Sendable, Equatable {
        case event(id: Int64, plugin: String, listener: String)
        case job(String)
    }

    struct Step: Sendable {
        let kind: Kind
        /// Whose code it is; empty for the kernel's own steps.
        let plugin: String
        var name: String
        /// The step within which this one happened; -1 at the top.
        let parent: Int
        /// Nanoseconds since the trace began.
        let began: Int64
        var took: Int64 = 0
        /// How long a transaction waited for its turn.
        var waited: Int64 = 0
        /// The record that it is about.
        var record: Int64?
        var changes: [Change] = []
        var queued: [Queued] = []
        /// Statements of the step itself, without those of the steps within.
        var statements = 0
        var statementTime: Int64 = 0
        var outcome = Outcome.running
        var failure: Failure?
        /// The event that it was told of.
        var event: Int64?
    }

    /// All of a trace at one moment.
    struct State: Sendable {
        var steps: [Step] = []
        /// How many steps were left out because there were too many.
        var left = 0
        var status: Int?
        var took: Int64 = 0
    }

    /// As many steps as are kept of one request.
    static let most = 2000

    let id: String
    /// Who made it.
    let user: Int64?
    /// The request: `POST /api/v1/projects`.
    let request: String
    let at: Moment
    private let clock: MonotonicClock
    private let began: UInt64
    private let state = Mutex(State())

    init(id: String, user: Int64?, request: String, at: Moment, clock: MonotonicClock) {
        self.id = id
        self.user = user
        self.request = request
        self.at = at
        self.clock = clock
        began = clock.now()
    }

    var current: State { state.withLock { $0 } }

    private var now: Int64 { Int64(truncatingIfNeeded: clock.now() &- began) }

    // MARK: Writing

    /// Begins a step and gives its place; -1 when there are too many already.
    func begin(_ kind: Kind, plugin: String = "", _ name: String, record: Int64? = nil, event: Int64? = nil, in parent: Int) -> Int {
        let now = now
        return state.withLock { state in
            guard state.steps.count < Trace.most else {
                state.left += 1
                return -1
            }
            var step = Step(kind: kind, plugin: plugin, name: name, parent: parent, began: now)
            step.record = record
            step.event = event
            state.steps.append(step)
            return state.steps.count - 1
        }
    }

    /// Ends a step. What fails because of something within is told apart from what refuses itself.
    func end(_ place: Int, _ error: (any Error)? = nil) {
        let now = now
        change(place) { state in
            state.steps[place].took = now - state.steps[place].began
            guard let error else {
                state.steps[place].outcome = .done
                return
            }
            let failure = Failure(error)
            let isFromWithin = state.steps.indices.contains { inner in
                guard inner > place, state.steps[inner].parent == place, let earlier = state.steps[inner].failure else { return false }
                return earlier == failure || (state.steps[inner].kind == .call(.validate) && !failure.problems.isEmpty)
            }
            state.steps[place].failure = failure
            if isFromWithin {
                state.steps[place].outcome = .undone
            } else if case .call = state.steps[place].kind {
                state.steps[place].outcome = .vetoed
            } else {
                state.steps[place].outcome = .refused
            }
        }
    }

    func change(_ place: Int, _ body: (inout State) -> Void) {
        guard place >= 0 else { return }
        state.withLock { body(&$0) }
    }

    func change(step place: Int, _ body: (inout Step) -> Void) { change(place) { body(&$0.steps[place]) } }

    /// A transaction's turn has come.
    func turnCame(_ place: Int) {
        let now = now
        change(step: place) { $0.waited = now - $0.began }
    }

    /// The request was answered.
    func finish(status: Int) {
        let now = now
        state.withLock { state in
            state.status = status
            state.took = now
        }
    }
}
