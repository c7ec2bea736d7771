import Logging
import PluginAPI
import Synchronization

/// What the log says of failures. What keeps the store from taking changes, such as a full disk, stands there once when it begins
/// and once when it is over, with how many were turned away, and not with every request.
final class StoreTrouble: Sendable {
    private struct Case {
        let began: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        var refused = 1
    }
    /// On a disk that is almost full one change finds room and the next does not: it is over when nobody was turned away for so long.
    static let quiet: Duration = .seconds(1)

    private let logger: Logger
    private let cases = Mutex<[String: Case]>([:])
    /// Looked at by every change that goes well.
    private let isOpen = Atomic<Bool>(false)

    init(_ logger: Logger = Logger(label: "tenon.front")) { self.logger = logger }

    /// A failure as it may be told; what is a defect goes to the log in full.
    func told(_ error: any Error, _ dialect: any Dialect) -> CRMError {
        let told: CRMError = Problems.told(error, dialect: dialect)
        if dialect.isFull(error) || dialect.isTemporary(error) {
            note(told, error)
        } else if told.code == .internalError || told.code == .unavailable {
            logger.error("\(told.message): \(Problems.inLog(told.cause ?? error))")
        }
        return told
    }

    /// Takes down that somebody was turned away.
    private func note(_ told: CRMError, _ cause: any Error) {
        let now = ContinuousClock.now
        let isFirst: Bool = cases.withLock { cases in
            guard var known = cases[told.message] else {
                cases[told.message] = Case(began: now, last: now)
                return true
            }
            known.refused += 1
            known.last = now
            cases[told.message] = known
            return false
        }
        isOpen.store(true, ordering: .relaxed)
        if isFirst { logger.error("\(told.message): \(Problems.inLog(cause)); told once until changes are taken again") }
    }

    /// Takes down that a change was taken.
    func end() {
        guard isOpen.load(ordering: .relaxed) else { return }
        let now = ContinuousClock.now
        let over: [String: Case] = cases.withLock { cases in
            let over: [String: Case] = cases.filter { now - $0.value.last >= StoreTrouble.quiet }
            for message in over.keys { cases[message] = nil }
            isOpen.store(!cases.isEmpty, ordering: .relaxed)
            return over
        }
        for (message, trouble) in over.sorted(by: { $0.key < $1.key }) {
            let seconds: Int64 = (trouble.last - trouble.began).components.seconds
            logger.notice("changes are taken again; \(message), \(trouble.refused) requests were turned away within \(seconds) s")
        }
    }
}
