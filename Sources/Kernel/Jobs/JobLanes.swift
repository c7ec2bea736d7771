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
            try await written { connection in
                try JobSchedules.align(connection, registry, now: now, zone: zone)
                try JobLanes.dropUnknown(connection, registry, now: now)
            }
            state.withLock { $0.aligned = (registry, zone.identifier) }
        }
        var schedules = try await engine.read { try JobSchedules.all($0) }.filter { registry.jobs[$0.key] != nil }
        // A clock that was set back would have jobs wait for what is now a far future.
        if isAligned, JobSchedules.isBehind(schedules, registry, now: now, zone: zone) {
            schedules = try await written { connection in
                try JobSchedules.align(connection, registry, now: now, zone: zone)
                return try JobSchedules.all(connection)
            }.filter { registry.jobs[$0.key] != nil }
        }
        var times = schedules.values.map(\.nextAt)
        if times.contains(where: { $0 <= now }) {
            times = try await written { connection in
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

    /// False when it could not be begun, or its end not be noted.
    private func runOne(_ name: String) async -> Bool {
        do {
            guard let owned = registry().jobs[name] else { return true }
            let job = owned.body
            guard let (run, lease) = try await claim(name) else { return true }
            let end = end(of: run, job.schedule, lease)
            let context = context(run.user, "job \(name)", owned.plugin).ending(with: end)
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
            guard !end.isStored else {
                try await close(run, result, lease)
                return true
            }
            try await finish(run, job.schedule, result, lease, wasCancelled: wasCancelled)
            return true
        } catch {
            log("job \(name) could not be noted: \(error)")
            return false
        }
    }

    /// The next run of a job, with the lease of its name where there are several servers.
    private func claim(_ name: String) async throws -> (run: JobRun, lease: Lease?)? {
        let began = clock.now
        guard let leases else {
            return try await written { try JobQueue.claim($0, name, now: began) }.map { ($0, nil) }
        }
        let claimed = try await WriterTurn.$haste.withValue(.soon) {
            try await leases.claim(JobLanes.lease(name)) { connection in
                // Nobody else runs it: a run that is under way was cut off.
                try JobQueue.recover(connection, name, now: began)
                return try JobQueue.claim(connection, name, now: began)
            }
        }
        guard let (lease, run) = claimed else { return nil }
        if let run { return (run, lease) }
        try await leases.release(lease)
        return nil
    }

    /// What is due has time, for a while: people who change records go before it, and a long import goes on.
    private func written<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await WriterTurn.$haste.withValue(.soon) { try await engine.write(body) }
    }

    /// For a run that stores its end with what it did.
    private func end(of run: JobRun, _ schedule: Schedule, _ lease: Lease?) -> WorkEnd {
        WorkEnd("run \(run.id) of \(run.name)", key: run.key, lease: lease) { [clock, zone] connection in
            let now = clock.now
            guard try JobQueue.succeed(connection, run, now: now) else { return false }
            try JobSchedules.noteEnd(connection, run.name, schedule, now: now, zone: zone())
            return true
        }
    }

    /// After a run whose end is stored: nothing of it can fail any more.
    private func close(_ run: JobRun, _ result: Result<Void, any Error>, _ lease: Lease?) async throws {
        if case .failure(let error) = result, !Task.isCancelled { log("job \(run.name) is done, and failed after that: \(error)") }
        if let lease, let leases { try await leases.release(lease) }
    }

    private func finish(
        _ run: JobRun, _ schedule: Schedule, _ result: Result<Void, any Error>, _ lease: Lease?, wasCancelled: Bool
    ) async throws {
        let now = clock.now
        let zone = zone()
        let isEnding = Task.isCancelled
        if case .failure(let error) = result, !isEnding { log("job \(run.name) failed: \(error)") }
        let note: @Sendable (any Connection) throws -> Void = { connection in
            // What is not under way any more stays as it is: its end may be stored though nobody here was told.
            switch result {
            case .success: guard try JobQueue.succeed(connection, run, now: now) else { return }
            case .failure where wasCancelled: guard try JobQueue.fail(connection, run, "cancelled", next: nil, now: now) else { return }
            case .failure where isEnding:
                try JobQueue.putBack(connection, run)
                return
            case .failure(let error):
                let next = Backoff.jobs.next(after: run.attempts, now: now)
                guard try JobQueue.fail(connection, run, shortened(error), next: next, now: now), next == nil else { return }
            }
            try JobSchedules.noteEnd(connection, run.name, schedule, now: now, zone: zone)
        }
        try await settle(lease, note)
    }

    /// Notes the end of a run for as long as it is this server's.
    private func settle(_ lease: Lease?, _ note: @escaping @Sendable (any Connection) throws -> Void) async throws {
        do {
            try await engine.insist(while: { lease?.isLost != true }) { [engine, leases] in
                guard let lease, let leases else { return try await engine.write(note) }
                try await leases.release(lease, keepingOnFailure: true, note)
            }
        } catch {
            if let lease { leases?.forget(lease) }
            throw error
        }
    }

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
