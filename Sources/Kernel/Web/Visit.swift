import PluginAPI

/// One request of a person's browser: who asks, what was sent, and how to answer.
struct Visit: Sendable {
    let front: WebFront
    let request: FrontRequest
    let caller: Caller
    let form: FormBody

    var actor: Actor { caller.actor }
    var store: Store { front.store }
    var registry: Registry { front.store.registry }
    var csrf: String { caller.csrf ?? "" }
    var query: QueryState { QueryState(request.query) }
    var path: [String] { request.path }
    var isPost: Bool { request.method == "POST" }
    /// Which inner part of a page the script asks for; empty for whole pages.
    var fragment: String { request.headers["tenon-fragment"] ?? "" }
    var isDialog: Bool { fragment == "dialog" }
    /// Today in the deployment's time zone.
    var today: Day { front.store.settings.calendar.day(of: front.store.clock.now) }
    var userName: String { actor.userID.flatMap { actor.rights.people[$0]?.name } ?? "Tenon" }

    // MARK: Answers

    /// A whole page in the frame.
    func page(_ page: Page, status: Int = 200) async throws -> FrontResponse {
        let html = page.html(in: try await shell())
        var response = FrontResponse.html(html.bytes, status: status)
        if request.cookie(Flash.cookie) != nil { response = response.with("set-cookie", "\(Flash.cookie)=; Path=/; Max-Age=0") }
        return response
    }

    /// Something that opens over the page where script runs, and is a page of its own where it does not.
    func dialog(_ title: String, current: String, status: Int = 200, _ body: HTML) async throws -> FrontResponse {
        if isDialog { return .html(Parts.dialog(title, body).bytes, status: status) }
        let content: HTML = "<div class=\"narrow\">\(Parts.head(title))<section class=\"card-box\"><div class=\"body\">\(body)</div></section></div>"
        return try await page(Page(title: title, current: current, content: content), status: status)
    }

    /// The way on after a change, with what to say about it there.
    func done(_ href: String, _ text: String, undo: String = "") -> FrontResponse {
        let flash = Flash(text: text, undo: undo)
        let cookie = "\(Flash.cookie)=\(flash.encoded); Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        if !fragment.isEmpty {
            return FrontResponse(200, headers: [("tenon-location", href), ("set-cookie", cookie)], body: .bytes([]))
        }
        return FrontResponse.redirect(href).with("set-cookie", cookie)
    }

    func part(_ html: HTML, status: Int = 200) -> FrontResponse { .html(html.bytes, status: status) }

    // MARK: The frame

    private func shell() async throws -> Shell {
        let menu = Menu(registry: registry, actor: actor)
        let (unread, waiting) = try await store.read(as: actor) { (try $0.unreadNotices(), menu.waiting($0)) }
        var shell = Shell()
        shell.userName = userName
        shell.csrf = csrf
        shell.unread = unread
        shell.theme = request.cookie("tenon_theme") ?? ""
        shell.isNarrow = request.cookie("tenon_side") == "narrow"
        shell.hasShortcuts = request.cookie("tenon_keys") != "off"
        shell.flash = request.cookie(Flash.cookie).flatMap(Flash.init(encoded:))
        shell.groups = menu.groups(waiting)
        shell.creates = menu.creates
        shell.banner = await front.banner(for: actor)
        shell.assets = front.assets
        shell.tracing = TraceScreen.strip(self)
        return shell
    }

    // MARK: Access to what the address names

    /// The entity that an address names, if the reader may see it at all.
    func entity(_ path: String) throws -> EntityModel {
        guard let entity = registry.entity(path: path) else {
            throw CRMError(.notFound, "there is no page \(request.rawPath)", hint: "Its plugin may be switched off.")
        }
        try actor.require("view", on: entity)
        return entity
    }

    func id(_ text: String) throws -> RecordID {
        guard let id = Int64(text), id > 0 else { throw CRMError(.notFound, "there is no page \(request.rawPath)") }
        return RecordID(id)
    }

    /// Shows values to this reader within a transaction.
    func markup(_ transaction: StoreTransaction, labels: LabelCache? = nil) -> ValueMarkup {
        let registry = transaction.registry
        let actor = actor
        let cache = labels ?? LabelCache(transaction)
        return ValueMarkup(
            label: { cache.label($0, $1) },
            path: { name in registry.entity(name).flatMap { actor.can("view", on: name) ? $0.path : nil } },
            display: Display(calendar: transaction.settings.calendar), now: transaction.now,
            fieldNames: { FieldNames.labels($0, of: registry.entity($1)) })
    }
}

extension Flash {
    static let cookie = "tenon_flash"

    /// For a cookie: percent-encoded, the text and the address apart.
    var encoded: String { text.percentEncoded + "!" + undo.percentEncoded }

    init?(encoded: String) {
        let parts = encoded.split(separator: "!", omittingEmptySubsequences: false)
        guard parts.count == 2, let text = String(parts[0]).percentDecoded(plusIsSpace: false),
            let undo = String(parts[1]).percentDecoded(plusIsSpace: false)
        else { return nil }
        // Only our own addresses: a cookie may have been set by anyone.
        self.init(text: String(text.prefix(300)), undo: undo.hasPrefix("/admin/") ? undo : "")
    }

    init(text: String) { self.init(text: text, undo: "") }
}

/// The names of records, read once a request.
final class LabelCache {
    private let transaction: StoreTransaction
    private let choices: RecordChoices
    private var known: [String: [Int64: String]] = [:]

    init(_ transaction: StoreTransaction, choices: RecordChoices? = nil) {
        self.transaction = transaction
        self.choices = choices ?? RecordChoices(transaction)
    }

    /// Reads the names of all records that some records' fields point at, with one query an entity.
    func load(_ records: [RecordData], _ fields: [FieldModel]) throws {
        var wanted: [String: Set<Int64>] = [:]
        for field in fields {
            guard let target = field.target else { continue }
            for record in records {
                switch record.values[field.place] {
                case .integer(let id): wanted[target, default: []].insert(id)
                case .list(let ids): wanted[target, default: []].formUnion(ids.map(\.raw))
                default: break
                }
            }
        }
        for (target, ids) in wanted { known[target, default: [:]].merge(try transaction.labels(target, ids)) { $1 } }
    }

    func label(_ entity: String, _ id: Int64) -> ValueMarkup.Label? {
        if known[entity]?[id] == nil, let found = try? transaction.label(entity, id) { known[entity, default: [:]][id] = found }
        guard let text = known[entity]?[id] else { return nil }
        return ValueMarkup.Label(text: text, color: (try? choices.color(entity, id)) ?? "")
    }
}

/// What the reader finds in the menu.
struct Menu {
    let registry: Registry
    let actor: Actor

    /// Beyond so many it is not worth counting.
    static let mostWaiting = 99

    /// What administrators look after, and how many of each wait for somebody.
    func waiting(_ transaction: StoreTransaction) -> [String: Int] {
        var counts: [String: Int] = [:]
        for entity in lookedAfter {
            guard let filter = entity.schema.waiting else { continue }
            // What hides the field from the reader hides the count as well.
            counts[entity.name] = (try? transaction.count(entity.name, where: filter, atMost: Menu.mostWaiting + 1)) ?? 0
        }
        return counts
    }

    private var lookedAfter: [EntityModel] {
        registry.entities.filter { $0.schema.isAdministration && !$0.schema.isLookup && $0.plugin != Composition.kernel && actor.can("view", on: $0.name) }
    }

    private func isWorkedWith(_ entity: EntityModel) -> Bool {
        !entity.schema.isLookup && !entity.schema.isAdministration && entity.plugin != Composition.kernel
    }

    func groups(_ waiting: [String: Int] = [:]) -> [Shell.Group] {
        var groups: [Shell.Group] = [.init(title: "", items: [.init(title: "Home", icon: "home", href: "/admin", key: "h")])]
        for dashboard in registry.dashboards where seesAnything(of: dashboard.body.name) {
            groups[0].items.append(.init(title: dashboard.body.title, icon: "chart", href: "/admin/dashboards/" + dashboard.body.name))
        }
        var taken: Set<Character> = ["h", "p", "s"]
        for entity in registry.entities where isWorkedWith(entity) && actor.can("view", on: entity.name) {
            var item = Shell.Item(title: entity.pluralTitle, icon: IconName.of(entity.schema.iconName), href: "/admin/" + entity.path)
            if let letter = entity.pluralTitle.lowercased().first(where: { $0.isASCII && $0.isLetter && !taken.contains($0) }) {
                taken.insert(letter)
                item.key = String(letter)
            }
            let title = entity.schema.menuGroup
            if let place = groups.firstIndex(where: { $0.title == title }) {
                groups[place].items.append(item)
            } else {
                groups.append(.init(title: title, items: [item]))
            }
        }
        let administration = administration(waiting)
        if !administration.isEmpty { groups.append(.init(title: "Administration", items: administration)) }
        return groups
    }

    /// Whether a part of a dashboard is about records that the reader may see some of.
    private func seesAnything(of dashboard: String) -> Bool {
        registry.widgets.contains { owned in
            guard owned.body.dashboard == dashboard else { return false }
            if case .records(let list, _, _) = owned.body.widget.content { return actor.can("view", on: list.entity) }
            let keys = owned.body.widget.series.map(\.metric)
            return registry.metrics.contains { keys.contains($0.body.key) && actor.can("view", on: $0.body.entity) }
        }
    }

    private func administration(_ waiting: [String: Int]) -> [Shell.Item] {
        var items: [Shell.Item] = lookedAfter.map { entity in
            Shell.Item(
                title: entity.pluralTitle, icon: IconName.of(entity.schema.iconName), href: "/admin/" + entity.path, waiting: waiting[entity.name] ?? 0)
        }
        for (name, icon) in [("user", "users"), ("team", "flag"), ("role", "shield"), ("webhook", "link")] {
            guard let entity = registry.entity(name), actor.can("view", on: name), actor.can(name == "role" ? .manageRoles : .manageUsers) else { continue }
            items.append(.init(title: entity.pluralTitle, icon: icon, href: "/admin/" + entity.path))
        }
        if actor.can(.managePlugins) { items.append(.init(title: "Plugins", icon: "plugin", href: "/admin/plugins", key: "p")) }
        if actor.can(.customizeFields) { items.append(.init(title: "Custom fields", icon: "field", href: "/admin/fields")) }
        if registry.entities.contains(where: { actor.can("import", on: $0.name) }) {
            items.append(.init(title: "Imports", icon: "upload", href: "/admin/imports"))
        }
        if actor.can(.seeOperations) { items.append(.init(title: "Changes", icon: "undo", href: "/admin/changes")) }
        if actor.can(.seeOperations) { items.append(.init(title: "Jobs and hooks", icon: "clock", href: "/admin/jobs")) }
        if actor.can(.manageSettings) || registry.entities.contains(where: { $0.schema.isLookup && actor.can("edit", on: $0.name) }) {
            items.append(.init(title: "Settings", icon: "settings", href: "/admin/settings", key: "s"))
        }
        return items
    }

    var creates: [Shell.Item] {
        registry.entities.filter { isWorkedWith($0) && actor.can("create", on: $0.name) }.map { entity in
            Shell.Item(
                title: entity.pluralTitle, icon: IconName.of(entity.schema.iconName), href: "/admin/\(entity.path)/new", one: entity.title)
        }
    }
}
