import PluginAPI

/// The stored times of scheduled jobs, within a transaction.
enum JobSchedules {
    struct Entry: Sendable {
        let name: String
        let nextAt: Moment
        let lastAt: Moment?
    }

    static func all(_ connection: any Connection) throws -> [String: Entry] {
        let entries = try connection.all("SELECT name, next_at, last_at FROM tenon_schedule") { row in
            Entry(
                name: row.text(0), nextAt: Moment(milliseconds: row.integer(1)),
                lastAt: row.optionalInteger(2).map(Moment.init(milliseconds:)))
        }
        return Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })
    }

    /// Gives every scheduled job of the registry its next time. A time that has passed stays: that run is made up for. One
    /// that is still to come follows the schedule as it is now.
    static func align(_ connection: any Connection, _ registry: Registry, now: Moment, zone: DeploymentCalendar) throws {
        let stored = try all(connection)
        for (name, job) in registry.jobs.sorted(by: { $0.key < $1.key }) {
            guard let next = ScheduleTimes.next(job.body.schedule, after: now, in: zone) else { continue }
            if let entry = stored[name] {
                if entry.nextAt > next || (entry.nextAt > now && !isInterval(job.body.schedule) && entry.nextAt != next) {
                    try set(connection, name, next: next)
                }
            } else {
                try connection.execute(
                    "INSERT INTO tenon_schedule (name, plugin, next_at) VALUES (?, ?, ?)",
                    [.text(name), .text(job.plugin), .integer(next.milliseconds)])
            }
        }
    }

    /// Whether a stored time is later than the schedule's next one from now on: the clock was set back.
    static func isBehind(_ schedules: [String: Entry], _ registry: Registry, now: Moment, zone: DeploymentCalendar) -> Bool {
        schedules.contains { name, entry in
            guard entry.nextAt > now, let schedule = registry.jobs[name]?.body.schedule else { return false }
            return ScheduleTimes.next(schedule, after: now, in: zone).map { $0 < entry.nextAt } ?? false
        }
    }

    /// Queues the runs that are due, each once however many were missed.
    static func queueDue(_ connection: any Connection, _ registry: Registry, now: Moment, zone: DeploymentCalendar) throws {
        for (name, entry) in try all(connection).sorted(by: { $0.key < $1.key }) where entry.nextAt <= now {
            guard let job = registry.jobs[name], let next = ScheduleTimes.next(job.body.schedule, after: now, in: zone) else {
                continue
            }
            try set(connection, name, next: next)
            if try !JobQueue.isPending(connection, name, now: now) {
                try JobQueue.add(connection, name: name, plugin: job.plugin, user: nil, at: now, now: now)
            }
        }
    }

    /// Notes the end of a run, from which intervals count.
    static func noteEnd(_ connection: any Connection, _ name: String, _ schedule: Schedule, now: Moment, zone: DeploymentCalendar) throws {
        try connection.execute("UPDATE tenon_schedule SET last_at = ? WHERE name = ?", [.integer(now.milliseconds), .text(name)])
        if isInterval(schedule), let next = ScheduleTimes.next(schedule, after: now, in: zone) {
            try set(connection, name, next: next)
        }
    }

    private static func set(_ connection: any Connection, _ name: String, next: Moment) throws {
        try connection.execute("UPDATE tenon_schedule SET next_at = ? WHERE name = ?", [.integer(next.milliseconds), .text(name)])
    }

    private static func isInterval(_ schedule: Schedule) -> Bool {
        if case .every = schedule { true } else { false }
    }
}
