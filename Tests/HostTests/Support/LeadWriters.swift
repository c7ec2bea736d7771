import Foundation
import Synchronization

@testable import Kernel

/// Clients that make leads, one after the other each, until they are told to end.
final class LeadWriters: Sendable {
    private struct State {
        var acknowledged: Set<Int64> = []
        var strange: [String] = []
        var ended = 0
        var begun = false
    }

    static let count = 4
    private let knock: Knock
    private let name: String
    private let isOver = Atomic<Bool>(false)
    private let state = Mutex(State())

    init(_ knock: Knock, name: String) {
        self.knock = knock
        self.name = name
    }

    /// The ids of the leads that were told to be stored.
    var acknowledged: Set<Int64> { state.withLock { $0.acknowledged } }
    /// Answers that nobody expects.
    var strange: [String] { state.withLock { $0.strange } }

    func begin() {
        state.withLock { $0.begun = true }
        for client in 0..<LeadWriters.count {
            Thread.detachNewThread { [self] in
                var turn = 0
                while !isOver.load(ordering: .relaxed) {
                    turn += 1
                    write("\(name) \(client) \(turn)")
                }
                state.withLock { $0.ended += 1 }
            }
        }
    }

    /// Has everyone finish what they do; may be said twice.
    func end() {
        isOver.store(true, ordering: .relaxed)
        while state.withLock({ $0.begun && $0.ended < LeadWriters.count }) { usleep(2000) }
    }

    private func write(_ title: String) {
        let outcome: Knock.Outcome = knock.ask("POST", "/api/v1/leads", #"{"title": "\#(title)"}"#)
        if case .answer(201, _, let body) = outcome, let id = (try? JSONValue(parsing: Array(body.utf8)))?["id"]?.int {
            state.withLock { _ = $0.acknowledged.insert(id) }
        } else {
            state.withLock { $0.strange.append("\(title): \(outcome)") }
        }
    }
}
