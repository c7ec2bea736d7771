import PluginAPI

/// `GET /api/v1/backup`: everything that there is, as one file. For administrators alone: it holds what masks hide and what secrets
/// are checked by.
struct BackupAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.isEmpty else { throw APIFront.unknown(request) }
        guard request.method == "GET" else { return APIFront.wrongMethod(request, "GET") }
        try Self.require(caller.actor)
        let stamp: String = kernel.clock.now.description.filter { $0.isNumber || $0 == "T" || $0 == "Z" }
        return FrontResponse(
            200,
            headers: [
                ("content-type", "application/x-tar"), ("content-disposition", "attachment; filename=\"tenon-\(stamp).tar\""),
                ("cache-control", "no-store"),
            ],
            body: .stream(try await Backups(kernel: kernel).stream(for: caller.actor)))
    }

    static func require(_ actor: Actor, _ what: String = "take a backup") throws {
        if actor.isElevated { return }
        guard let user = actor.userID, actor.rights.administrators.contains(user) else {
            throw CRMError(.forbidden, "only administrators may \(what)", hint: "It concerns everything, also what roles hide.")
        }
    }
}
