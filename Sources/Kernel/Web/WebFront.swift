import Logging
import PluginAPI

/// The front for browsers: every page below `/admin`, coming in and going out. Complete without script; what script adds
/// are parts of the same pages.
struct WebFront: Sendable {
    let kernel: Kernel
    private static let logger = Logger(label: "tenon.web")

    /// The files that pages need, each with a mark of its content.
    var assets: AssetPaths {
        let files = kernel.assets
        return AssetPaths { files.path($0) }
    }

    var store: Store { kernel.store }
    var authenticator: Authenticator { kernel.authenticator }

    /// Answers any request. Never throws: a failure is a page too.
    func respond(_ request: FrontRequest) async -> FrontResponse {
        do {
            // Whoever logs in needs no earlier session, and may have one from another window.
            if request.path.first == "login", request.method == "POST" {
                return try await LoginScreen(front: self, request: request).respond(nil)
            }
            // Whoever may not come in now may still come in as somebody else.
            if request.path.first == "login", kernel.options.safeMode != nil {
                return try await LoginScreen(front: self, request: request).respond(try? await authenticator.caller(for: request))
            }
            let caller = try await authenticator.caller(for: request)
            if request.path.first == "login" { return try await LoginScreen(front: self, request: request).respond(caller) }
            if request.path.first == "logout" {
                guard request.method == "POST" else { return .redirect("/admin") }
                return try await LoginScreen(front: self, request: request).logout()
            }
            guard let caller else { return stranger(request) }
            return await respond(request, caller)
        } catch { return ErrorScreen.alone(told(error)) }
    }

    /// Nobody is logged in: pages go to the log-in and back, parts say so.
    private func stranger(_ request: FrontRequest) -> FrontResponse {
        if !(request.headers["tenon-fragment"] ?? "").isEmpty || request.path.last == "events" {
            return Problems.response(CRMError(.unauthenticated, "nobody is logged in", hint: "Log in again."))
        }
        let here = QueryState(request.query).href(request.rawPath)
        return .redirect(request.method == "GET" && here != "/admin" ? "/login?next=" + here.percentEncoded : "/login")
    }

    private func respond(_ request: FrontRequest, _ caller: Caller) async -> FrontResponse {
        var visit = Visit(front: self, request: request, caller: caller, form: FormBody())
        do {
            guard ["GET", "HEAD", "POST"].contains(request.method) else {
                throw CRMError(.malformed, "\(request.method) is not possible here")
            }
            if visit.isPost { visit = Visit(front: self, request: request, caller: caller, form: try FormBody(request)) }
            try admit(visit)
            return try await route(visit)
        } catch { return await ErrorScreen.respond(told(error), visit) }
    }

    /// A failure as it may be told; what is a defect goes to the log in full.
    private func told(_ error: any Error) -> CRMError {
        kernel.trouble.told(error, store.engine.dialect)
    }

    // MARK: Routes

    /// Throws unless there is such a page, and the reader has what it asks for.
    private func admit(_ visit: Visit) throws {
        guard case .rule(let rule) = RouteTable.web.find(visit.request.method, visit.path) else {
            // Whatever else is wrong with the address, an entity that is not there is the first thing to say.
            if visit.path.count > 1, !RouteTable.web.names(visit.path[1]) { _ = try visit.entity(visit.path[1]) }
            throw unknown(visit)
        }
        if let name = rule.part("entity", of: visit.path) { _ = try visit.entity(name) }
        try rule.admit(visit.actor, visit.path, visit.registry)
    }

    /// The code behind the pages, each of which checks for itself, too, what it needs.
    func route(_ visit: Visit) async throws -> FrontResponse {
        let parts = Array(visit.path.dropFirst())
        guard let first = parts.first else { return try await HomeScreen(visit: visit).respond() }
        let rest = Array(parts.dropFirst())
        switch first {
        case "login": return .redirect("/login")
        case "search": return try await SearchScreen(visit: visit).respond()
        case "lookup":
            guard let path = rest.first else { throw unknown(visit) }
            return try await SearchScreen(visit: visit).lookup(try visit.entity(path))
        case "events", "notifications": return try await NoticeScreen(visit: visit).respond(parts)
        case "profile": return try await ProfileScreen(visit: visit).respond(rest)
        case "plugins": return try await PluginScreen(visit: visit).respond(rest)
        case "settings": return try await SettingsScreen(visit: visit).respond(rest)
        case "formulas" where visit.isPost && rest == ["check"]: return FormulaCheckScreen(visit: visit).respond()
        case "fields": return try await CustomFieldScreen(visit: visit).respond(rest)
        case "changes": return try await ChangeScreen(visit: visit).respond(rest)
        case "dashboards": return try await DashboardScreen(visit: visit).respond(rest)
        case "imports": return try await ImportScreen(visit: visit).respond(rest)
        case "jobs": return try await JobScreen(visit: visit).respond(rest)
        case "crashes": return try await CrashScreen(visit: visit).respond(rest)
        case "traces": return try await TraceScreen(visit: visit).respond(rest)
        case "explain": return try await ExplainScreen(visit: visit).respond()
        default: return try await records(visit, try visit.entity(first), rest)
        }
    }

    private func records(_ visit: Visit, _ entity: EntityModel, _ rest: [String]) async throws -> FrontResponse {
        switch (rest.first, rest.count) {
        case (nil, _): return try await ListScreen(visit: visit, entity: entity).respond()
        case ("board", 1): return try await BoardScreen(visit: visit, entity: entity).respond()
        case ("new", 1): return try await FormScreen(visit: visit, entity: entity, id: nil).respond()
        case ("bulk", 2): return try await BulkScreen(visit: visit, entity: entity, change: rest[1]).respond()
        case ("merge", 1): return try await MergeScreen(visit: visit, entity: entity).respond()
        case ("duplicates", 1): return try await DuplicateScreen(visit: visit, entity: entity).respond()
        case ("columns", 1) where visit.isPost: return try await ListChanges(visit: visit, entity: entity).setColumns()
        case ("order", 1) where visit.isPost && entity.positionField != nil: return try await OrderScreen(visit: visit, entity: entity).respond()
        case ("views", 1) where visit.isPost: return try await ListChanges(visit: visit, entity: entity).saveView()
        case ("views", 3) where visit.isPost && rest[2] == "delete":
            return try await ListChanges(visit: visit, entity: entity).deleteView(try visit.id(rest[1]))
        default: return try await record(visit, entity, try visit.id(rest[0]), Array(rest.dropFirst()))
        }
    }

    private func record(_ visit: Visit, _ entity: EntityModel, _ id: RecordID, _ rest: [String]) async throws -> FrontResponse {
        let changes = RecordChanges(visit: visit, entity: entity, id: id)
        switch (rest.first, rest.count) {
        case (nil, _):
            if entity.name == "role" { return try await RoleScreen(visit: visit, entity: entity, id: id).respond() }
            return try await RecordScreen(visit: visit, entity: entity, id: id).respond()
        case ("edit", 1): return try await FormScreen(visit: visit, entity: entity, id: id).respond()
        case ("resolve", 1) where visit.isPost: return try await ConflictScreen(visit: visit, entity: entity, id: id).resolve()
        case ("merge-in", 1): return try await MergeInScreen(visit: visit, entity: entity, id: id).respond()
        case ("delete", 1): return try await changes.delete()
        case ("undo", 1) where visit.isPost: return try await changes.undo()
        case ("move", 1): return try await MoveScreen(visit: visit, entity: entity, id: id).respond()
        case ("cell", 2): return try await changes.cell(rest[1])
        case ("toggle", 2) where visit.isPost: return try await changes.toggle(rest[1])
        case ("timeline", 1): return try await timeline(visit, entity, id)
        case ("notes", _): return try await NoteScreen(visit: visit, entity: entity, id: id).respond(Array(rest.dropFirst()))
        case ("rights", 1) where entity.name == "role": return try await RoleScreen(visit: visit, entity: entity, id: id).save()
        case ("password", 1) where entity.name == "user": return try await ProfileScreen(visit: visit).setPassword(of: id)
        case ("actions", 2):
            guard let action = entity.action(rest[1]) else { throw CRMError(.notFound, "there is no action \(rest[1])") }
            return try await ActionScreen(visit: visit, entity: entity, action: action, id: id).respond()
        default: throw unknown(visit)
        }
    }

    private func timeline(_ visit: Visit, _ entity: EntityModel, _ id: RecordID) async throws -> FrontResponse {
        let before = visit.query["before"].flatMap { Int64($0) }
        let html = try await store.read(as: visit.actor) { transaction -> HTML in
            let part = TimelinePart(visit: visit, entity: entity, id: id, markup: visit.markup(transaction))
            return visit.fragment == "timeline" ? try part.entries(transaction, before: before) : try part.html(transaction, before: before)
        }
        if visit.fragment == "timeline" { return visit.part(html) }
        return try await visit.page(Page(title: "Timeline", current: "/admin/\(entity.path)", content: "<div class=\"narrow\">\(html)</div>"))
    }

    func unknown(_ visit: Visit) -> CRMError { CRMError(.notFound, "there is no page \(visit.request.rawPath)") }

    // MARK: The JSON front, for pages that show what it has

    /// Asks the JSON front within the process, as the same person. Throws what it refuses.
    func api(_ visit: Visit, _ method: String, _ path: [String], query: [FrontRequest.QueryItem] = [], _ body: JSONValue? = nil) async throws -> JSONValue {
        let bytes = body.map { body in JSONWriter.document { $0.tree(body) } } ?? []
        let answer = try await raw(visit, method, path, query: query, bytes, type: "application/json")
        guard let bytes = answer.body.bytes, !bytes.isEmpty else { return .null }
        return try JSONValue(parsing: bytes)
    }

    func raw(
        _ visit: Visit, _ method: String, _ path: [String], query: [FrontRequest.QueryItem] = [], _ bytes: [UInt8], type: String
    ) async throws -> FrontResponse {
        var request = visit.request
        request.method = method
        request.path = ["api", "v1"] + path
        request.query = query
        request.body = bytes
        request.headers["content-type"] = type
        for name in ["if-match", "idempotency-key", "content-length"] { request.headers[name] = nil }
        return try await APIFront(kernel: kernel).respond(request, visit.caller)
    }

    /// What everyone must know who works here now; nil mostly.
    func banner(for actor: Actor) async -> HTML? {
        guard actor.can(.managePlugins) else { return nil }
        if let reason = kernel.options.safeMode {
            let hint: HTML = "<p>No plugin is loaded: only what is here works. See the <a href=\"/admin/plugins\">plugins</a>, then start the server again as usual.</p>"
            return Parts.notice(.warn, "Safe mode: \(reason).", hint)
        }
        let quarantined: [Quarantine] = await kernel.plugins.quarantined.values.sorted { $0.plugin < $1.plugin }
        if quarantined.isEmpty { return nil }
        var named: [(name: String, reason: String)] = []
        for one in quarantined { named.append((await kernel.plugins.name(of: one.plugin), one.reason)) }
        let way: HTML = "<p>Everything else works without \(named.count == 1 ? "it" : "them"). <a href=\"/admin/plugins\">See the plugins</a> and the <a href=\"/admin/crashes\">crashes</a>.</p>"
        if named.count == 1 { return Parts.notice(.warn, "The plugin \(named[0].name) is in quarantine.", "<p>\(named[0].reason.asSentence)</p>\(way)") }
        let rest: HTML = named.html { "<p>\($0.name): \($0.reason).</p>" }
        return Parts.notice(.warn, "\(named.count) plugins are in quarantine.", "\(rest)\(way)")
    }
}
