import PluginAPI
import Synchronization

/// How long calls of plugins' code may take before they are reported by name. A setting of the deployment.
final class CallBudgets: Sendable {
    /// What is budgeted together.
    enum Group: Int, Sendable, CaseIterable {
        /// Rules and listeners within a transaction, for which all who write wait.
        case transaction
        /// Routes, for which somebody waits.
        case route
        /// Deliveries after a commit.
        case after
        /// Jobs.
        case job

        var setting: Setting<Int> {
            switch self {
            case .transaction: KernelSettings.transactionBudget
            case .route: KernelSettings.routeBudget
            case .after: KernelSettings.afterBudget
            case .job: KernelSettings.jobBudget
            }
        }
    }

    // Nanoseconds; 0 for no limit.
    private let transaction = Atomic<Int64>(0)
    private let route = Atomic<Int64>(0)
    private let after = Atomic<Int64>(0)
    private let job = Atomic<Int64>(0)

    init() { adopt(DeploymentSettings()) }

    /// Takes over what the deployment has set.
    func adopt(_ settings: DeploymentSettings) {
        for group in Group.allCases {
            let value: Value = settings.values[group.setting.key] ?? .null
            let milliseconds = Int(value: value) ?? group.setting.fallback
            set(group, nanoseconds: Int64(milliseconds) * 1_000_000)
        }
    }

    func set(_ group: Group, nanoseconds: Int64) {
        switch group {
        case .transaction: transaction.store(nanoseconds, ordering: .relaxed)
        case .route: route.store(nanoseconds, ordering: .relaxed)
        case .after: after.store(nanoseconds, ordering: .relaxed)
        case .job: job.store(nanoseconds, ordering: .relaxed)
        }
    }

    /// The budget of a call in nanoseconds; nil when it has none.
    @inline(__always)
    func limit(_ kind: CallKind) -> Int64? {
        let limit: Int64
        switch kind {
        case .prepare, .validate, .onSave, .onDelete, .listener, .available, .prefill, .action, .panel, .function:
            limit = transaction.load(ordering: .relaxed)
        case .route: limit = route.load(ordering: .relaxed)
        case .after: limit = after.load(ordering: .relaxed)
        case .job: limit = job.load(ordering: .relaxed)
        // Done once, while nobody works.
        case .register, .migration, .demo: return nil
        }
        return limit > 0 ? limit : nil
    }
}
