import PluginAPI
import Testing

@testable import Kernel

extension SalesHost {
    /// Runs a job of a plugin as the queue does.
    func runJob(_ name: String) async throws {
        let job = try #require(store.registry.jobs[name])
        try await job.body.body(Context(StoreContext(store: store, actor: actor(nil), plugin: job.plugin)))
    }

    /// How many runs of a job wait.
    func waiting(_ job: String) async throws -> Int64 {
        try await store.engine.read {
            try $0.integer("SELECT count(*) FROM tenon_job WHERE name = ? AND state = 'queued'", [.text(job)]) ?? 0
        }
    }

    /// The id of the user with a default role.
    func user(_ role: DefaultRole) throws -> Int64 { try #require(actor(role).userID) }
}
