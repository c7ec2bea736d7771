import PluginAPI

/// Runs the jobs of the enabled plugins: by their schedules and from the queue, one run at a time for each job. A run that
/// fails is tried three times more, then shown as failed. Jobs of a plugin that is switched off wait.
final class JobRunner: Sendable {
    private let engine: any Engine
    private let clock: any Clock
    private let registry: @Sendable () -> Registry
    private let zone: @Sendable () -> DeploymentCalendar
    private let leases: Leases?
    private let lanes: JobLanes
    private let loop: WorkLoop

    init(
        engine: any Engine, clock: any Clock, registry: @escaping @Sendable () -> Registry,
        zone: @escaping @Sendable () -> DeploymentCalendar, calls: PluginCalls = PluginCalls(), leases: Leases? = nil,
        log: @escaping @Sendable (String) -> Void, context: @escaping MakeContext
    ) {
        self.engine = engine
        self.clock = clock
        self.registry = registry
        self.zone = zone
        self.leases = leases
        let lanes = JobLanes(
            engine: engine, clock: clock, registry: registry, zone: zone, calls: calls, log: log, leases: leases, context: context)
        self.lanes = lanes
        loop = WorkLoop(width: 4, clock: clock, log: log) { busy in try await lanes.survey(busy) }
    }

    /// Mends what an earlier end of the product left and runs jobs from now on.
    func start() async throws {
        try await recover()
        loop.start()
    }

    /// To be called once before anything runs: no run of this process is under way yet. Where there are several servers, whoever
    /// runs a job next mends it.
    func recover() async throws {
        if leases != nil { return }
        let now = clock.now
        try await engine.write { connection in try JobQueue.recover(connection, now: now) }
    }

    /// To be called after a transaction that queued a job, and after a plugin was switched on or off.
    func wake() { loop.wake() }
    /// Runs all that is due and returns when it is done.
    func runDue() async throws { try await loop.drain() }
    /// Begins nothing more and gives what runs ten seconds.
    func stop() async { await loop.stop() }

    /// Queues a run for now, unless one is waiting for its turn already; gives its id.
    func runNow(_ name: String) async throws -> Int64 {
        guard let job = registry().jobs[name] else {
            throw CRMError(.notFound, "there is no job \(name)", hint: "The list of jobs names those of the enabled plugins.")
        }
        let now = clock.now
        let id = try await engine.write { connection in
            let waiting = try connection.integer(
                "SELECT id FROM tenon_job WHERE name = ? AND state = 'queued' AND run_at <= ? ORDER BY id LIMIT 1",
                [.text(name), .integer(now.milliseconds)])
            if let waiting { return waiting }
            return try JobQueue.add(connection, name: name, plugin: job.plugin, user: nil, at: now, now: now)
        }
        wake()
        return id
    }

    /// Queues a failed run once more.
    func retry(_ id: Int64) async throws {
        let now = clock.now
        try await engine.write { connection in try JobQueue.retry(connection, id, now: now) }
        wake()
    }

    /// Takes a waiting run out of the queue, or asks one that is under way to end: it then counts as failed.
    func cancel(_ id: Int64) async throws {
        if lanes.cancel(id) { return }
        let isShared: Bool = leases != nil
        let removed = try await engine.write { connection in
            if isShared, try JobQueue.find(connection, id)?.state == .running {
                // Another server runs it.
                try ChangeLog.note(connection) { $0.cancelled.append(id) }
                return 1
            }
            return try connection.execute("DELETE FROM tenon_job WHERE id = ? AND state = 'queued'", [.integer(id)])
        }
        guard removed == 1 else {
            throw CRMError(.notFound, "there is no waiting or running job \(id)", hint: "It may be over.")
        }
    }

    /// Asks a run to end that somebody cancelled at another server, if it is this one's.
    func cancelOwn(_ id: Int64) { _ = lanes.cancel(id) }

    /// One run, or nil.
    func run(_ id: Int64) async throws -> JobRun? {
        try await engine.read { connection in try JobQueue.find(connection, id) }
    }

    /// Every job of the enabled plugins by name, with what is known of its runs.
    func overview() async throws -> [JobOverview] {
        let registry = registry()
        return try await engine.read { connection in
            let schedules = try JobSchedules.all(connection)
            let runs = try connection.all(
                "SELECT \(JobRun.columns) FROM tenon_job ORDER BY id DESC LIMIT 1000", [], JobRun.init)
            let byName = Dictionary(grouping: runs, by: \.name)
            return registry.jobs.sorted { $0.key < $1.key }.map { name, job in
                JobOverview(
                    name: name, plugin: job.plugin, schedule: ScheduleTimes.words(job.body.schedule),
                    nextAt: schedules[name]?.nextAt, lastAt: schedules[name]?.lastAt, runs: byName[name] ?? [])
            }
        }
    }

    /// The runs that are not over or failed, and the latest of those that are done; the newest first.
    func runs(limit: Int = 500, done: Int = 50) async throws -> [JobRun] {
        try await engine.read { connection in
            func latest(_ condition: String, _ limit: Int) throws -> [JobRun] {
                try connection.all(
                    "SELECT \(JobRun.columns) FROM tenon_job WHERE \(condition) ORDER BY id DESC LIMIT ?", [.integer(Int64(limit))], JobRun.init)
            }
            return (try latest("state <> 'done'", limit) + latest("state = 'done'", done)).sorted { $0.id > $1.id }
        }
    }

    /// The runs that failed for good, the latest first.
    func failed(limit: Int = 200) async throws -> [JobRun] {
        try await engine.read { connection in
            try connection.all(
                "SELECT \(JobRun.columns) FROM tenon_job WHERE state = 'failed' ORDER BY id DESC LIMIT ?", [.integer(Int64(limit))],
                JobRun.init)
        }
    }
}

/// A job and its latest runs, the newest first.
struct JobOverview: Sendable {
    let name: String
    let plugin: String
    let schedule: String
    let nextAt: Moment?
    let lastAt: Moment?
    let runs: [JobRun]

    /// What it is doing: its newest run that is not over, else how the newest one ended.
    var current: JobRun? {
        runs.first { $0.state == .running } ?? runs.first { $0.state == .queued } ?? runs.first
    }
}
