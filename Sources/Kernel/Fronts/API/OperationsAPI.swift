import PluginAPI

/// Figures for whoever watches over the deployment, in the text format of Prometheus: for local callers and those with the
/// right to see operations.
struct OperationsAPI: Sendable {
    let kernel: Kernel

    func figures(_ request: FrontRequest) async throws -> FrontResponse {
        guard let caller = try await kernel.authenticator.caller(for: request) else {
            throw CRMError(.unauthenticated, "nobody is logged in", hint: "Send a token: Authorization: Bearer …")
        }
        try caller.actor.require(.seeOperations)
        let deliveries = try await kernel.deliveries.counts()
        let text = try await kernel.store.engine.read { connection in
            func count(_ sql: String) throws -> Int64 { try connection.integer(sql) ?? 0 }
            return """
                # TYPE tenon_deliveries_pending gauge
                tenon_deliveries_pending \(deliveries.pending)
                # TYPE tenon_deliveries_failed gauge
                tenon_deliveries_failed \(deliveries.failed)
                # TYPE tenon_jobs_queued gauge
                tenon_jobs_queued \(try count("SELECT count(*) FROM tenon_job WHERE state = 'queued'"))
                # TYPE tenon_jobs_failed gauge
                tenon_jobs_failed \(try count("SELECT count(*) FROM tenon_job WHERE state = 'failed'"))
                # TYPE tenon_sessions gauge
                tenon_sessions \(try count("SELECT count(*) FROM tenon_session"))

                """
        }
        return FrontResponse(200, contentType: "text/plain; version=0.0.4; charset=utf-8", Array(text.utf8))
    }
}
