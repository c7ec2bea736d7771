import PluginAPI
import Testing

@testable import Kernel

/// One of those who ask in tests of rights: a user of each default role, and nobody.
struct Asker: Sendable {
    /// Nil is nobody.
    let email: String?
    let role: DefaultRole?
    let name: String

    static let nobody = Asker(email: nil, role: nil, name: "nobody")
}

/// What came of a request, as far as rights are concerned.
enum Verdict: String, Sendable {
    case allowed, refused
    /// Asked to log in: 401, or on pages the way to the log-in.
    case stranger
    /// Neither: an internal error. Must not happen.
    case broken

    init(_ response: FrontResponse) {
        let location: String = response.headers.first { $0.name == "location" }?.value ?? ""
        switch response.status {
        case 401: self = .stranger
        case 303 where location.hasPrefix("/login"): self = .stranger
        case 403: self = .refused
        case 500: self = .broken
        default: self = .allowed
        }
    }
}

extension PublicHost {
    /// A user of each default role.
    func askers() async throws -> [Asker] {
        var askers: [Asker] = [.nobody]
        for role in DefaultRole.allCases {
            askers.append(Asker(email: try await user(role.title), role: role, name: role.rawValue))
        }
        return askers
    }

    static func request(_ method: String, _ path: [String], _ query: [FrontRequest.QueryItem] = [], as email: String?) -> FrontRequest {
        var request = FrontRequest(method: method, path: path, query: query)
        request.isLocal = email != nil
        if let email { request.headers["tenon-user"] = email }
        if method != "GET" { request.headers["content-type"] = path.first == "api" ? "application/json" : "application/x-www-form-urlencoded" }
        return request
    }

    /// What the code behind an address says by itself, when nobody stands before it: a status, or that of its refusal.
    func behind(_ request: FrontRequest) async throws -> Int {
        let caller = try #require(try await kernel.authenticator.caller(for: request))
        do {
            if request.path.first == "api" { return try await APIFront(kernel: kernel).dispatch(request, caller).status }
            let front = WebFront(kernel: kernel)
            return try await front.route(Visit(front: front, request: request, caller: caller, form: FormBody())).status
        } catch let error as CRMError { return Problems.status(error.code) }
    }

    /// The first record of an entity that somebody may see; one that is not there where a right reaches less far than seeing.
    func record(of entity: EntityModel, for email: String, need: RouteNeed) async throws -> String {
        let caller = try #require(try await kernel.authenticator.caller(for: Self.request("GET", [], as: email)))
        let seen = caller.actor.scope("view", on: entity.name)
        if case .rights(let rights) = need, !rights.allSatisfy({ caller.actor.scope($0, on: entity.name) == seen }) { return "999999" }
        if case .named = need {
            let reachesLess: Bool = entity.rights.contains { right in
                guard let scope = caller.actor.scope(right, on: entity.name) else { return false }
                return scope != seen
            }
            if reachesLess { return "999999" }
        }
        let found = try? await kernel.store.read(as: caller.actor) { try $0.all(entity.name, where: .everything, sort: [], limit: 1).first?.id }
        return found.map { String($0.raw) } ?? "999999"
    }
}

/// An address of the product with all its parts filled in.
struct FilledRoute: Sendable {
    let method: String
    let path: [String]
    let rule: RouteRule
    let entity: EntityModel?
    /// The right that stands in the address.
    var named = ""
    var line: String { "\(method) /\(path.joined(separator: "/"))" }

    /// What the parts of the kernel's own addresses are filled with: mostly what is not there.
    static let samples: [String: String] = [
        "id": "999999", "record": "999999", "key": "kernel.name", "name": "moon", "note": "999999", "field": "title", "step": "moon", "section": "kernel", "change": "edit",
        "action": "convert", "file": "moon.css",
    ]

    static func fill(_ rule: RouteRule, _ parts: [String: String]) -> [String] {
        rule.parts.map { part in
            switch part {
            case .fixed(let text): text
            case .named(let name): parts[name] ?? samples[name] ?? "moon"
            }
        }
    }
}
