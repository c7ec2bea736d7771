import PluginAPI

/// The addresses of plugins' own: `/plugins/<id>/…`, each with the right that its declaration names. At those that are open to
/// everyone nobody is logged in: no cookie and no token is looked at, so that no other site can act there for a visitor, and
/// keys in `authorization` are the plugin's own affair.
struct RouteFront: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: () async throws -> Caller?) async throws -> FrontResponse {
        guard request.path.count >= 2 else { throw APIFront.unknown(request) }
        let plugin = request.path[1]
        let rest = Array(request.path.dropFirst(2))
        for route in kernel.store.registry.routes where route.plugin == plugin && route.body.method.rawValue == request.method {
            guard let parameters = RouteFront.match(route.body.path, rest) else { continue }
            let actor = try await allowed(route.body.access, caller)
            let context = Context(StoreContext(store: kernel.store, actor: actor, plugin: plugin, outside: kernel.outside))
            let given = RouteFront.given(request, route.body, parameters)
            let answer = try await kernel.store.calls.runAsync(route.site) { try await route.body.body(given, context) }
            return try RouteAnswer(answer, plugin: plugin, name: kernel.store.settings.name, assets: kernel.assets).response
        }
        throw APIFront.unknown(request)
    }

    /// The request without what opens the product.
    private static func given(
        _ request: FrontRequest, _ route: Contributions.RouteEntry, _ parameters: [String: String]
    ) -> RouteRequest {
        var headers = request.headers
        headers["cookie"] = nil
        headers["x-csrf-token"] = nil
        if route.access != .everyone { headers["authorization"] = nil }
        return RouteRequest(
            method: route.method, parameters: parameters,
            query: Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), body: request.body,
            headers: headers, address: request.address, network: NetworkAddress(request.address)?.network ?? request.address)
    }

    private func allowed(_ access: RouteAccess, _ caller: () async throws -> Caller?) async throws -> Actor {
        if case .everyone = access { return Actor(userID: nil, via: "web", isElevated: false, rights: kernel.rights) }
        guard let caller = try await caller() else { throw CRMError(.unauthenticated, "nobody is logged in") }
        switch access {
        case .right(let entity, let right): try caller.actor.require(right, on: try kernel.store.registry.require(entity))
        case .anyUser, .everyone: break
        @unknown default: throw CRMError(.forbidden, "this plugin asks for a right that is not known here")
        }
        return caller.actor
    }

    /// The named parts of a path that fits a pattern (`reports/{id}`), or nil.
    static func match(_ pattern: String, _ path: [String]) -> [String: String]? {
        let parts = pattern.split(separator: "/")
        guard parts.count == path.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, given) in zip(parts, path) {
            if part.hasPrefix("{"), part.hasSuffix("}") {
                parameters[String(part.dropFirst().dropLast())] = given
            } else if part != given {
                return nil
            }
        }
        return parameters
    }
}
