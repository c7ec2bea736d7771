import PluginAPI

/// Plans visits to companies and keeps what came of them.
struct VisitsPlugin: Plugin {
    func register(with crm: inout Registrar) {
        // What is kept
        crm.entity(Visit.self)
        crm.uses(Company.self)

        // How it is shown
        crm.list(
            Visit.self, columns: [Visit.subject, Visit.company, Visit.day, Visit.owner, Visit.state],
            filters: [Visit.state, Visit.owner, Visit.company], sort: .ascending(Visit.day))
        crm.view(Visit.self, "Coming", where: Visit.state == .planned)
        crm.board(Visit.self, by: Visit.state, card: [Visit.company, Visit.day, Visit.owner])

        // What must hold
        crm.validate(Visit.self) { visit in
            guard visit[Visit.state] == .done, visit.isEmpty(Visit.report) else { return [] }
            return [Problem(Visit.report, "says what came of a visit that is done")]
        }

        // What can be done, and what others hear of it
        crm.action(FinishVisit.self)
        crm.hook(visitDone, "A visit has taken place.")
        crm.after(visitDone) { done, context in
            try await context.finish { transaction in
                let visit = try transaction.find(Visit.self, done.visit)
                let company = try transaction.find(Company.self, done.company)
                guard let owner = visit[Visit.owner] else { return }
                try transaction.notify(owner, "Write to \(company[Company.name]) to thank them for the visit", about: visit)
            }
        }

        // What is done by the clock
        crm.setting(reminderDays)
        crm.job("visits.remind", .daily(at: "07:00")) { try await remindVisitors($0) }

        // What is counted
        crm.metric("visits.coming", "Coming visits", over: Visit.self, .count, where: Visit.state == .planned)
        crm.widget("crm", .figure("visits.coming"), order: 160)
        crm.widget(
            "crm", .records(
                "Next visits", Visit.self, columns: [Visit.company, Visit.day], where: Visit.state == .planned, sort: .ascending(Visit.day)),
            order: 430)

        // Who may do what at first
        crm.grant(.salesAgent, Visit.self, .view(.team), .create, .edit(.own), .delete(.own), .action("finish", .own))
        crm.grant(.salesManager, Visit.self, .view(), .create, .edit(), .delete(), .action("finish"), .export())
        crm.grant(.management, Visit.self, .view())
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(VisitsPlugin()) }
