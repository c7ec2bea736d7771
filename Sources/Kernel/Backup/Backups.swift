import Logging
import PluginAPI

/// Backups of a deployment that runs.
struct Backups: Sendable {
    let kernel: Kernel

    /// The bytes of a backup as of now, piece by piece. One that could not be written to its end lacks its end, which whoever
    /// reads it sees.
    func stream(for actor: Actor) async throws -> AsyncStream<[UInt8]> {
        try await note(actor)
        let pipe = PiecePipe()
        let (engine, registry, folder, clock) = (kernel.store.engine, kernel.store.registry, kernel.options.dataDirectory, kernel.clock)
        Task(executorPreference: LongWork.shared) {
            do {
                try await engine.read { connection in
                    let writer = BackupWriter(connection, engine.dialect, registry, dataDirectory: folder, at: clock.now) { try pipe.put($0) }
                    try writer.write()
                }
            } catch {
                Logger(label: "tenon.backup").error("a backup was not written to its end: \(error)")
            }
            pipe.finish()
        }
        return pipe.stream
    }

    /// Who took a copy of everything, and when.
    private func note(_ actor: Actor) async throws {
        let now: Moment = kernel.clock.now
        _ = try await kernel.store.engine.write { connection in
            try connection.execute(
                "INSERT INTO tenon_audit (entity, record, version, at, user_id, via, action, changes) VALUES ('backup', 0, 0, ?, ?, ?, 'taken', '{}')",
                [.integer(now.milliseconds), actor.userID.map(SQLValue.integer) ?? .null, .text(actor.via)])
        }
    }
}
