import PluginAPI
import Testing

@testable import Kernel

@Suite("Which address answers whom") struct RouteMatrixTests {
    private static var rules: [RouteRule] { RouteTable.beside + RouteTable.api.rules + RouteTable.web.rules }

    /// The addresses of the kernel, each with those who get past its door; that of one kind of record stands for all kinds.
    private func matrix(_ host: PublicHost, _ askers: [Asker], _ rules: [RouteRule]) async throws -> String {
        var lines: [String] = []
        for rule in rules {
            for method in rule.methods where method != "PUT" {
                let path = FilledRoute.fill(rule, ["entity": "leads"])
                var inside: [String] = []
                for asker in askers {
                    var verdict = Verdict(await host.kernel.front.respond(PublicHost.request(method, path, as: asker.email)))
                    // What is open may well lead to the log-in.
                    if rule.need == .nothing || rule.pattern == "/admin/login", verdict == .stranger { verdict = .allowed }
                    #expect(verdict != .broken, "\(method) \(rule.pattern) as \(asker.name)")
                    // Who is nobody is asked to log in, who is somebody is told no.
                    if verdict == .stranger { #expect(asker.email == nil, "\(method) \(rule.pattern) as \(asker.name)") }
                    if verdict == .refused { #expect(asker.email != nil, "\(method) \(rule.pattern) as nobody") }
                    if verdict == .allowed { inside.append(asker.name) }
                }
                let whom: String =
                    inside.count == askers.count ? "everyone"
                    : inside == askers.dropFirst().map(\.name) ? "users" : inside.joined(separator: " ")
                lines.append("\(method) \(rule.pattern): \(whom)")
            }
        }
        return lines.joined(separator: "\n")
    }

    @Test func `every address of the kernel answers those whom the matrix names, and no others`() async throws {
        let host = try await PublicHost()
        let askers = try await host.askers()
        let found = try await matrix(host, askers, RouteMatrixTests.rules)
        let (a, b) = (found.split(separator: "\n"), RouteMatrix.text.split(separator: "\n"))
        let gone = b.filter { !a.contains($0) }
        let new = a.filter { !b.contains($0) }
        #expect(found == RouteMatrix.text, "\(new.isEmpty && gone.isEmpty ? found : "now: \(new.joined(separator: "\n")); in the matrix: \(gone.joined(separator: "\n"))")")
    }

    // MARK: Every entity

    /// Whether roles' grants hold what a rule asks for: worked out here from the stored grants alone.
    private func expected(_ route: FilledRoute, _ grants: RoleGrants, _ registry: Registry) -> Bool {
        func has(_ right: String, _ entity: String) -> Bool {
            // What the product alone writes, nobody else does.
            if registry.closed[entity]?.contains(right) == true { return false }
            if entity == "webhook_delivery", ["create", "edit", "import"].contains(right) { return false }
            return grants.isEverything || grants.entities[entity]?[right] != nil
        }
        func special(_ right: SpecialRight) -> Bool { grants.isEverything || grants.specials.contains(right) }
        switch route.rule.need {
        case .nothing, .user: return true
        case .everything: return grants.isEverything
        case .all(let rights): return rights.allSatisfy(special)
        case .any(let rights): return rights.contains(where: special)
        case .rights(let rights): return rights.allSatisfy { has($0, route.entity?.name ?? "") }
        case .named: return has(route.named, route.entity?.name ?? "")
        case .somewhere(let right): return registry.entities.contains { has(right, $0.name) }
        case .settingsOrLists:
            return special(.manageSettings) || registry.entities.contains { $0.schema.isLookup && (has("edit", $0.name) || has("create", $0.name)) }
        }
    }

    /// All addresses of one kind of record, for one who asks.
    private func routes(_ entity: EntityModel, _ host: PublicHost, _ email: String?) async throws -> [FilledRoute] {
        var routes: [FilledRoute] = []
        for rule in RouteMatrixTests.rules where rule.isOfEntities {
            var parts: [String: String] = ["entity": entity.path, "field": entity.labelField, "name": entity.panels.first?.name ?? "moon"]
            if rule.parts.contains(.named("id")), let email { parts["id"] = try await host.record(of: entity, for: email, need: rule.need) }
            let names: [String]
            switch rule.need {
            case .named("change"): names = ["edit", "delete"] + entity.actions.map(\.name)
            case .named: names = entity.actions.map(\.name)
            default: names = [""]
            }
            for name in names {
                (parts["change"], parts["action"]) = (name, name)
                for method in rule.methods {
                    routes.append(FilledRoute(method: method, path: FilledRoute.fill(rule, parts), rule: rule, entity: entity, named: name))
                }
            }
        }
        return routes
    }

    @Test func `every address of every kind of record answers each role as its grants say, and so does the code behind the door`() async throws {
        let host = try await PublicHost()
        try await host.kernel.fillDemo()
        let askers = try await host.askers()
        let registry = host.kernel.store.registry
        let roles = Dictionary(host.kernel.rights.roles.values.map { ($0.key, $0.grants) }) { first, _ in first }
        var counts: [Verdict: Int] = [:]
        for asker in askers {
            for entity in registry.entities {
                for route in try await routes(entity, host, asker.email) {
                    let request = PublicHost.request(route.method, route.path, as: asker.email)
                    // The code behind the door first: afterwards the record may be gone.
                    let isAllowed = asker.role.map { expected(route, roles[$0.rawValue] ?? RoleGrants(), registry) }
                    if let isAllowed {
                        let status = try await host.behind(request)
                        if isAllowed {
                            #expect(status != 403 && status != 401, "behind \(route.line) as \(asker.name): what is declared is not enough")
                        } else if route.method != "GET" || route.path.first == "api" {
                            #expect(status >= 400, "behind \(route.line) as \(asker.name): only the door keeps it shut")
                        }
                    }
                    let verdict = Verdict(await host.kernel.front.respond(request))
                    counts[verdict, default: 0] += 1
                    let wanted: Verdict = isAllowed.map { $0 ? .allowed : .refused } ?? .stranger
                    #expect(verdict == wanted, "\(route.line) as \(asker.name)")
                }
            }
        }
        #expect(counts[.allowed, default: 0] > 1000 && counts[.refused, default: 0] > 1000 && counts[.stranger, default: 0] > 300, "\(counts)")
    }

    @Test func `every route of every plugin answers as its declaration says`() async throws {
        let host = try await PublicHost()
        let askers = try await host.askers()
        let roles = Dictionary(host.kernel.rights.roles.values.map { ($0.key, $0.grants) }) { first, _ in first }
        let routes = host.kernel.store.registry.routes
        #expect(!routes.isEmpty)
        for route in routes {
            let path = ["plugins", route.plugin] + route.body.path.split(separator: "/").map { $0.hasPrefix("{") ? "moon" : String($0) }
            let open = await host.kernel.front.respond(PublicHost.request(route.body.method.rawValue, path, as: nil)).status
            for asker in askers {
                let response = await host.kernel.front.respond(PublicHost.request(route.body.method.rawValue, path, as: asker.email))
                let place: String = "\(route.plugin): \(route.body.method.rawValue) \(route.body.path) as \(asker.name)"
                switch route.body.access {
                case .everyone: #expect(response.status == open && response.status != 500, "\(place): who asks makes a difference")
                case .anyUser: #expect(Verdict(response) == (asker.email == nil ? .stranger : .allowed), "\(place)")
                case .right(let entity, let right):
                    let grants = asker.role.flatMap { roles[$0.rawValue] } ?? RoleGrants()
                    let has: Bool = grants.isEverything || grants.entities[entity]?[right] != nil
                    #expect(Verdict(response) == (asker.email == nil ? .stranger : has ? .allowed : .refused), "\(place)")
                @unknown default: Issue.record("an access that this test does not know")
                }
            }
        }
    }

    // MARK: The table itself

    @Test func `what is described in the OpenAPI document is declared, and what is declared is described`() async throws {
        let host = try await PublicHost()
        let document = await host.visit("GET", "/openapi.json")
        #expect(throws: Never.self) { _ = try JSONValue(parsing: Array(document.text.utf8)) }
        let registry = host.kernel.store.registry
        var described: Set<String> = []
        for path in document.json["paths"]?.members ?? [] where path.name.hasPrefix("/api/v1/") {
            for operation in path.value.members ?? [] where operation.name != "parameters" {
                let method = operation.name.uppercased()
                let parts = path.name.split(separator: "/").map(String.init)
                guard case .rule(let rule) = RouteTable.api.find(method, parts) else {
                    Issue.record("\(method) \(path.name) is described and not declared")
                    continue
                }
                if let name = rule.part("entity", of: parts) { #expect(registry.entity(path: name) != nil, "\(path.name)") }
                described.insert("\(method) \(rule.pattern)")
            }
        }
        // Another word for PATCH; other names of one file.
        let aliases: Set<String> = ["GET /api/v1/imports/{id}/errors.csv", "GET /api/v1/imports/{id}/problems.csv"]
        for rule in RouteTable.api.rules {
            for method in rule.methods where method != "PUT" && !aliases.contains("\(method) \(rule.pattern)") {
                #expect(described.contains("\(method) \(rule.pattern)"), "declared and not described")
            }
        }
    }

    @Test func `no address is declared twice, and one that is not declared does not exist`() async throws {
        for table in [RouteTable.api, RouteTable.web] {
            var seen: Set<String> = []
            for rule in table.rules {
                for method in rule.methods { #expect(seen.insert("\(method) \(rule.pattern)").inserted, "\(method) \(rule.pattern)") }
                let path = FilledRoute.fill(rule, ["entity": "leads"])
                for method in rule.methods {
                    guard case .rule(let found) = table.find(method, path) else { Issue.record("\(method) \(rule.pattern) is not found"); continue }
                    #expect(found.pattern == rule.pattern, "\(method) \(rule.pattern) is hidden by \(found.pattern)")
                }
            }
        }
        let host = try await PublicHost()
        for path in ["leads/1/secrets", "leads/1/notes/2/3", "moons", "jobs/a/b/c", "me/too"] {
            #expect(try await host.ask("GET", path).status == 404, "\(path)")
        }
        for method in ["BREW", "OPTIONS", "TRACE", "CONNECT"] { #expect(try await host.ask(method, "leads").status == 405) }
    }
}
