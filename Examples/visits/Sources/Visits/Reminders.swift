import PluginAPI

/// How many days before a visit its visitor is reminded.
let reminderDays = Setting<Int>("visits.reminder_days", "Remind visitors so many days ahead", default: 1, .range(0...30))

/// Reminds the visitors of the day that is so many days ahead; a job runs this every morning.
func remindVisitors(_ context: Context) async throws {
    // With the end of the run: nobody is reminded twice, whenever the machine goes down.
    try await context.finish { transaction in
        let day = transaction.today.adding(days: try transaction.setting(reminderDays))
        for visit in try transaction.all(Visit.self, where: Visit.day == day && Visit.state == .planned) {
            guard let visitor = visit[Visit.owner] else { continue }
            try transaction.notify(visitor, "\(visit[Visit.subject]) is on \(day)", about: visit)
        }
    }
}
