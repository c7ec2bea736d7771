import PluginAPI
import Synchronization

/// Finds the jobs that have a run due and runs it, one job a lane. Where several servers work on one database, a server runs a
/// job under a lease of its name: one run at a time in all of them.
final class JobLanes: Sendable {
    private struct Running {
        let task: Task<Void, any Error>
        var isCancelled = false
    }
    private struct State {
        var running: [Int64: Running] = [:]
        /// The registry and the zone that the stored schedules follow.
        var aligned: (registry: Registry, zone: String)?
    }
    private let engine: any Engine
    private let clock: any Clock
    private let registry: @Sendable () -> Registry
    private let zone: @Sendable () -> DeploymentCalendar
    private let calls: PluginCalls
    private let log: @Sendable (String) -> Void
    private let context: MakeContext
    private let leases: Leases?
    private let state = Mutex(State())

    init(
        engine: any Engine, clock: any Clock, registry: @escaping @Sendable () -> Registry,
        zone: @escaping @Sendable () -> DeploymentCalendar, calls: PluginCalls, log: @escaping @Sendable (String) -> Void,
        leases: Leases?, context: @escaping MakeContext
    ) {
        self.engine = engine
        self.clock = clock
        self.registry = registry
        self.zone = zone
        self.calls = calls
        self.log = log
        self.leases = leases
        self.context = context
    }

    static func lease(_ name: String) -> String { "job " + name }

    func survey(_ busy: Set<String>) async throws -> WorkLoop.Survey {
        let registry = registry()
        let zone = zone()
        let now = clock.now
        let isAligned = state.withLock { $0.aligned?.registry === registry && $0.aligned?.zone == zone.identifier }
        if !isAligned {
            try await engine.write { connection in
                try JobSchedules.align(connection, registry, now: now, zone: zone)
                try JobLanes.dropUnknown(connection, registry, now: now)
            }
            state.withLock { $0.aligned = (registry, zone.identifier) }
        }
        var schedules = try await engine.read { try JobSchedules.all($0) }.filter { registry.jobs[$0.key] != nil }
        // A clock that was set back would have jobs wait for what is now a far future.
        if isAligned, JobSchedules.isBehind(schedules, registry, now: now, zone: zone) {
            schedules = try await engine.write { connection in
                try JobSchedules.align(connection, registry, now: now, zone: zone)
                return try JobSchedules.all(connection)
            }.filter { registry.jobs[$0.key] != nil }
        }
        var times = schedules.values.map(\.nextAt)
        if times.contains(where: { $0 <= now }) {
            times = try await engine.write { connection in
                try JobSchedules.queueDue(connection, registry, now: now, zone: zone)
                return try JobSchedules.all(connection).values.filter { registry.jobs[$0.name] != nil }.map(\.nextAt)
            }
        }
        var found = WorkLoop.Survey(ready: [], next: times.filter { $0 > now }.min())
        let (waiting, left, taken) = try await engine.read { [leases] connection in
            // What is under way without a lease was left by a server that is gone.
            (try JobQueue.waiting(connection, now: now), try leases == nil ? [] : JobQueue.running(connection), try leases?.taken(connection) ?? [])
        }
        for name in left where registry.jobs[name] != nil && !busy.contains(name) && !taken.contains(JobLanes.lease(name)) {
            found.ready.append(WorkLoop.Piece(lane: name) { await self.runOne(name) })
        }
        for job in waiting
        where registry.jobs[job.name] != nil && !busy.contains(job.name) && !taken.contains(JobLanes.lease(job.name)) {
            if job.due > now {
                found.next = min(found.next ?? job.due, job.due)
            } else {
                found.ready.append(WorkLoop.Piece(lane: job.name) { await self.runOne(job.name) })
            }
        }
        return found
    }

    /// Sets runs aside whose plugin is enabled and has no such job any more: they would wait for ever.
    private static func dropUnknown(_ connection: any Connection, _ registry: Registry, now: Moment) throws {
        let plugins = Set(registry.plugins.map(\.id))
        for job in try JobQueue.waiting(connection, now: now) where registry.jobs[job.name] == nil && plugins.contains(job.plugin) {
            try connection.execute(
                "UPDATE tenon_job SET state = 'failed', error = ?, finished_at = ? WHERE name = ? AND state = 'queued'",
                [.text("plugin \(job.plugin) has no job \(job.name) any more"), .integer(now.milliseconds), .text(job.name)])
        }
    }

    private func runOne(_ name: String) async {
        do {
            guard let owned = registry().jobs[name] else { return }
            let job = owned.body
            guard let (run, lease) = try await claim(name) else { return }
            let context = context(run.user, "job \(name)", owned.plugin)
            let task = Task { [calls] in
                try await Lease.$current.withValue(lease) { try await calls.runAsync(owned.site) { try await job.body(context) } }
            }
            state.withLock { $0.running[run.id] = Running(task: task) }
            lease?.onLoss { [log] in
                log("job \(name) is cut off: this server gave no sign of life for too long, and another one may run it")
                task.cancel()
            }
            let result = await withTaskCancellationHandler {
                await task.result
            } onCancel: {
                task.cancel()
            }
            let wasCancelled = state.withLock { $0.running.removeValue(forKey: run.id)?.isCancelled ?? false }
            try await finish(run, job.schedule, result, lease, wasCancelled: wasCancelled)
        } catch {
            log("job \(name) could not be noted: \(error)")
        }
    }

    /// The next run of a job, with the lease of its name where there are several servers.
    private func claim(_ name: String) async throws -> (run: JobRun, lease: Lease?)? {
        let began = clock.now
        guard let leases else {
            return try await engine.write { try JobQueue.claim($0, name, now: began) }.map { ($0, nil) }
        }
        let claimed = try await leases.claim(JobLanes.lease(name)) { connection in
            // Nobody else runs it: a run that is under way was cut off.
            try JobQueue.recover(connection, name, now: began)
            return try JobQueue.claim(connection, name, now: began)
        }
        guard let (lease, run) = claimed else { return nil }
        if let run { return (run, lease) }
        try await leases.release(lease)
        return nil
    }

    private func finish(
        _ run: JobRun, _ schedule: Schedule, _ result: Result<Void, any Error>, _ lease: Lease?, wasCancelled: Bool
    ) async throws {
        let now = clock.now
        let zone = zone()
        let isEnding = Task.isCancelled
        if case .failure(let error) = result, !isEnding { log("job \(run.name) failed: \(error)") }
        let note: @Sendable (any Connection) throws -> Void = { connection in
            switch result {
            case .success: try JobQueue.succeed(connection, run, now: now)
            case .failure where wasCancelled: try JobQueue.fail(connection, run, "cancelled", next: nil, now: now)
            case .failure where isEnding: return try JobQueue.putBack(connection, run)
            case .failure(let error):
                let next = Backoff.jobs.next(after: run.attempts, now: now)
                try JobQueue.fail(connection, run, shortened(error), next: next, now: now)
                if next != nil { return }
            }
            try JobSchedules.noteEnd(connection, run.name, schedule, now: now, zone: zone)
        }
        if let lease, let leases { return try await settle(run, lease, leases, note) }
        // In a task of its own: what was done is remembered also when the product is ending.
        try await Task { [engine] in try await engine.write(note) }.value
    }

    /// Notes the end of a run for as long as it is this server's: also when the database is away for a moment, since a run whose
    /// end nobody knows is made again.
    private func settle(_ run: JobRun, _ lease: Lease, _ leases: Leases, _ note: @escaping @Sendable (any Connection) throws -> Void) async throws {
        while true {
            do { return try await leases.release(lease, keepingOnFailure: true, note) } catch {
                guard engine.dialect.isTemporary(error), !lease.isLost else {
                    leases.forget(lease)
                    throw error
                }
                await pause()
            }
        }
    }

    /// Also in a task that was cancelled.
    private func pause() async { await Task { try? await Task.sleep(for: .milliseconds(200)) }.value }

    /// Asks a run that is under way to end; false when it is not.
    func cancel(_ id: Int64) -> Bool {
        let task = state.withLock { state in
            state.running[id]?.isCancelled = true
            return state.running[id]?.task
        }
        task?.cancel()
        return task != nil
    }
}
