import PluginAPI
import Synchronization

/// Listens to the hooks of the sales plugins by their names alone, as a plugin of somebody else does.
final class Events: Sendable {
    struct LeadMoved: HookPayload { var lead, from, to: RecordID }
    struct LeadWon: HookPayload { var lead, customer: RecordID }
    struct DealMoved: HookPayload { var deal, from, to: RecordID }
    struct DealEnded: HookPayload { var deal, stage: RecordID }

    private let lines: Mutex<[String]> = Mutex([])

    /// What was heard since the last time.
    func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }

    private func note(_ line: String) { lines.withLock { $0.append(line) } }

    func listen(with crm: inout Registrar, to plugins: [String]) {
        if plugins.contains("leads") {
            crm.on(Hook<LeadMoved>("lead_status_changed")) { event, _ in
                self.note("lead \(event.lead) from \(event.from) to \(event.to)")
            }
            crm.on(Hook<LeadWon>("lead_converted")) { event, _ in
                self.note("lead \(event.lead) became customer \(event.customer)")
            }
        }
        if plugins.contains("deals") {
            crm.on(Hook<DealMoved>("deal_stage_changed")) { event, _ in
                self.note("deal \(event.deal) from \(event.from) to \(event.to)")
            }
            crm.on(Hook<DealEnded>("deal_won")) { event, _ in self.note("deal \(event.deal) won at \(event.stage)") }
            crm.on(Hook<DealEnded>("deal_lost")) { event, _ in self.note("deal \(event.deal) lost at \(event.stage)") }
        }
    }
}
