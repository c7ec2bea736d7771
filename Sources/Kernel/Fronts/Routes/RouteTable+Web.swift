extension RouteTable {
    /// The pages.
    static let web = RouteTable(pages.map { RouteRule($0.methods, "/admin" + $0.path, $0.need) }, base: 1)

    private typealias Line = (methods: [String], path: String, need: RouteNeed)

    private static let page = ["GET"]
    private static let post = ["POST"]
    /// A form: shown, and sent to the same address.
    private static let form = ["GET", "POST"]

    private static var pages: [Line] { ofEveryone + ofTheDeployment + ofRecords + ofOneRecord }

    private static let ofEveryone: [Line] = [
        (page, "", .user),
        (page, "/login", .user),
        (page, "/search", .user),
        (page, "/lookup/{entity}", .right("view")),
        (page, "/events", .user),
        (page, "/notifications", .user),
        (form, "/notifications/{id}", .user),
        (page, "/profile", .user),
        (post, "/profile/appearance", .user),
        (post, "/profile/tracing", .user),
        (post, "/profile/password", .user),
        (post, "/profile/tokens", .user),
        (post, "/profile/tokens/{id}/revoke", .user),
        (post, "/formulas/check", .user),
        (page, "/dashboards", .user),
        (page, "/dashboards/{name}", .user),
        (page, "/changes", .user),
        (page, "/changes/{id}", .user),
        (post, "/changes/{id}/undo", .user),
        (page, "/explain", .user),
        (page, "/imports", .user),
        (form, "/imports/new", .somewhere("import")),
        (page, "/imports/{id}", .user),
        (form, "/imports/{id}/{step}", .user),
        (page, "/traces/{id}", .user),
    ]

    private static let ofTheDeployment: [Line] = [
        (page, "/plugins", .special(.managePlugins)),
        (page, "/plugins/{id}", .special(.managePlugins)),
        (form, "/plugins/{id}/{change}", .special(.managePlugins)),
        (page, "/settings", .settingsOrLists),
        (form, "/settings/import", .special(.manageSettings)),
        (form, "/settings/reset", .special(.manageSettings)),
        (post, "/settings/mail-test", .special(.manageSettings)),
        (form, "/settings/{section}", .special(.manageSettings)),
        (page, "/fields", .special(.customizeFields)),
        (form, "/fields/new", .special(.customizeFields)),
        (post, "/fields/check", .special(.customizeFields)),
        (form, "/fields/{id}/edit", .special(.customizeFields)),
        (form, "/fields/{id}/delete", .special(.customizeFields)),
        (page, "/jobs", .special(.seeOperations)),
        (page, "/jobs/queue", .special(.seeOperations)),
        (page, "/jobs/schedules", .special(.seeOperations)),
        (page, "/jobs/hooks", .special(.seeOperations)),
        (page, "/jobs/slow", .special(.seeOperations)),
        (page, "/jobs/servers", .special(.seeOperations)),
        (page, "/jobs/health", .special(.seeOperations)),
        (post, "/jobs/health/mend", .everything),
        (post, "/jobs/slow/forget", .all([.seeOperations, .managePlugins])),
        (post, "/jobs/failed/{id}/{change}", .all([.seeOperations, .managePlugins])),
        (post, "/jobs/queue/{id}/retry", .all([.seeOperations, .managePlugins])),
        (post, "/jobs/schedules/{name}/run", .all([.seeOperations, .managePlugins])),
        (page, "/crashes", .any([.managePlugins, .seeOperations])),
        (page, "/crashes/{id}", .any([.managePlugins, .seeOperations])),
        (page, "/traces", .special(.managePlugins)),
        (page, "/roles/{record}", .special(.manageRoles)),
        (post, "/roles/{record}/rights", .special(.manageRoles)),
        (form, "/users/{record}/password", .user),
    ]

    private static let ofRecords: [Line] = [
        (page, "/{entity}", .right("view")),
        (page, "/{entity}/board", .right("view")),
        (form, "/{entity}/new", .right("create")),
        (form, "/{entity}/bulk/{change}", .named("change")),
        (form, "/{entity}/merge", .right("edit")),
        (page, "/{entity}/duplicates", .right("view")),
        (post, "/{entity}/columns", .right("view")),
        (post, "/{entity}/order", .right("edit")),
        (post, "/{entity}/views", .right("view")),
        (post, "/{entity}/views/{id}/delete", .right("view")),
    ]

    private static let ofOneRecord: [Line] = [
        (page, "/{entity}/{id}", .right("view")),
        (form, "/{entity}/{id}/edit", .right("edit")),
        (post, "/{entity}/{id}/resolve", .right("edit")),
        (form, "/{entity}/{id}/merge-in", .right("edit")),
        (form, "/{entity}/{id}/delete", .right("delete")),
        (post, "/{entity}/{id}/undo", .right("edit")),
        (form, "/{entity}/{id}/move", .right("edit")),
        (form, "/{entity}/{id}/cell/{field}", .right("edit")),
        (post, "/{entity}/{id}/toggle/{field}", .right("edit")),
        (page, "/{entity}/{id}/timeline", .right("view")),
        (form, "/{entity}/{id}/notes", .right("view")),
        (form, "/{entity}/{id}/notes/{note}/edit", .right("view")),
        (post, "/{entity}/{id}/notes/{note}/delete", .right("view")),
        (form, "/{entity}/{id}/actions/{action}", .named("action")),
    ]
}
