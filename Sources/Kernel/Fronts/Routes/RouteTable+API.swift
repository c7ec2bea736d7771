extension RouteTable {
    /// The JSON front.
    static let api = RouteTable(ofTheAPI.map { RouteRule($0.methods, "/api/v1" + $0.path, $0.need) }, base: 2)

    /// What stands beside the JSON front and the pages. Plugins' own routes are open as far as their declaration says.
    static let beside: [RouteRule] = [
        RouteRule(["GET"], "/healthz", .nothing), RouteRule(["GET"], "/readyz", .nothing), RouteRule(["GET"], "/openapi.json", .nothing),
        RouteRule(["GET"], "/assets/{file}", .nothing), RouteRule(["GET"], "/", .nothing),
        RouteRule(["GET", "POST"], "/login", .nothing), RouteRule(["POST"], "/logout", .nothing),
        RouteRule(["GET"], "/metrics", .special(.seeOperations)),
    ]

    private typealias Line = (methods: [String], path: String, need: RouteNeed)

    private static var ofTheAPI: [Line] { ofEveryone + ofTheDeployment + ofOperations + ofEntities }

    /// What everybody has who is somebody; each finds there what is theirs.
    private static let ofEveryone: [Line] = [
        (["GET"], "/me", .user),
        (["GET"], "/schema", .user),
        (["GET"], "/search", .user),
        (["GET"], "/status", .user),
        (["GET", "POST"], "/tokens", .user),
        (["DELETE"], "/tokens/{id}", .user),
        (["POST"], "/users/{id}/password", .user),
        (["GET"], "/access/explain", .user),
        (["GET"], "/notifications", .user),
        (["GET"], "/notifications/events", .user),
        (["POST"], "/notifications/read-all", .user),
        (["POST"], "/notifications/{id}/read", .user),
        (["GET"], "/metrics", .user),
        (["GET"], "/metrics/{key}", .user),
        (["GET"], "/dashboards", .user),
        (["GET"], "/dashboards/{name}", .user),
        (["GET"], "/changes", .user),
        (["GET"], "/changes/{id}", .user),
        (["POST"], "/changes/{id}/undo", .user),
        (["POST"], "/formulas/check", .user),
        (["GET"], "/formulas/functions", .user),
        (["GET"], "/traces/{id}", .user),
        // Whoever made an import may see what became of it, even when the right to make another is gone.
        (["GET"], "/imports", .user),
        (["POST"], "/imports", .somewhere("import")),
        (["GET", "PATCH", "DELETE"], "/imports/{id}", .user),
        (["GET"], "/imports/{id}/errors", .user),
        (["GET"], "/imports/{id}/errors.csv", .user),
        (["GET"], "/imports/{id}/problems", .user),
        (["GET"], "/imports/{id}/problems.csv", .user),
        (["POST"], "/imports/{id}/check", .user),
        (["POST"], "/imports/{id}/run", .user),
        (["POST"], "/imports/{id}/cancel", .user),
        (["POST"], "/imports/{id}/revert", .user),
    ]

    private static let ofTheDeployment: [Line] = [
        (["GET"], "/roles/matrix", .right("view")),
        (["GET", "PATCH"], "/settings", .special(.manageSettings)),
        (["GET"], "/settings/export", .special(.manageSettings)),
        (["GET"], "/settings/history", .special(.manageSettings)),
        (["POST"], "/settings/import", .special(.manageSettings)),
        (["POST"], "/settings/reset", .special(.manageSettings)),
        (["GET", "PATCH", "DELETE"], "/settings/{key}", .special(.manageSettings)),
        (["POST"], "/mail/test", .special(.manageSettings)),
        (["GET", "POST"], "/custom-fields", .special(.customizeFields)),
        (["GET", "PATCH", "DELETE"], "/custom-fields/{id}", .special(.customizeFields)),
        (["GET", "POST"], "/deployment", .all([.managePlugins, .customizeFields, .manageSettings, .manageRoles])),
        (["GET"], "/plugins", .any([.managePlugins, .seeOperations])),
        (["POST"], "/plugins/plan", .special(.managePlugins)),
        (["POST"], "/plugins/restore", .special(.managePlugins)),
        (["POST"], "/plugins/enable", .special(.managePlugins)),
        (["POST"], "/plugins/disable", .special(.managePlugins)),
        (["POST"], "/plugins/upgrade", .special(.managePlugins)),
        (["POST"], "/plugins/uninstall", .special(.managePlugins)),
        (["GET"], "/plugins/{id}", .any([.managePlugins, .seeOperations])),
        (["GET"], "/plugins/{id}/history", .any([.managePlugins, .seeOperations])),
        (["GET"], "/plugins/{id}/uses", .any([.managePlugins, .seeOperations])),
        (["POST"], "/plugins/{id}/enable", .special(.managePlugins)),
        (["POST"], "/plugins/{id}/disable", .special(.managePlugins)),
        (["POST"], "/plugins/{id}/upgrade", .special(.managePlugins)),
        (["POST"], "/plugins/{id}/uninstall", .special(.managePlugins)),
        (["POST"], "/plugins/{id}/release", .special(.managePlugins)),
    ]

    private static let ofOperations: [Line] = [
        (["GET"], "/doctor", .special(.seeOperations)),
        (["POST"], "/doctor", .everything),
        (["GET"], "/backup", .everything),
        (["GET"], "/status/peers", .any([.seeOperations, .managePlugins])),
        (["GET"], "/crashes", .any([.managePlugins, .seeOperations])),
        (["GET"], "/crashes/{id}", .any([.managePlugins, .seeOperations])),
        (["GET"], "/jobs", .special(.seeOperations)),
        (["GET"], "/jobs/queue/{id}", .special(.seeOperations)),
        (["POST"], "/jobs/queue/{id}/retry", .all([.seeOperations, .managePlugins])),
        (["POST"], "/jobs/queue/{id}/cancel", .all([.seeOperations, .managePlugins])),
        (["POST"], "/jobs/{name}/run", .all([.seeOperations, .managePlugins])),
        (["GET"], "/hooks", .special(.seeOperations)),
        (["GET"], "/hooks/rules", .special(.seeOperations)),
        (["GET"], "/hooks/failed", .special(.seeOperations)),
        (["POST"], "/hooks/failed/{id}/retry", .all([.seeOperations, .managePlugins])),
        (["POST"], "/hooks/failed/{id}/discard", .all([.seeOperations, .managePlugins])),
        (["GET"], "/hooks/events/{id}", .special(.seeOperations)),
        (["GET"], "/hooks/slow", .special(.seeOperations)),
        (["DELETE"], "/hooks/slow", .all([.seeOperations, .managePlugins])),
        (["GET"], "/traces", .special(.managePlugins)),
    ]

    /// Of every entity of every plugin. How far a right reaches is decided by record.
    private static let ofEntities: [Line] = [
        (["GET"], "/{entity}", .right("view")),
        (["POST"], "/{entity}", .right("create")),
        (["GET"], "/{entity}/export", .right("export")),
        (["GET"], "/{entity}/board", .right("view")),
        (["GET"], "/{entity}/cards", .right("view")),
        (["POST"], "/{entity}/order", .right("edit")),
        // Which change it is says the body; each record succeeds or is refused by itself.
        (["POST"], "/{entity}/bulk", .right("view")),
        (["GET", "POST"], "/{entity}/duplicates", .right("view")),
        (["GET"], "/{entity}/{id}", .right("view")),
        (["PATCH", "PUT"], "/{entity}/{id}", .right("edit")),
        (["DELETE"], "/{entity}/{id}", .right("delete")),
        (["GET"], "/{entity}/{id}/timeline", .right("view")),
        (["GET"], "/{entity}/{id}/duplicates", .right("view")),
        (["GET"], "/{entity}/{id}/merge", .right("view")),
        (["POST"], "/{entity}/{id}/merge", .right("edit")),
        (["GET", "POST"], "/{entity}/{id}/notes", .right("view")),
        (["GET", "PATCH", "PUT", "DELETE"], "/{entity}/{id}/notes/{note}", .right("view")),
        (["GET"], "/{entity}/{id}/panels", .right("view")),
        (["GET"], "/{entity}/{id}/panels/{name}", .right("view")),
        (["POST"], "/{entity}/{id}/move", .right("edit")),
        (["GET", "POST"], "/{entity}/{id}/actions/{action}", .named("action")),
    ]
}
